"""The state machine's file against the error tree, and the answers that it makes."""

import json
import re
from typing import Any

import pytest

from cdk.definition import ANSWER, DEFINITION, workflow_answers
from lambdas.common import errors
from local.faults import APPLY_GUARDRAIL, modelled_errors
from tests.cdk.state_machine import ARN, STATES, TASKS, answer_to, expressions, filled, states

DRAWING = STATES["DrawEach"]["ItemProcessor"]["States"]

CLASSES = errors.CLASSES
DOING = ("preparing", "checking", "drawing")

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
    "BeingDrawnError",
    "GuardrailUnavailableError",
    "StorageError",
}


def names(state: dict[str, Any], field: str) -> set[str]:
    return {name for entry in state.get(field, []) for name in entry["ErrorEquals"]}


class TestShape:
    def test_a_stranger_reads_it_in_two_minutes(self) -> None:
        assert len(STATES) <= 18
        assert len(DEFINITION.read_text().splitlines()) <= 380

    def test_no_message_and_no_status_is_in_it(self) -> None:
        text = DEFINITION.read_text() + ANSWER.read_text()

        assert not re.search(r"\b[45]\d\d\b", text)
        for each in CLASSES.values():
            message = getattr(each, "default_message", "no message of its own")
            assert message not in text

    def test_it_chains_the_tasks(self) -> None:
        chain = ["Operation"]
        while following := _following(STATES[chain[-1]]):
            chain.append(following)

        assert chain == [
            "Operation", "Validate", "Accepted", "CheckPrompt", "Verdict", "DrawEach", "Answer",
            "Outcome", "Answered",
        ]  # fmt: skip
        assert DRAWING["Generate"]["Next"] == "Store"
        assert DRAWING["Store"]["End"] is True

    def test_only_what_the_language_of_the_service_has_is_used(self) -> None:
        """No `$eval`, no `$` or `$$` for an input document, which is not there."""
        for at, expression in expressions(STATES):
            bare = re.sub(r"'[^']*'|\"[^\"]*\"|/\*.*?\*/", "", expression, flags=re.DOTALL)
            assert not re.search(r"\$eval\b|\$\$|\$(?![A-Za-z_])", bare), at

    def test_no_picture_travels_through_the_state(self) -> None:
        """A megabyte does not fit into 262,144 bytes: generate says where the picture came from."""
        task = DRAWING["Generate"]

        handed_on = filled(
            task["Output"],
            {"states": states(input={"attempt": 1}, result={"Payload": {"source": "model"}})},
        )
        assert handed_on == {"attempt": 1, "staged": {"source": "model"}}


def _following(state: dict[str, Any]) -> str | None:
    """Where a state leads if nothing is wrong, for one picture."""
    if state is STATES["Operation"]:
        return str(state["Choices"][-1]["Next"])
    if state is STATES["Outcome"]:
        return str(state["Default"])
    next_state: str | None = (state.get("Choices") or [state])[0].get("Next")
    return next_state


class TestErrors:
    def test_every_name_is_a_class_or_documented(self) -> None:
        named = {name for task in TASKS.values() for name in names(task, "Catch")}
        named |= {name for task in TASKS.values() for name in names(task, "Retry")}
        table = workflow_answers()
        named |= {name for doing in DOING for name in table[doing]}

        led_to = {each for doing in DOING for each in table[doing].values()}
        assert named <= set(CLASSES) | DOCUMENTED
        assert led_to <= table["answers"].keys() <= set(CLASSES)

    @pytest.mark.parametrize("task", TASKS)
    def test_every_task_ends_all_errors_in_an_answer(self, task: str) -> None:
        last = TASKS[task]["Catch"][-1]

        assert last["ErrorEquals"] == ["States.ALL"]
        assert last["Next"] == ("NotDrawn" if task in DRAWING else "Answer")

    @pytest.mark.parametrize("task", TASKS)
    def test_what_is_not_worth_retrying_is_not_retried(self, task: str) -> None:
        assert not names(TASKS[task], "Retry") & NEVER_RETRIED

    def test_only_what_cost_nothing_is_drawn_again(self) -> None:
        """Of Lambda's own errors only throttling is sure to mean that the function did not run."""
        assert _tried_again("Generate") == {
            "ThrottledError", "ModelUnavailableError", "BeingDrawnError",
            "Lambda.TooManyRequestsException",
        }  # fmt: skip
        assert "Retry" not in DRAWING["Generate"]
        ways_to_wait = [name for name, state in STATES.items() if '"Wait"' in json.dumps(state)]
        assert ways_to_wait == ["DrawEach", "TimeLeft", "Wait"]

    def test_what_is_not_worth_storing_again_is_not(self) -> None:
        assert not _tried_again("Store") & NEVER_RETRIED
        assert "Retry" not in DRAWING["Store"]

    @pytest.mark.parametrize("task", [name for name in TASKS if "Retry" in TASKS[name]])
    def test_retries_back_off_with_jitter_and_a_ceiling(self, task: str) -> None:
        for retrier in TASKS[task]["Retry"]:
            assert retrier["JitterStrategy"] == "FULL"
            assert retrier["BackoffRate"] > 1
            assert retrier["MaxDelaySeconds"] >= 1
            assert 1 <= retrier["MaxAttempts"] <= 3


