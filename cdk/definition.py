"""Fills in the state machine's definition, the ASL file, and computes how long its tasks can take.

`<<name>>` is a placeholder for what other files define: the time for drawing, the texts for a
guardrail's policies, the longest request, the answer expression, and in it the answers of
`lambdas.common.errors`.

The times in the ASL file are for the settings' defaults. Drawing has no fixed time: it gets all the
time that the store step does not need even at its slowest.
"""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cdk.settings import Settings, SettingsError
from lambdas.common import errors
from lambdas.common.catalog import CATALOG

DEFINITION = Path(__file__).parent.parent / "statemachine" / "text_to_image.asl.json"
ANSWER = DEFINITION.with_name("answer.jsonata")

# What Generate needs to start and to look for the picture, before it calls a model.
START_SECONDS = 1

# The state that checks the prompt with the guardrail.
CHECK = "CheckPrompt"

# The longest input of an execution, in characters of its JSON as encodeURIComponent writes it. They
# are at least as many as its bytes in UTF-8, even if quotes and backslashes are escaped again. A
# state holds 262,144 bytes: the rest is for what Validate is handed beside the input.
REQUEST_LIMIT = 261_000

# Errors that come back at once, because the call was refused before it started.
INSTANT_ERRORS = frozenset({"BedrockRuntime.ThrottlingException"})

# How an answer tells a caller which seed or key gets the picture later.
_RECOVERY: Mapping[str, str] = {
    "seed": "Its seed is ",
    "idempotency_key": "Its Idempotency-Key is ",
}


class DefinitionError(ValueError):
    """A definition that cannot be used. The message says why."""

    def __str__(self) -> str:
        return f"statemachine/{DEFINITION.name}: {super().__str__()}"


def definition_for(settings: Settings) -> dict[str, Any]:
    """Returns the ASL file filled in for one environment. Raises DefinitionError, or SettingsError
    if too little time is left for drawing."""
    try:
        definition = json.loads(DEFINITION.read_text())
    except ValueError as error:
        raise DefinitionError(str(error)) from error
    _check_names(definition)
    definition["TimeoutSeconds"] += (
        settings.gateway_timeout_seconds - Settings.gateway_timeout_seconds
    )
    for operation in ("publish", "show"):
        task = task_of(definition, "Store", operation)
        task["TimeoutSeconds"] += settings.picture_check_seconds - Settings.picture_check_seconds
    if settings.guardrail == "off":
        _leave_out_guardrail(definition)
    _check_time(definition, settings)
    if not settings.allow_deletion:
        _leave_out_deletion(definition)
    answer = ANSWER.read_text().strip()
    places = {
        "draw_seconds": str(draw_seconds(definition)),
        "policies": json.dumps(errors.ASSESSMENT_POLICIES),
        "request_limit": str(REQUEST_LIMIT),
        "answer.jsonata": answer.replace("<<answers>>", json.dumps(workflow_answers())),
    }
    return dict(_filled(definition, places))


def workflow_answers() -> dict[str, Any]:
    """Returns the answers to failures of a task that are not errors of Easel's own.

    By phase of the workflow, the state machine's name of an error leads to a class, and `answers`
    has that one's answer. `{policy}` in a message stands for the failure's cause.
    """
    busy = "The service is doing as much as it may at once. Try again in a few seconds."
    blocked = (
        "The guardrail blocked the prompt by {policy}. "
        "Change prompt or negative_prompt and try again."
    )
    too_large = (
        "The request is too large for the workflow. A body of 80,000 bytes always fits, a longer "
        "one if it is mostly plain letters."
    )
    answers: tuple[errors.EaselError, ...] = (
        errors.NoTimeLeftError(),
        errors.DeadlineError(),
        errors.ThrottledError(busy),
        errors.GuardrailUnavailableError(),
        errors.GuardrailRefusedError(),
        errors.PromptBlockedError(blocked, param="prompt"),
        errors.RequestTooLargeError(too_large, param="body"),
        errors.InternalError(),
    )
    timeouts, throttled = ("States.Timeout", "Sandbox.Timedout"), "Lambda.TooManyRequestsException"
    phases: dict[str, dict[str, type[errors.EaselError]]] = {
        "preparing": {
            **dict.fromkeys(timeouts, errors.NoTimeLeftError),
            throttled: errors.ThrottledError,
            "RequestTooLargeError": errors.RequestTooLargeError,
        },
        "checking": {
            **{f"BedrockRuntime.{code}": error for code, error in errors.GUARDRAIL_ERRORS.items()},
            "BedrockRuntime.SdkClientException": errors.GuardrailUnavailableError,
            "States.Timeout": errors.GuardrailUnavailableError,
            "GuardrailRefusedError": errors.GuardrailRefusedError,
            "PromptBlockedError": errors.PromptBlockedError,
        },
        "drawing": {
            **dict.fromkeys(timeouts, errors.DeadlineError),
            throttled: errors.ThrottledError,
        },
    }
    return {
        **{
            phase: {name: error.__name__ for name, error in classes.items()}
            for phase, classes in phases.items()
        },
        "answers": {type(each).__name__: each.answer() for each in answers},
        "recovery": _RECOVERY,
    }


