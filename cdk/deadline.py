"""The caller's deadline: what the gateway waits, divided among the states of the workflow.

The numbers of the ASL file are for a gateway that waits 29 seconds. Generate has no number of
its own: it gets what Validate left it of a time that is derived here from the same file.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from lambdas.validate.drawing_time import drawing_seconds

DEFAULT_GATEWAY_TIMEOUT_SECONDS = 29

# Between the workflow's last moment and the gateway's: starting it and mapping its answer.
GATEWAY_MARGIN_SECONDS = 1

# The state that asks the guardrail.
CHECK = "CheckPrompt"

# Refused at once: what was asked for never started.
INSTANT_ERRORS = frozenset(
    {"Lambda.TooManyRequestsException", "BedrockRuntime.ThrottlingException"}
)

# Generate hands these to the state machine's retry only while CallerClock allows it.
CLOCKED_ERRORS = frozenset({"ThrottledError", "ModelUnavailableError"})


class DefinitionError(ValueError):
    """A state machine that cannot be Easel's; the message says why."""


@dataclass(frozen=True)
class Deadline:
    """What the functions are told of their caller's time.

    Counted from the start of an execution, Generate ends by `draw_until_seconds` where nothing is
    checked and nothing waits before it, and by `answer_until_seconds` at the latest. Its next
    attempt begins at most `retry_wait_seconds` after a failure.
    """

    draw_until_seconds: int
    answer_until_seconds: int
    retry_wait_seconds: int


def with_gateway_timeout(
    definition: Mapping[str, Any], gateway_timeout_seconds: int
) -> dict[str, Any]:
    """The definition for a gateway that waits this long."""
    longer = deepcopy(dict(definition))
    longer["TimeoutSeconds"] += gateway_timeout_seconds - DEFAULT_GATEWAY_TIMEOUT_SECONDS
    return longer


def states_of(definition: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every state, those inside of a Map included."""
    for state in definition["States"].values():
        yield state
        if "ItemProcessor" in state:
            yield from states_of(state["ItemProcessor"])


def task_of(definition: Mapping[str, Any], function: str) -> dict[str, Any]:
    """The task that invokes a function, whatever its state is called. DefinitionError."""
    for state in states_of(definition):
        if state.get("Parameters", {}).get("FunctionName") == f"${{{function}FunctionArn}}":
            task: dict[str, Any] = state
            return task
    raise DefinitionError(f"no state invokes ${{{function}FunctionArn}}")


def deadline_of(definition: Mapping[str, Any]) -> Deadline:
    """What the functions may do when, so that every path of the definition ends in time."""
    generate = task_of(definition, "Generate")
    answer_until = definition["TimeoutSeconds"] - worst_seconds(task_of(definition, "Store"))
    instant = _instant_seconds(generate)
    return Deadline(
        draw_until_seconds=answer_until - _check_seconds(definition) - instant,
        answer_until_seconds=answer_until,
        retry_wait_seconds=instant + _longest_clocked_wait(generate),
    )


def worst_seconds(state: Mapping[str, Any]) -> int:
    """The longest that a task can take: every attempt to its limit, every wait at its longest."""
    seconds: int = state["TimeoutSeconds"]
    for retrier in state["Retry"]:
        errors = set(retrier["ErrorEquals"])
        attempt = 0 if errors <= INSTANT_ERRORS else state["TimeoutSeconds"]
        seconds += retrier["MaxAttempts"] * attempt + _waits(retrier)
    return seconds


def worst_path_seconds(definition: Mapping[str, Any], deadline: Deadline) -> int:
    """The longest that an execution can take.

    Either Generate is never retried and takes the whole time that Validate lent it, whenever
    Validate ended; or it is retried for the last time at the last moment that its clock allows.
    """
    generate = task_of(definition, "Generate")
    before = _check_seconds(definition) + _instant_seconds(generate)
    unretried = max(
        validated + before + _lent(deadline, validated)
        for validated in range(worst_seconds(task_of(definition, "Validate")) + 1)
    )
    wait = _instant_seconds(generate) + _longest_clocked_wait(generate)
    retried = deadline.answer_until_seconds - deadline.retry_wait_seconds + wait
    return max(unretried, retried) + worst_seconds(task_of(definition, "Store"))


def shortest_drawing_seconds(definition: Mapping[str, Any], deadline: Deadline) -> int:
    """What is left for drawing after the longest Validate."""
    return _lent(deadline, worst_seconds(task_of(definition, "Validate")))


def _lent(deadline: Deadline, validated: int) -> int:
    return drawing_seconds(elapsed=validated, draw_until_seconds=deadline.draw_until_seconds)


def _check_seconds(definition: Mapping[str, Any]) -> int:
    """CheckPrompt's longest; it is not there where the guardrail is off."""
    check = definition["States"].get(CHECK)
    return worst_seconds(check) if check else 0


def _longest_clocked_wait(generate: Mapping[str, Any]) -> int:
    return max(_longest_wait(retrier) for retrier in _retriers(generate, CLOCKED_ERRORS))


def _instant_seconds(state: Mapping[str, Any]) -> int:
    return sum(_waits(retrier) for retrier in _retriers(state, INSTANT_ERRORS))


def _retriers(state: Mapping[str, Any], errors: frozenset[str]) -> Iterable[Mapping[str, Any]]:
    return [retrier for retrier in state["Retry"] if set(retrier["ErrorEquals"]) <= errors]


def _waits(retrier: Mapping[str, Any]) -> int:
    """All waits of a retrier at their longest, rounded up to whole seconds."""
    return sum(_wait(retrier, attempt) for attempt in range(retrier["MaxAttempts"]))


def _longest_wait(retrier: Mapping[str, Any]) -> int:
    return _wait(retrier, retrier["MaxAttempts"] - 1)


def _wait(retrier: Mapping[str, Any], attempt: int) -> int:
    interval = float(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** attempt)
    return math.ceil(min(interval, float(retrier["MaxDelaySeconds"])))
