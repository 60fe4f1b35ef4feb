"""Every way a request can fail, and the answer it gets.

EaselError
├── CallerError                    ends the workflow as an answer: the caller can mend it
│   ├── InvalidRequestError        400
│   ├── PromptBlockedError         400
│   ├── PictureBlockedError        400
│   ├── PictureTooLargeError       400
│   ├── ModelNotFoundError         404
│   ├── PictureNotFoundError       404
│   ├── BeingDrawnError            409
│   ├── ModelRetiredError          410
│   └── IdempotencyKeyReusedError  422
└── ServiceError                   ends the workflow as a failure: the operator can mend it
    ├── ThrottledError             429, the workflow retries it
    ├── QuotaExceededError         429
    ├── ModelUnavailableError      503, the workflow retries it
    ├── ModelFailedError           502
    ├── ModelTimeoutError          504
    ├── DeadlineError              504
    ├── NoTimeLeftError            503
    ├── ModelAccessDeniedError     500
    ├── GuardrailUnavailableError  503, the workflow retries it
    ├── GuardrailRefusedError      500
    ├── StorageError               503, the workflow retries it
    ├── StorageAccessDeniedError   500
    └── InternalError              500

Class names are the contract with the state machine, which retries and catches by them. Beside
the tree, TooLateToRetryError carries an error past the state machine's retries.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

# Of characters: an answer is escaped more than once on its way, and a state holds 256 KiB.
MESSAGE_LIMIT = 1_500


class EaselError(Exception):
    """A failure with its answer.

    `message` is written for the caller and says what to do next. `param` names the field at
    fault. `detail` is for the operator: it stays in the execution and never leaves the service.

    As text it is JSON, because the text of an exception is all that Lambda hands to the state
    machine: `{"class", "fault", "status", "headers", "error": {...}, "detail"}`.
    """

    fault: ClassVar[str] = "service"
    status: ClassVar[int] = 500
    type: ClassVar[str] = "server_error"
    code: str = "internal_error"
    retry_after_seconds: ClassVar[int | None] = None

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        detail: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message if len(message) <= MESSAGE_LIMIT else message[:MESSAGE_LIMIT] + "..."
        self.param = param
        self.code = code or type(self).code
        self.detail = detail

    @classmethod
    def headers(cls) -> dict[str, str]:
        """`Retry-After` where a later retry helps, else `x-should-retry: false`."""
        if cls.retry_after_seconds is None:
            return {"x-should-retry": "false"}
        return {"Retry-After": str(cls.retry_after_seconds)}

    def answer(self) -> dict[str, Any]:
        """What the state machine needs to answer the caller."""
        return {
            "class": type(self).__name__,
            "fault": self.fault,
            "status": self.status,
            "headers": self.headers(),
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.code,
            },
            "detail": self.detail,
        }

    def __str__(self) -> str:
        return json.dumps(self.answer())


class CallerError(EaselError):
    fault = "caller"
    status = 400
    type = "invalid_request_error"
    code = "invalid_value"


class InvalidRequestError(CallerError):
    """Codes: missing_parameter, unknown_parameter, invalid_value, unsupported_parameter."""


class PromptBlockedError(CallerError):
    type = "image_generation_user_error"
    code = "moderation_blocked"


class PictureBlockedError(CallerError):
    type = "image_generation_user_error"
    code = "moderation_blocked"


class PictureTooLargeError(CallerError):
    """A picture that the guardrail cannot check, and that is not published for that reason."""

    type = "image_generation_user_error"
    code = "picture_too_large"


class ModelNotFoundError(CallerError):
    status = 404
    code = "model_not_found"


class PictureNotFoundError(CallerError):
    status = 404
    code = "picture_not_found"


class BeingDrawnError(CallerError):
    status = 409
    code = "being_drawn"
    retry_after_seconds = 5


class ModelRetiredError(CallerError):
    status = 410
    code = "model_retired"


class IdempotencyKeyReusedError(CallerError):
    status = 422
    code = "idempotency_key_reused"


class ServiceError(EaselError):
    """Something on our side of the API: its message is fixed, its cause is the detail."""

    default_message: ClassVar[str] = (
        "Something went wrong inside the service. The operator finds it under execution_arn."
    )

    def __init__(self, message: str | None = None, *, detail: str | None = None) -> None:
        super().__init__(message or self.default_message, detail=detail)


class ThrottledError(ServiceError):
    status = 429
    type = "rate_limit_error"
    code = "rate_limit_exceeded"
    retry_after_seconds = 5
    default_message = "The model is receiving too many requests. Try again in a few seconds."


class QuotaExceededError(ServiceError):
    status = 429
    type = "rate_limit_error"
    code = "quota_exceeded"
    default_message = (
        "The account's quota for this model is used up. "
        "The operator can raise it in Service Quotas; until then choose another model."
    )


class ModelUnavailableError(ServiceError):
    status = 503
    code = "model_unavailable"
    retry_after_seconds = 10
    default_message = "The model is not available at the moment. Try again in a few seconds."


class ModelFailedError(ServiceError):
    status = 502
    code = "model_error"
    default_message = (
        "The model failed or gave no usable picture. It may have been paid for, so it is not "
        "tried again by itself. Another seed or prompt may help."
    )


class ModelTimeoutError(ServiceError):
    status = 504
    code = "timeout"
    default_message = (
        "The model did not answer in time. The call may have been paid for, so it is not tried "
        "again by itself."
    )


class DeadlineError(ServiceError):
    status = 504
    code = "timeout"
    default_message = (
        "The picture was not ready in time. It may still be finished: the same request then finds "
        "it without paying again."
    )


class NoTimeLeftError(ServiceError):
    """Before anything was drawn."""

    status = 503
    code = "no_time_left"
    retry_after_seconds = 5
    default_message = (
        "The service had too little time left for this request. Nothing was paid; send it again."
    )


class ModelAccessDeniedError(ServiceError):
    code = "model_access_denied"
    default_message = (
        "This service has no access to the model. The operator has to allow bedrock:InvokeModel "
        "on it and enable the model for the account."
    )


class GuardrailUnavailableError(ServiceError):
    status = 503
    code = "guardrail_unavailable"
    retry_after_seconds = 10
    default_message = (
        "The guardrail could not check this request at the moment, and nothing unchecked is "
        "drawn or published. Try again in a few seconds."
    )


class GuardrailRefusedError(ServiceError):
    code = "guardrail_refused"
    default_message = (
        "The guardrail does not work for this service, and nothing unchecked is drawn or "
        "published. The operator has to allow bedrock:ApplyGuardrail on it and check its id, "
        "version and quotas."
    )


class StorageError(ServiceError):
    status = 503
    code = "storage_unavailable"
    retry_after_seconds = 5
    default_message = (
        "The picture could not be read or stored at the moment. Nothing is lost: the same request "
        "goes on where this one stopped."
    )


class StorageAccessDeniedError(ServiceError):
    code = "storage_access_denied"
    default_message = (
        "This service may not read or write its own bucket. The operator has to mend the "
        "permissions of its role."
    )


class InternalError(ServiceError):
    """Anything that no other class names."""


@contextmanager
def telling(found_by: str) -> Iterator[None]:
    """Lets the errors after which the same request finds its picture say what finds it: the seed,
    for callers who sent none."""
    try:
        yield
    except (
        BeingDrawnError,
        DeadlineError,
        GuardrailRefusedError,
        GuardrailUnavailableError,
        StorageAccessDeniedError,
        StorageError,
    ) as error:
        error.message = f"{error.message} {found_by}"
        raise


class TooLateToRetryError(Exception):
    """Carries an error that is worth a retry, where no time is left for one.

    The state machine retries by class name, so this one's keeps it from retrying, and its text
    is the other's answer.
    """

    def __init__(self, error: EaselError) -> None:
        super().__init__(str(error))
