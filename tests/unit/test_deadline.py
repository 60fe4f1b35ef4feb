"""Every path of the state machine ends before the gateway gives up."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cdk.deadline import (
    CHECK,
    CLOCKED_ERRORS,
    GATEWAY_MARGIN_SECONDS,
    Deadline,
    deadline_of,
    shortest_drawing_seconds,
    task_of,
    with_gateway_timeout,
    worst_path_seconds,
    worst_seconds,
)
from lambdas.common.catalog import CATALOG
from lambdas.validate.drawing_time import drawing_seconds
from lambdas.validate.orders import COUNT_LIMIT

FILE = Path(__file__).parents[2] / "statemachine" / "text_to_image.asl.json"
DEFINITION: dict[str, Any] = json.loads(FILE.read_text())
DEADLINE = deadline_of(DEFINITION)

GATEWAYS = [29, 30, 60, 120, 300]


# The slowest model that can be called: its usual call has to fit, however long Validate took.
SLOWEST = max(model.usual_seconds for model in CATALOG.values() if not model.retired)


def fits(definition: dict[str, Any], gateway: int, deadline: Deadline = DEADLINE) -> bool:
    """Whether the worst path ends within the workflow's time, and that within the gateway's, with
    time enough for drawing."""
    worst = worst_path_seconds(definition, deadline)
    limit: int = definition["TimeoutSeconds"]
    return (
        worst <= limit <= gateway - GATEWAY_MARGIN_SECONDS
        and shortest_drawing_seconds(definition, deadline) >= SLOWEST
    )


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_the_worst_path_ends_before_the_gateway_does(gateway: int) -> None:
    definition = with_gateway_timeout(DEFINITION, gateway)

    assert fits(definition, gateway, deadline_of(definition))


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_generate_stops_in_time_for_store(gateway: int) -> None:
    definition = with_gateway_timeout(DEFINITION, gateway)
    deadline = deadline_of(definition)

    assert deadline.draw_until_seconds + deadline.retry_wait_seconds > 0
    assert deadline.draw_until_seconds < deadline.answer_until_seconds
    assert deadline.answer_until_seconds < definition["TimeoutSeconds"]


def test_time_that_validate_does_not_need_is_for_drawing() -> None:
    lent = [
        drawing_seconds(elapsed=elapsed, draw_until_seconds=DEADLINE.draw_until_seconds)
        for elapsed in (0.2, 1.7, 5)
    ]

    assert lent == [14, 13, 10]


def test_without_the_guardrail_its_time_is_for_drawing() -> None:
    definition = deepcopy(DEFINITION)
    check = worst_seconds(definition["States"].pop(CHECK))

    assert check > 0
    assert deadline_of(definition).draw_until_seconds == DEADLINE.draw_until_seconds + check
    assert fits(definition, 29, deadline_of(definition))


def test_a_longer_wait_of_the_gateway_goes_to_the_model() -> None:
    definition = with_gateway_timeout(DEFINITION, 60)

    assert deadline_of(definition).draw_until_seconds == DEADLINE.draw_until_seconds + 31
    assert task_of(definition, "Store") == task_of(DEFINITION, "Store")


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
    for path, state in _tasks(DEFINITION, []):
        if "TimeoutSeconds" in state:
            paths.append([*path, "TimeoutSeconds"])
        for index, retrier in enumerate(state["Retry"]):
            paths.append([*path, "Retry", index, "MaxAttempts"])
            if not set(retrier["ErrorEquals"]) & CLOCKED_ERRORS:
                paths.append([*path, "Retry", index, "IntervalSeconds"])
            else:
                paths.append([*path, "Retry", index, "MaxDelaySeconds"])
    return {"/".join(map(str, path)): raising(path) for path in paths}


def _tasks(machine: dict[str, Any], at: list[Any]) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Every task of the drawing path, with the way to it."""
    for name, state in machine["States"].items():
        path = [*at, "States", name]
        if state["Type"] == "Task" and name != "Library":
            yield path, state
        if "ItemProcessor" in state:
            yield from _tasks(state["ItemProcessor"], [*path, "ItemProcessor"])


NUMBERS = _numbers()

# More attempts under Generate's clock begin no later than fewer do.
_CLOCKED = "States/DrawEach/ItemProcessor/States/Generate/Retry/1"
HARMLESS = {f"{_CLOCKED}/MaxAttempts", f"{_CLOCKED}/MaxDelaySeconds"}


@pytest.mark.parametrize("number", sorted(set(NUMBERS) - HARMLESS))
def test_any_number_raised_by_one_is_found_out(number: str) -> None:
    definition = deepcopy(DEFINITION)
    NUMBERS[number](definition)

    assert not fits(definition, 29)


@pytest.mark.parametrize(
    ("seconds", "change"),
    [("draw_until_seconds", 1), ("answer_until_seconds", 1), ("retry_wait_seconds", -1)],
)
def test_any_number_that_the_functions_are_told_is_found_out(seconds: str, change: int) -> None:
    told = replace(DEADLINE, **{seconds: getattr(DEADLINE, seconds) + change})

    assert not fits(DEFINITION, 29, told)


def test_a_longer_wait_under_generates_clock_is_found_out() -> None:
    definition = deepcopy(DEFINITION)
    task_of(definition, "Generate")["Retry"][1] |= {"IntervalSeconds": 2, "MaxDelaySeconds": 3}

    assert not fits(definition, 29)


def test_a_look_at_earlier_pictures_ends_in_time_too() -> None:
    assert worst_seconds(task_of(DEFINITION, "Library")) <= DEFINITION["TimeoutSeconds"]


def test_all_pictures_of_a_request_are_drawn_side_by_side() -> None:
    assert DEFINITION["States"]["DrawEach"]["MaxConcurrency"] >= COUNT_LIMIT
