"""The caller's deadline: what the gateway waits, divided among the states of the workflow.

The numbers of the ASL file are for a gateway that waits 29 seconds; a longer wait is lent to
Generate. What Generate has to know of its caller's time is derived from the same file.
"""

import math
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

DEFAULT_GATEWAY_TIMEOUT_SECONDS = 29

# Between the workflow's last moment and the gateway's: starting it and mapping its answer.
GATEWAY_MARGIN_SECONDS = 1

# Lambda refuses at once to invoke a function that is throttled: it never started.
INSTANT_ERRORS = frozenset({"Lambda.TooManyRequestsException"})

# Generate hands these to the state machine's retry only while CallerClock allows it.
CLOCKED_ERRORS = frozenset({"ThrottledError", "ModelUnavailableError"})


class DefinitionError(ValueError):
    """A state machine that cannot be Easel's; the message says why."""


@dataclass(frozen=True)
class Deadline:
    """Seconds from the start of an execution, but for `generate_seconds`, one attempt's limit."""

    workflow_seconds: int
    generate_seconds: int
    answer_until_seconds: int
    retry_until_seconds: int


def with_gateway_timeout(
    definition: Mapping[str, Any], gateway_timeout_seconds: int
) -> dict[str, Any]:
    """The definition for a gateway that waits this long."""
    surplus = gateway_timeout_seconds - DEFAULT_GATEWAY_TIMEOUT_SECONDS
    longer = deepcopy(dict(definition))
    longer["TimeoutSeconds"] += surplus
    task_of(longer, "Generate")["TimeoutSeconds"] += surplus
    return longer


def task_of(definition: Mapping[str, Any], function: str) -> dict[str, Any]:
    """The task that invokes a function, whatever its state is called. DefinitionError."""
    for state in definition["States"].values():
        if state.get("Parameters", {}).get("FunctionName") == f"${{{function}FunctionArn}}":
            task: dict[str, Any] = state
            return task
    raise DefinitionError(f"no state invokes ${{{function}FunctionArn}}")


def deadline_of(definition: Mapping[str, Any]) -> Deadline:
    """What Generate may do when, so that every path of the definition ends in time."""
    generate = task_of(definition, "Generate")
    store = worst_seconds(task_of(definition, "Store"))
    answer_until = definition["TimeoutSeconds"] - store
    return Deadline(
        workflow_seconds=definition["TimeoutSeconds"],
        generate_seconds=generate["TimeoutSeconds"],
        answer_until_seconds=answer_until,
        retry_until_seconds=answer_until - _last_retry_seconds(generate),
    )


def worst_seconds(state: Mapping[str, Any]) -> int:
    """The longest that a task can take: every attempt to its limit, every wait at its longest.

    Attempts that Generate's clock decides on are not in it; see `worst_path_seconds`.
    """
    seconds: int = state["TimeoutSeconds"]
    for retrier in state["Retry"]:
        errors = set(retrier["ErrorEquals"])
        if errors & CLOCKED_ERRORS:
            continue
        attempt = 0 if errors <= INSTANT_ERRORS else state["TimeoutSeconds"]
        seconds += retrier["MaxAttempts"] * attempt + _waits(retrier)
    return seconds


def worst_path_seconds(definition: Mapping[str, Any], deadline: Deadline) -> int:
    """The longest that an execution can take.

    Either Generate is retried for the last time at the last moment that its clock allows, or it
    is never retried and takes its whole time after the longest Validate.
    """
    generate = task_of(definition, "Generate")
    unretried = worst_seconds(task_of(definition, "Validate")) + worst_seconds(generate)
    retried = deadline.retry_until_seconds + _last_retry_seconds(generate)
    return max(unretried, retried) + worst_seconds(task_of(definition, "Store"))


def _last_retry_seconds(generate: Mapping[str, Any]) -> int:
    """From the failure that Generate's clock lets be retried to the end of the last attempt."""
    wait = max(_longest_wait(retrier) for retrier in _retriers(generate, CLOCKED_ERRORS))
    attempt: int = generate["TimeoutSeconds"]
    return wait + _instant_seconds(generate) + attempt


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