def _tried_again(task: str) -> set[str]:
    return {
        name
        for catcher in DRAWING[task]["Catch"]
        if catcher["Next"] == "TimeLeft"
        for name in catcher["ErrorEquals"]
    }


def failed(task: str, error: str, cause: str | None) -> dict[str, Any]:
    """What Answer gets, for one picture, when a task ends in an error."""
    output = {"Error": error} if cause is None else {"Error": error, "Cause": cause}
    picture = {"id": "a" * 32, "seed": 42, "recovery": {"seed": 42}, "rerun": None}
    given = states(input={"picture": picture, "attempt": 1}, errorOutput=output)
    caught = filled(TASKS[task]["Catch"][-1]["Output"], {"states": given})
    if task in DRAWING:
        return {"results": [filled(STATES["NotDrawn"]["Output"], {"states": states(input=caught)})]}
    return dict(caught)


def raised(error: errors.EaselError) -> str:
    """The cause of a failed function, as Lambda writes it."""
    return json.dumps(
        {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "requestId": "1",
            "stackTrace": ['  File "/var/task/lambdas/x.py", line 1, in handler\n    raise\n'],
        }
    )


def made(error: type[errors.EaselError]) -> errors.EaselError:
    if issubclass(error, errors.ServiceError):
        return error(detail='an "operator\'s" word')
    return error('hostile: "quotes" \\ {} $1 {% x %} \u2028', param="prompt")


def body_of(answer: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(answer["answer"]["body"]))


@pytest.mark.parametrize("name", sorted(CLASSES))
@pytest.mark.parametrize("task", ["Validate", "Library", "Show", "Delete", "Generate", "Store"])
def test_an_error_of_a_function_is_answered_as_its_class_says(task: str, name: str) -> None:
    error = made(CLASSES[name])
    expected = error.answer()

    answer = answer_to(failed(task, name, raised(error)))

    finds = task in DRAWING and error.recoverable
    message = f"{error.message} Its seed is 42." if finds else error.message
    assert (answer["class"], answer["fault"]) == (name, error.fault)
    assert answer["answer"]["statusCode"] == error.status
    assert answer["answer"]["headers"] == error.headers()
    assert body_of(answer) == {
        "error": {**expected["error"], "message": message},
        "execution_arn": ARN,
    }


def test_a_deletion_that_is_late_is_not_begun_again() -> None:
    """It goes on, and another beside it would find nothing to delete."""
    (retry,) = STATES["Delete"]["Retry"]

    assert not {"States.Timeout", "States.TaskFailed", "States.ALL"} & set(retry["ErrorEquals"])


@pytest.mark.parametrize("name", ["InvalidRequestError", "IdempotencyKeyReusedError"])
def test_a_refusal_is_answered_as_its_class_says(name: str) -> None:
    error = made(CLASSES[name])
    given = {"states": states(input={}), "plan": {"refusal": str(error)}}

    answer = answer_to(filled(STATES["Accepted"]["Output"], given))

    assert not filled(STATES["Accepted"]["Choices"][0]["Condition"], given)
    assert (answer["class"], answer["fault"]) == (name, "caller")
    assert answer["answer"]["statusCode"] == error.status
    assert body_of(answer) == {"error": error.answer()["error"], "execution_arn": ARN}


