"""The state machine's file against the error tree and the settings."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

from lambdas.common import errors
from lambdas.store.guardrail import _BY_CODE, OTHER_POLICY, POLICIES
from local.faults import APPLY_GUARDRAIL, modelled_errors

FILE = Path(__file__).parents[2] / "statemachine" / "text_to_image.asl.json"
DEFINITION: dict[str, Any] = json.loads(FILE.read_text())
STATES: dict[str, Any] = DEFINITION["States"]
DRAWING: dict[str, Any] = STATES["DrawEach"]["ItemProcessor"]["States"]
TASKS = {name: state for name, state in {**STATES, **DRAWING}.items() if state["Type"] == "Task"}

CLASSES = {
    name: each
    for name, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, errors.EaselError) and not each.__subclasses__()
}

# Documented names of Step Functions and of Lambda, that the file may use.
DOCUMENTED = {
    "States.ALL",
    "States.Timeout",
    "Sandbox.Timedout",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "BedrockRuntime.SdkClientException",
} | {f"BedrockRuntime.{name}" for name in modelled_errors(APPLY_GUARDRAIL)}

# What no function may be asked to do again: a model may have been paid, or it would end the same.
NEVER_RETRIED = set(CLASSES) - {
    "ThrottledError",
    "ModelUnavailableError",
    "GuardrailUnavailableError",
    "StorageError",
}


def names(state: dict[str, Any], field: str) -> set[str]:
    return {name for entry in state.get(field, []) for name in entry["ErrorEquals"]}


def test_the_file_starts_where_the_design_does_and_chains_the_tasks() -> None:
    chain = [DEFINITION["StartAt"]]
    while following := _following(STATES[chain[-1]]):
        chain.append(following)

    assert chain == [
        "Operation", "Validate", "CheckPrompt", "Verdict", "DrawEach", "HowMany", "First", "Drawn",
        "TakePicture", "Respond",
    ]  # fmt: skip
    assert DRAWING["Generate"]["Next"] == "Store"
    assert DRAWING["Store"]["End"] is True


def _following(state: dict[str, Any]) -> str | None:
    """Where a state leads if nothing is wrong, for one picture."""
    if state is STATES["Operation"] or state is STATES["HowMany"]:
        return str(state["Default"])
    next_state: str | None = (state.get("Choices") or [state])[0].get("Next")
    return next_state


def test_where_a_state_is_named_it_is_there() -> None:
    for states in (STATES, DRAWING):
        for state in states.values():
            branches = [*state.get("Catch", []), *state.get("Choices", [])]
            named = {branch["Next"] for branch in branches}
            named |= {state[field] for field in ("Next", "Default") if field in state}
            assert named <= states.keys()


def test_only_a_guardrail_that_does_nothing_lets_a_prompt_through() -> None:
    verdict = STATES["Verdict"]

    through = [choice for choice in verdict["Choices"] if choice["Next"] == "DrawEach"]
    assert through == [{"Variable": "$.checked.action", "StringEquals": "NONE", "Next": "DrawEach"}]
    others = {choice["Next"] for choice in verdict["Choices"] if choice not in through}
    for state in {*others, verdict["Default"]}:
        assert STATES[state]["Next"] == "PromptBlocked"


def test_a_blocked_prompt_is_told_the_policy_in_the_words_for_pictures() -> None:
    words = {
        choice["Variable"].rpartition(".")[2]: _words(STATES[choice["Next"]])
        for choice in STATES["Verdict"]["Choices"][1:]
    }

    assert words == {name[0].upper() + name[1:]: text for name, text in POLICIES.items()}
    assert _words(STATES[STATES["Verdict"]["Default"]]) == OTHER_POLICY


def _words(state: dict[str, Any]) -> str:
    if "Result" in state:
        return str(state["Result"]["policy"])
    found = re.search(r"Format\('(.+?)'", state["Parameters"]["policy.$"])
    assert found is not None
    return found[1]


def test_a_blocked_prompt_is_the_answer_of_the_error_table() -> None:
    answer = errors.PromptBlockedError("words", param="prompt").answer()
    parameters = STATES["PromptBlocked"]["Parameters"]

    assert "$.policy" in parameters["error"].pop("message.$")
    assert answer["error"].pop("message")
    assert parameters == {key: value for key, value in answer.items() if key != "detail"}


def test_every_class_is_caught_and_every_name_is_a_class_or_documented() -> None:
    named = {name for task in TASKS.values() for name in names(task, "Catch")}
    named |= {name for task in TASKS.values() for name in names(task, "Retry")}

    assert named <= set(CLASSES) | {"TooLateToRetryError"} | DOCUMENTED
    assert set(CLASSES) <= named


@pytest.mark.parametrize("task", TASKS)
def test_every_task_ends_all_errors_in_an_answer(task: str) -> None:
    catchers = TASKS[task]["Catch"]

    assert catchers[-1]["ErrorEquals"] == ["States.ALL"]
    assert catchers[-1]["Next"] == ("DrawingBroken" if task in DRAWING else "Broken")
    assert "States.Timeout" in names(TASKS[task], "Catch")


@pytest.mark.parametrize("task", TASKS)
def test_what_is_not_worth_retrying_is_not_retried(task: str) -> None:
    assert not names(TASKS[task], "Retry") & NEVER_RETRIED


def test_generate_is_not_invoked_again_where_it_may_have_run() -> None:
    """Of Lambda's own errors only throttling is sure to mean that the function did not start."""
    lambdas = {name for name in names(DRAWING["Generate"], "Retry") if "Lambda" in name}

    assert lambdas == {"Lambda.TooManyRequestsException"}
    assert "StorageError" not in names(DRAWING["Generate"], "Retry")


