"""The lines that functions write, and the metrics in them."""

import json
import traceback
from collections.abc import Mapping
from typing import Any

import pytest

from lambdas.common.catalog import CATALOG
from lambdas.common.environment import Environment
from lambdas.common.errors import (
    EaselError,
    GuardrailRefusedError,
    InternalError,
    InvalidRequestError,
    ModelAccessDeniedError,
    ModelFailedError,
    ModelTimeoutError,
    ModelUnavailableError,
    PictureBlockedError,
    QuotaExceededError,
    StorageAccessDeniedError,
    ThrottledError,
)
from lambdas.common.recipe import Recipe
from lambdas.common.telemetry import (
    BROKEN,
    ERRORS,
    ESTIMATED_COST,
    FILTERED,
    MODEL_LATENCY,
    PICTURES,
    RETRIES,
    REUSED,
    THROTTLED,
    Log,
    Metric,
    invocation,
)
from lambdas.generate.bedrock import FoundationModels
from local.log_lines import readable
from tests.environments import SILENT, TALKATIVE
from tests.metrics import METRICS, Recorded, recorded

CORE = "stability.stable-image-core-v1:1"
RECIPE = Recipe(CORE, "a secret cat", "a secret dog", 5)
ARN = "arn:aws:states:eu-west-1:123456789012:express:easel:1:2"


