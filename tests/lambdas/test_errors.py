"""The error tree and what it promises callers."""

import inspect
import json
import re

import pytest

from lambdas.common import errors
from lambdas.common.errors import EaselError, InvalidRequestError, ServiceError

CLASSES = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, EaselError) and not each.__subclasses__()
]

# The design's table: class -> status, type, code.
TABLE = {
    "InvalidRequestError": (400, "invalid_request_error", "invalid_value"),
    "PromptBlockedError": (400, "image_generation_user_error", "moderation_blocked"),
    "PictureBlockedError": (400, "image_generation_user_error", "moderation_blocked"),
    "PictureTooLargeError": (400, "image_generation_user_error", "picture_too_large"),
    "ModelNotFoundError": (404, "invalid_request_error", "model_not_found"),
    "PictureNotFoundError": (404, "invalid_request_error", "picture_not_found"),
    "BeingDrawnError": (409, "invalid_request_error", "being_drawn"),
    "IdempotencyKeyReusedError": (422, "invalid_request_error", "idempotency_key_reused"),
    "RequestTooLargeError": (413, "invalid_request_error", "invalid_value"),
    "ModelRetiredError": (410, "invalid_request_error", "model_retired"),
    "ThrottledError": (429, "rate_limit_error", "rate_limit_exceeded"),
    "QuotaExceededError": (429, "rate_limit_error", "quota_exceeded"),
    "ModelUnavailableError": (503, "server_error", "model_unavailable"),
    "ModelFailedError": (502, "server_error", "model_error"),
    "ModelTimeoutError": (504, "server_error", "timeout"),
    "DeadlineError": (504, "server_error", "timeout"),
    "NoTimeLeftError": (503, "server_error", "no_time_left"),
    "ModelAccessDeniedError": (500, "server_error", "model_access_denied"),
    "GuardrailUnavailableError": (503, "server_error", "guardrail_unavailable"),
    "GuardrailRefusedError": (500, "server_error", "guardrail_refused"),
    "StorageError": (503, "server_error", "storage_unavailable"),
    "StorageAccessDeniedError": (500, "server_error", "storage_access_denied"),
    "InternalError": (500, "server_error", "internal_error"),
}


def made(each: type[EaselError]) -> EaselError:
    return each() if issubclass(each, ServiceError) else each("words", param="prompt")


def test_the_table_is_total() -> None:
    assert {each.__name__ for each in CLASSES} == set(TABLE)


@pytest.mark.parametrize("each", CLASSES, ids=lambda each: each.__name__)
def test_every_class_answers_as_the_table_says(each: type[EaselError]) -> None:
    answer = json.loads(str(made(each)))

    error = answer["error"]
    assert (answer["status"], error["type"], error["code"]) == TABLE[each.__name__]
    assert answer["class"] == each.__name__
    assert error["message"]


@pytest.mark.parametrize("each", CLASSES, ids=lambda each: each.__name__)
def test_an_answer_says_when_to_retry_or_not_to(each: type[EaselError]) -> None:
    headers = made(each).headers()

    retried = each.__name__ in {
        "BeingDrawnError",
        "ThrottledError",
        "ModelUnavailableError",
        "GuardrailUnavailableError",
        "NoTimeLeftError",
        "StorageError",
    }
    assert ("Retry-After" in headers) == retried
    assert (headers.get("x-should-retry") == "false") == (not retried)


@pytest.mark.parametrize("each", CLASSES, ids=lambda each: each.__name__)
def test_the_docstring_draws_every_class_with_its_status(each: type[EaselError]) -> None:
    assert re.search(rf"── {each.__name__} +{each.status}\b", str(errors.__doc__))


def test_the_detail_stays_out_of_what_the_caller_reads() -> None:
    error = InvalidRequestError("words", param="seed", detail="arn:of:something")

    assert "arn:of:something" not in json.dumps(error.answer()["error"])


@pytest.mark.parametrize(
    "error",
    [
        errors.BeingDrawnError("Come again."),
        errors.DeadlineError(),
        errors.GuardrailRefusedError(),
        errors.GuardrailUnavailableError(),
        errors.StorageAccessDeniedError(),
        errors.StorageError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_who_may_find_a_picture_later_is_told_by_what(error: EaselError) -> None:
    assert json.loads(str(error))["recoverable"]


def test_all_other_errors_leave_nothing_to_be_found() -> None:
    recoverable = {each.__name__ for each in CLASSES if each.recoverable}

    assert recoverable == {
        "BeingDrawnError", "DeadlineError", "GuardrailRefusedError", "GuardrailUnavailableError",
        "StorageAccessDeniedError", "StorageError",
    }  # fmt: skip


def test_no_message_is_too_long_for_its_way() -> None:
    error = InvalidRequestError("x" * 10_000, param="p" * 10_000, detail="y" * 10_000)

    assert len(error.answer()["error"]["message"]) <= errors.MESSAGE_LIMIT + 3
    assert error.answer()["error"]["param"] == "p" * errors.PARAM_LIMIT
    assert len(error.answer()["detail"]) <= errors.MESSAGE_LIMIT + 3