@pytest.mark.parametrize("task", TASKS)
def test_retries_back_off_with_jitter_and_a_ceiling(task: str) -> None:
    for retrier in TASKS[task]["Retry"]:
        assert retrier["JitterStrategy"] == "FULL"
        assert retrier["BackoffRate"] > 1
        assert retrier["MaxDelaySeconds"] >= 1
        assert 1 <= retrier["MaxAttempts"] <= 3


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("TimedOut", errors.NoTimeLeftError),
        ("Broken", errors.InternalError),
        ("DrawingBroken", errors.InternalError),
        ("GuardrailUnavailable", errors.GuardrailUnavailableError),
        ("GuardrailRefused", errors.GuardrailRefusedError),
    ],
)
def test_fixed_answers_are_those_of_the_error_table(
    state: str, error: type[errors.ServiceError]
) -> None:
    answer = error().answer()
    del answer["detail"]

    assert {**STATES, **DRAWING}[state]["Result"] == answer


def test_a_busy_function_is_answered_as_throttling() -> None:
    answer = errors.ThrottledError().answer()
    result = STATES["Busy"]["Result"]

    assert result == DRAWING["DrawingBusy"]["Result"]
    assert result["error"].keys() == answer["error"].keys()
    words = {"message": result["error"]["message"]}
    assert result == {
        **{key: value for key, value in answer.items() if key != "detail"},
        "error": answer["error"] | words,
    }


# What each function raises, by its own docstrings.
RAISED = {
    "Validate": {
        "InvalidRequestError", "ModelNotFoundError", "ModelRetiredError",
        "IdempotencyKeyReusedError", "PictureNotFoundError", "StorageError",
        "StorageAccessDeniedError",
    },
    "Library": {
        "InvalidRequestError", "PictureNotFoundError", "StorageError", "StorageAccessDeniedError",
    },
    "Generate": set(CLASSES) - {
        "IdempotencyKeyReusedError", "PictureNotFoundError", "PictureTooLargeError",
        "GuardrailUnavailableError", "GuardrailRefusedError",
    } | {"TooLateToRetryError"},
    "Store": {
        "PictureBlockedError", "PictureTooLargeError", "GuardrailUnavailableError",
        "GuardrailRefusedError", "InternalError", "StorageError", "StorageAccessDeniedError",
    },
}  # fmt: skip


def test_every_error_of_the_guardrail_has_its_answer() -> None:
    answers = {
        name.removeprefix("BedrockRuntime."): catcher["Next"]
        for catcher in STATES["CheckPrompt"]["Catch"]
        for name in catcher["ErrorEquals"]
    }

    for code in modelled_errors(APPLY_GUARDRAIL):
        assert answers[code] == _BY_CODE[code].__name__.removesuffix("Error")


@pytest.mark.parametrize("task", RAISED)
def test_each_task_catches_what_its_function_raises(task: str) -> None:
    assert set(TASKS[task]["Catch"][0]["ErrorEquals"]) == RAISED[task]
    reader = "ReadDrawingCause" if task in DRAWING else "ReadCause"
    assert TASKS[task]["Catch"][0]["Next"] == reader


def test_a_late_answer_is_that_of_the_table_with_the_seed_named() -> None:
    answer = errors.DeadlineError().answer()
    parameters = DRAWING["StillDrawing"]["Parameters"]

    message = parameters["error"].pop("message.$")
    assert answer["error"].pop("message") in message
    assert message.endswith(" {}', $.found_by)")
    assert parameters == {key: value for key, value in answer.items() if key != "detail"}


def test_no_picture_travels_through_the_state() -> None:
    """A megabyte does not fit into 262,144 bytes: generate hands on a reference."""
    assert set(DRAWING["Generate"]["ResultSelector"]) == {"key.$", "source.$", "reused.$"}