def _filled(value: Any, places: Mapping[str, str]) -> Any:
    """Returns a part of the definition with each `<<name>>` replaced."""
    if isinstance(value, dict):
        return {key: _filled(item, places) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, places) for item in value]
    if isinstance(value, str):
        for name, text in places.items():
            value = value.replace(f"<<{name}>>", text)
    return value


def _check_names(machine: Mapping[str, Any]) -> None:
    """Raises DefinitionError if a state is named that does not exist, also inside a Map."""
    states = machine["States"]
    named = {machine["StartAt"]}
    for state in states.values():
        branches = [state, *state.get("Catch", []), *state.get("Choices", [])]
        named |= {
            each[field] for each in branches for field in ("Next", "Default") if field in each
        }
        if "ItemProcessor" in state:
            _check_names(state["ItemProcessor"])
    if named - states.keys():
        raise DefinitionError(f"there is no state {', '.join(sorted(named - states.keys()))}")


def _leave_out_guardrail(definition: dict[str, Any]) -> None:
    """Removes the prompt's check and the choice after it. Raises DefinitionError."""
    states = definition["States"]
    if CHECK not in states:
        raise DefinitionError(f"there is no state {CHECK}")
    choice = states.pop(states.pop(CHECK)["Next"])
    for _, state in states_of(definition):
        for each in (state, *state.get("Choices", [])):
            if each.get("Next") == CHECK:
                each["Next"] = choice["Choices"][0]["Next"]


def _leave_out_deletion(definition: dict[str, Any]) -> None:
    """Removes the task that deletes, and the choice that leads to it. DefinitionError if none."""
    task = task_of(definition, "Delete")
    states = definition["States"] = {
        name: state for name, state in definition["States"].items() if state is not task
    }
    for state in states.values():
        if "Choices" in state:
            state["Choices"] = [each for each in state["Choices"] if each["Next"] in states]


def states_of(definition: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields every state with its name, also those inside a Map."""
    for name, state in definition["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states_of(state["ItemProcessor"])


def task_of(
    definition: Mapping[str, Any], function: str, operation: str | None = None
) -> dict[str, Any]:
    """Returns the task that invokes a function, for an operation if it has several, whatever the
    task's name. DefinitionError if none does."""
    for _, state in states_of(definition):
        call = state.get("Arguments", {})
        invokes = call.get("FunctionName") == f"${{{function}FunctionArn}}"
        if invokes and operation in (None, call["Payload"].get("operation")):
            return state
    raise DefinitionError(f"no state invokes ${{{function}FunctionArn}}")


def _check_time(definition: Mapping[str, Any], settings: Settings) -> None:
    """Raises SettingsError if the slowest model's usual call would not fit, however long the states
    before it took."""
    slowest = max(CATALOG[model].usual_seconds for model in settings.models)
    spare = draw_seconds(definition) - first_attempt_at(definition) - START_SECONDS - slowest
    if spare < 0:
        raise SettingsError(
            f"picture_check_seconds must be {settings.picture_check_seconds + spare} at most with "
            f"gateway_timeout_seconds {settings.gateway_timeout_seconds}, as drawing usually takes "
            f"up to {slowest} seconds; got {settings.picture_check_seconds}"
        )


def first_attempt_at(definition: Mapping[str, Any]) -> int:
    """Returns the latest second at which Generate is entered for the first time."""
    check = definition["States"].get(CHECK)
    before = worst_seconds(check) if check else 0
    return before + worst_seconds(task_of(definition, "Validate"))


def draw_seconds(definition: Mapping[str, Any]) -> int:
    """Returns the seconds, from an execution's start, by which every attempt at drawing ends."""
    limit: int = definition["TimeoutSeconds"]
    return limit - worst_seconds(task_of(definition, "Store", "publish"))


def worst_seconds(task: Mapping[str, Any]) -> int:
    """Returns the longest time, in seconds, that a task can take with all its retries and waits."""
    seconds: int = task["TimeoutSeconds"]
    for retrier in task.get("Retry", []):
        attempt = 0 if set(retrier["ErrorEquals"]) <= INSTANT_ERRORS else task["TimeoutSeconds"]
        seconds += retrier["MaxAttempts"] * attempt
        seconds += sum(_wait(retrier, number) for number in range(retrier["MaxAttempts"]))
    return seconds


def _wait(retrier: Mapping[str, Any], number: int) -> int:
    """Returns the longest wait before a retry, in whole seconds."""
    interval = float(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** number)
    return math.ceil(min(interval, float(retrier["MaxDelaySeconds"])))