class Lines:
    """What was written."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: str) -> None:
        self.texts.append(text)

    @property
    def last(self) -> dict[str, Any]:
        return dict(json.loads(self.texts[-1]))

    def metrics(self) -> list[Recorded]:
        return list(recorded(self.texts))


def ended_by(error: Exception, lines: Lines, environment: Environment = SILENT) -> Exception:
    """What comes out of an invocation that an error ends."""
    try:
        with invocation("generate", ARN, environment=environment, write=lines) as log:
            log.note_recipe(RECIPE, picture_id=RECIPE.id)
            raise error
    except Exception as passed:
        return passed


def test_a_line_names_execution_picture_model_time_and_outcome() -> None:
    lines = Lines()

    with invocation("validate", ARN, environment=SILENT, write=lines) as log:
        log.note_recipe(RECIPE, picture_id=RECIPE.id)
        log.event = "request accepted"

    assert lines.last.pop("duration_ms") >= 0
    assert {key: value for key, value in lines.last.items() if key != "duration_ms"} == {
        "level": "INFO",
        "event": "request accepted",
        "stack": "easel-test",
        "function": "validate",
        "execution_arn": ARN,
        "picture_id": RECIPE.id,
        "model": CORE,
        "outcome": "succeeded",
    }


@pytest.mark.parametrize(
    ("error", "level", "outcome"),
    [
        (InvalidRequestError("words", param="seed"), "WARNING", "refused"),
        (ThrottledError(detail="ThrottlingException"), "ERROR", "failed"),
        (KeyError("key"), "ERROR", "failed"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_failure_is_one_line_with_its_class(error: Exception, level: str, outcome: str) -> None:
    lines = Lines()

    ended_by(error, lines)

    (line,) = map(json.loads, lines.texts)
    assert (line["level"], line["outcome"]) == (level, outcome)
    assert line["error"] == type(error).__name__


def test_prompts_are_in_the_log_only_where_the_setting_lets_them() -> None:
    silent, talkative = Lines(), Lines()

    ended_by(InvalidRequestError("got a secret word"), silent)
    ended_by(InvalidRequestError("got a secret word"), talkative, TALKATIVE)

    assert "secret" not in "".join(silent.texts)
    assert talkative.last["recipe"]["prompt"] == "a secret cat"
    assert talkative.last["message"] == "got a secret word"


def test_an_unexpected_error_keeps_its_class_and_place_and_loses_its_words() -> None:
    passed = ended_by(ValueError("a secret cat"), Lines())

    assert isinstance(passed, InternalError)
    assert passed.detail == "ValueError"
    text = "".join(traceback.format_exception(passed, chain=False))
    assert "raise error" in text
    assert "secret" not in str(passed)
    assert passed.__suppress_context__


def test_an_unexpected_error_passes_as_it_is_where_the_log_may_have_everything() -> None:
    error = ValueError("a secret cat")

    assert ended_by(error, Lines(), TALKATIVE) is error


class ScriptedModels(FoundationModels):
    """Calls nothing, and fails as it is told."""

    error: EaselError | None = None

    def _invoke(self, model: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if self.error is not None:
            raise self.error
        return {"images": []}


def call(error: EaselError | None, lines: Lines) -> None:
    log = Log(SILENT, write=lines, function="generate", model=CORE)
    models = type("Scripted", (ScriptedModels,), {"error": error})
    models(object(), False, log).invoke(CORE, {"prompt": "a secret cat"})


def test_a_call_of_a_model_is_counted_at_its_list_price() -> None:
    lines = Lines()

    call(None, lines)

    prices = {
        tuple(each.dimensions.items()): each.value
        for each in lines.metrics()
        if each.name == ESTIMATED_COST.name
    }
    assert prices == {
        (("stack", "easel-test"),): CATALOG[CORE].list_price_usd,
        (("stack", "easel-test"), ("model", CORE)): CATALOG[CORE].list_price_usd,
    }
    assert "secret" not in "".join(lines.texts)


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (ModelFailedError(), True),
        (ModelTimeoutError(), True),
        (ThrottledError(), False),
        (ModelUnavailableError(), False),
        (ModelAccessDeniedError(), False),
        (InvalidRequestError("no"), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, EaselError) else "",
)
def test_a_failed_call_is_counted_where_it_may_have_been_charged(
    error: EaselError, counted: bool
) -> None:
    lines = Lines()

    with pytest.raises(type(error)):
        call(error, lines)

    names = {each.name for each in lines.metrics()}
    assert (ESTIMATED_COST.name in names) == counted


@pytest.mark.parametrize(
    ("error", "metric"),
    [
        (KeyError("key"), BROKEN),
        (MemoryError(), BROKEN),
        (InternalError(), BROKEN),
        (ModelAccessDeniedError(), BROKEN),
        (GuardrailRefusedError(), BROKEN),
        (StorageAccessDeniedError(), BROKEN),
        (ThrottledError(), THROTTLED),
        (QuotaExceededError(), THROTTLED),
        (ModelTimeoutError(), None),
        (InvalidRequestError("no"), None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
@pytest.mark.parametrize("environment", [SILENT, TALKATIVE], ids=["silent", "talkative"])
def test_an_error_is_counted_where_an_alarm_sees_it_whatever_its_class(
    error: Exception, metric: Metric | None, environment: Environment
) -> None:
    lines = Lines()

    ended_by(error, lines, environment)

    watched = [each for each in lines.metrics() if each.name in (BROKEN.name, THROTTLED.name)]
    assert [each.name for each in watched] == ([] if metric is None else [metric.name])
    assert all(each.dimensions == {"stack": "easel-test"} for each in watched)
    assert lines.last["error"] == type(error).__name__


def everything_that_is_recorded() -> list[Recorded]:
    """One invocation of each kind, through the code that functions run."""
    lines = Lines()
    call(None, lines)
    for metric in (PICTURES, REUSED, RETRIES):
        with invocation("generate", ARN, environment=SILENT, write=lines) as log:
            log.note_recipe(RECIPE, picture_id=RECIPE.id)
            log.count(metric)
    for error in (PictureBlockedError("no"), KeyError("key"), ThrottledError()):
        ended_by(error, lines)
    return lines.metrics()


def test_each_metric_of_the_table_is_recorded_under_each_of_its_dimension_sets() -> None:
    declared = {
        ("Easel", metric.name, frozenset(each))
        for metric in METRICS
        for each in metric.dimension_sets
    }

    assert {each.reference for each in everything_that_is_recorded()} == declared


def test_a_filtered_picture_counts_as_filtered_and_as_an_error() -> None:
    lines = Lines()

    ended_by(PictureBlockedError("no"), lines)

    assert {each.name for each in lines.metrics()} == {FILTERED.name, ERRORS.name}


def test_without_a_model_a_metric_is_recorded_for_the_stack_alone() -> None:
    lines = Lines()
    log = Log(SILENT, write=lines, function="generate")

    log.write("model called", metrics={MODEL_LATENCY: 1.0})

    assert [dict(each.dimensions) for each in lines.metrics()] == [{"stack": "easel-test"}]


class TestInATerminal:
    def test_an_event_is_one_short_line_without_its_metrics(self) -> None:
        lines = Lines()

        call(None, lines)

        took = json.loads(lines.texts[0])["duration_ms"]
        assert readable(lines.texts[0]) == f"model called {took:.0f} ms {CORE}"

    def test_a_failure_is_left_to_the_line_that_the_runtime_writes(self) -> None:
        lines = Lines()
        error = InvalidRequestError("Change it.")

        ended_by(error, lines)

        assert readable(lines.texts[0]) == ""
        shown = readable(f"[ERROR] InvalidRequestError: {error}\nTraceback")
        assert shown == "InvalidRequestError: Change it."

    @pytest.mark.parametrize("event", ["Task timed out", "[1, 2]", '{"other": 1}', "7"])
    def test_what_is_no_event_is_shown_as_it_is(self, event: str) -> None:
        assert readable(event) == event