@pytest.mark.parametrize("quoted", ["{policy}", "{", "}", "{}", "$1", '{"class": 1}'])
def test_what_a_caller_sent_comes_back_as_it_was(quoted: str) -> None:
    """A message quotes its caller: nothing of the failure is filled into it."""
    error = errors.InvalidRequestError(f"Unknown field {quoted}.", param="x", detail="inside")

    answer = answer_to(failed("Validate", "InvalidRequestError", raised(error)))

    assert body_of(answer)["error"]["message"] == f"Unknown field {quoted}."
    assert "inside" not in answer["answer"]["body"]
    assert "stackTrace" not in answer["answer"]["body"]


@pytest.mark.parametrize("cut", [1, 100, 600])
def test_a_cause_that_was_cut_costs_no_other_picture_its_answer(cut: int) -> None:
    whole = raised(errors.ModelFailedError(detail="x" * 1_000))
    result = failed("Generate", "ModelFailedError", whole[:-cut])["results"][0]

    answer = answer_to({"results": [DRAWN, result]})

    (lost,) = body_of(answer)["failed"]
    assert body_of(answer)["pictures"] == [DRAWN["picture"]]
    assert lost["error"]["code"] == "internal_error"


FROM_OUTSIDE = [
    ("Validate", "States.Timeout", None, errors.NoTimeLeftError),
    ("Library", "States.Timeout", "", errors.NoTimeLeftError),
    ("Show", "States.Timeout", "", errors.NoTimeLeftError),
    ("Delete", "States.Timeout", "", errors.NoTimeLeftError),
    ("Validate", "Sandbox.Timedout", '{"errorMessage": "timed out"}', errors.NoTimeLeftError),
    ("Validate", "Lambda.TooManyRequestsException", "Rate Exceeded.", errors.ThrottledError),
    ("Generate", "States.Timeout", None, errors.DeadlineError),
    ("Store", "States.Timeout", "The state timed out", errors.DeadlineError),
    ("Store", "Sandbox.Timedout", '{"errorMessage": "{"}', errors.DeadlineError),
    ("Generate", "Lambda.TooManyRequestsException", "Rate Exceeded.", errors.ThrottledError),
    ("CheckPrompt", "States.Timeout", None, errors.GuardrailUnavailableError),
    ("CheckPrompt", "BedrockRuntime.SdkClientException", "x", errors.GuardrailUnavailableError),
    ("Validate", "KeyError", '{"errorMessage": "\'prompt\'"}', errors.InternalError),
    ("Generate", "ValueError", '{"errorMessage": "{broken"}', errors.InternalError),
    ("Store", "Lambda.Unknown", "The cause could not be determined", errors.InternalError),
    ("Generate", "Runtime.ExitError", '{"errorType": "Runtime.ExitError"}', errors.InternalError),
]


@pytest.mark.parametrize(
    ("task", "error", "cause", "meaning"),
    FROM_OUTSIDE,
    ids=[f"{case[0]} {case[1]}" for case in FROM_OUTSIDE],
)
def test_what_no_function_says_is_answered_from_the_table(
    task: str, error: str, cause: str | None, meaning: type[errors.ServiceError]
) -> None:
    answer = answer_to(failed(task, error, cause))

    assert (answer["class"], answer["fault"]) == (meaning.__name__, "service")
    assert answer["answer"]["statusCode"] == meaning.status
    assert answer["answer"]["headers"] == meaning.headers()
    message = body_of(answer)["error"]["message"]
    if error != "Lambda.TooManyRequestsException":
        finds = task in DRAWING and meaning.recoverable
        assert message == meaning.default_message + (" Its seed is 42." if finds else "")


@pytest.mark.parametrize("code", sorted(modelled_errors(APPLY_GUARDRAIL)))
def test_every_error_of_the_guardrail_has_its_answer(code: str) -> None:
    answer = answer_to(failed("CheckPrompt", f"BedrockRuntime.{code}", "words of the service"))

    assert answer["class"] == errors.GUARDRAIL_ERRORS[code].__name__


def test_a_rerun_is_found_again_by_its_key() -> None:
    result = {
        "while": "drawing",
        "failure": {"Error": "States.Timeout"},
        "seed": 42,
        "recovery": {"idempotency_key": "ab$1"},
    }

    message = body_of(answer_to({"results": [result]}))["error"]["message"]
    assert message.endswith(" Its Idempotency-Key is ab$1.")


