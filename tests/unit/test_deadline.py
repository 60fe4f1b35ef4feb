"""Every path of the state machine ends before the gateway gives up."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from cdk.deadline import (
    CLOCKED_ERRORS,
    GATEWAY_MARGIN_SECONDS,
    Deadline,
    deadline_of,
    with_gateway_timeout,
    worst_path_seconds,
)
from lambdas.common.catalog import CATALOG

FILE = Path(__file__).parents[2] / "statemachine" / "text_to_image.asl.json"
DEFINITION: dict[str, Any] = json.loads(FILE.read_text())
DEADLINE = deadline_of(DEFINITION)

GATEWAYS = [20, 29, 30, 60, 120, 300]


def fits(definition: dict[str, Any], gateway: int, deadline: Deadline = DEADLINE) -> bool:
    """Whether the worst path ends within the workflow's time, and that within the gateway's."""
    worst = worst_path_seconds(definition, deadline)
    limit: int = definition["TimeoutSeconds"]
    return worst <= limit <= gateway - GATEWAY_MARGIN_SECONDS


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_the_worst_path_ends_before_the_gateway_does(gateway: int) -> None:
    definition = with_gateway_timeout(DEFINITION, gateway)

    assert fits(definition, gateway, deadline_of(definition))


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_generate_stops_in_time_for_store(gateway: int) -> None:
    definition = with_gateway_timeout(DEFINITION, gateway)
    deadline = deadline_of(definition)

    assert 0 < deadline.retry_until_seconds < deadline.answer_until_seconds
    assert deadline.answer_until_seconds < definition["TimeoutSeconds"]


@pytest.mark.parametrize("model", [model for model in CATALOG.values() if not model.retired])
def test_a_usual_call_fits_into_generates_time(model: Any) -> None:
    assert model.usual_seconds < DEADLINE.generate_seconds


def test_a_longer_wait_of_the_gateway_goes_to_the_model() -> None:
    definition = with_gateway_timeout(DEFINITION, 60)

    assert deadline_of(definition).generate_seconds == DEADLINE.generate_seconds + 31
    assert definition["States"]["Store"] == DEFINITION["States"]["Store"]


def _numbers() -> dict[str, Callable[[dict[str, Any]], None]]:
    """Every number of the file, with a change that raises it by one."""

    def raising(path: list[Any]) -> Callable[[dict[str, Any]], None]:
        def change(definition: dict[str, Any]) -> None:
            place = definition
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] += 1

        return change

    paths: list[list[Any]] = [["TimeoutSeconds"]]
    for name in ("Validate", "Generate", "Store"):
        paths.append(["States", name, "TimeoutSeconds"])
        for index, retrier in enumerate(DEFINITION["States"][name]["Retry"]):
            paths.append(["States", name, "Retry", index, "MaxAttempts"])
            if not set(retrier["ErrorEquals"]) & CLOCKED_ERRORS:
                paths.append(["States", name, "Retry", index, "IntervalSeconds"])
            else:
                paths.append(["States", name, "Retry", index, "MaxDelaySeconds"])
    return {"/".join(map(str, path)): raising(path) for path in paths}


NUMBERS = _numbers()

# More attempts under Generate's clock begin no later than fewer do.
HARMLESS = {"States/Generate/Retry/1/MaxAttempts", "States/Generate/Retry/1/MaxDelaySeconds"}


@pytest.mark.parametrize("number", sorted(set(NUMBERS) - HARMLESS))
def test_any_number_raised_by_one_is_found_out(number: str) -> None:
    definition = deepcopy(DEFINITION)
    NUMBERS[number](definition)

    assert not fits(definition, 29)


@pytest.mark.parametrize("seconds", ["retry_until_seconds"])
def test_a_later_last_retry_is_found_out(seconds: str) -> None:
    later = Deadline(**{**vars(DEADLINE), seconds: getattr(DEADLINE, seconds) + 1})

    assert not fits(DEFINITION, 29, later)


def test_a_longer_wait_under_generates_clock_is_found_out() -> None:
    definition = deepcopy(DEFINITION)
    definition["States"]["Generate"]["Retry"][1] |= {"IntervalSeconds": 2, "MaxDelaySeconds": 3}

    assert not fits(definition, 29)