DRAWN = {"picture": {"id": "a", "seed": 4_294_967_294, "rerun_of": None}}
NOT_DRAWN = {
    "while": "drawing",
    "failure": {"Error": "States.Timeout", "Cause": ""},
    "seed": 43,
    "recovery": {"seed": 43},
}


class TestPictures:
    def test_one_picture_is_the_body(self) -> None:
        answer = answer_to({"results": [DRAWN]})

        assert answer["fault"] == "none"
        assert (answer["answer"]["statusCode"], answer["answer"]["headers"]) == (200, {})
        assert body_of(answer) == DRAWN["picture"]

    @pytest.mark.parametrize("results", [[DRAWN, DRAWN], [DRAWN, NOT_DRAWN], [NOT_DRAWN, DRAWN]])
    def test_of_several_those_that_were_drawn_are_told_beside_those_that_were_not(
        self, results: list[dict[str, Any]]
    ) -> None:
        answer = answer_to({"results": results})

        assert answer["answer"]["statusCode"] == 200
        error = {
            **errors.DeadlineError().answer()["error"],
            "message": f"{errors.DeadlineError.default_message} Its seed is 43.",
        }
        assert body_of(answer) == {
            "pictures": [each["picture"] for each in results if each is DRAWN],
            "failed": [
                {"seed": 43, "status": 504, "error": error} for each in results if each is NOT_DRAWN
            ],
            "execution_arn": ARN,
        }

    @pytest.mark.parametrize(
        ("error", "cause", "failed_by"),
        [
            ("Runtime.ExitError", "signal: killed", "InternalError"),
            ("KeyError", '{"errorMessage": "x"}', "InternalError"),
            ("GuardrailRefusedError", raised(errors.GuardrailRefusedError()),
             "GuardrailRefusedError"),
            ("ThrottledError", raised(errors.ThrottledError()), None),
            ("PictureBlockedError", raised(errors.PictureBlockedError("no")), None),
        ],
        ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
    )  # fmt: skip
    def test_what_is_broken_fails_the_execution_although_the_caller_gets_pictures(
        self, error: str, cause: str, failed_by: str | None
    ) -> None:
        answer = answer_to({"results": [DRAWN, *failed("Generate", error, cause)["results"]]})

        assert answer["answer"]["statusCode"] == 200
        assert body_of(answer)["pictures"] == [DRAWN["picture"]]
        assert answer["fault"] == ("none" if failed_by is None else "service")
        assert answer["class"] == (failed_by or "none")

    def test_the_longest_answer_beside_a_failure_fits_into_a_cause(self) -> None:
        """A failed execution's answer is its cause, which Step Functions cuts at 32,768."""
        picture = {"picture": {"image_url": "u" * 6_000, "trace_url": "t" * 500, "more": "m" * 500}}
        lost = failed("Generate", "InternalError", raised(errors.InternalError("x" * 1_500)))

        answer = answer_to({"results": [picture, picture, picture, *lost["results"]]})

        assert len(filled(STATES["Failed"]["Cause"], {"states": states(input=answer)})) < 32_768

    def test_where_none_was_drawn_the_first_failure_is_the_answer(self) -> None:
        answer = answer_to({"results": [NOT_DRAWN, {**NOT_DRAWN, "recovery": {"seed": 44}}]})

        assert answer["class"] == "DeadlineError"
        assert body_of(answer)["error"]["message"].endswith("Its seed is 43.")

    def test_the_librarys_body_is_handed_on_as_it_was_written(self) -> None:
        body = '{"manifest": {"cfg_scale": 0.12345678901234567}, "image_url": null}'

        assert answer_to({"body": body})["answer"]["body"] == body

    def test_each_pictures_recipe_is_the_plans_with_its_own_seed(self) -> None:
        plan = {"recipe": {"model": "m", "prompt": 'a "b" \\', "parameters": {"x": None}}}
        given = states(input={})
        given["context"]["Map"] = {"Item": {"Value": {"id": "a", "seed": 7}}}

        item = filled(STATES["DrawEach"]["ItemSelector"], {"states": given, "plan": plan})

        assert item["recipe"] == {**plan["recipe"], "seed": 7}

    @pytest.mark.parametrize("count", [1, 4])
    def test_one_planned_picture_is_a_list_too(self, count: int) -> None:
        plan = {"pictures": [{"id": str(number)} for number in range(count)]}

        assert filled(STATES["DrawEach"]["Items"], {"plan": plan}) == plan["pictures"]
