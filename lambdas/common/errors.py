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
│   ├── RequestTooLargeError       413
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

Class names are the contract with the state machine, which retries and catches by them. A class's
docstring says when it is raised: docs/api.md lists them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, ClassVar

from lambdas.common.answers import Error

# In characters. Answers are escaped more than once on their way, and a state holds 256 KiB.
MESSAGE_LIMIT = 1_500
# A name that a caller sent can be as long as the request.
PARAM_LIMIT = 60

Handler = Callable[[dict[str, Any], object], dict[str, Any]]


def _cut(text: str) -> str:
    return text if len(text) <= MESSAGE_LIMIT else text[:MESSAGE_LIMIT] + "..."


class EaselError(Exception):
    """A failure with its answer.

    `message` is written for the caller and says what to do next. `param` names the field at
    fault. `detail` is for the operator: it stays in the execution and never leaves the service.

    `str()` gives JSON, because the text of an exception is all that Lambda passes to the state
    machine: `{"class", "fault", "status", "headers", "error": {...}, "recoverable", "detail"}`.

    `recoverable` says whether the same request can still get the picture later. If so, the state
    machine adds the picture's seed or Idempotency-Key to the message (`cdk/definition.py`).
    """

    fault: ClassVar[str] = "service"
    recoverable: ClassVar[bool] = False
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
        self.message = _cut(message)
        self.param = param and param[:PARAM_LIMIT]
        self.code = code or type(self).code
        self.detail = None if detail is None else _cut(detail)

    @classmethod
    def headers(cls) -> dict[str, str]:
        """Returns `Retry-After` if a later retry can help, else `x-should-retry: false`."""
        if cls.retry_after_seconds is None:
            return {"x-should-retry": "false"}
        return {"Retry-After": str(cls.retry_after_seconds)}

    def answer(self) -> dict[str, Any]:
        """Returns what the state machine needs to answer the caller."""
        return {
            "class": type(self).__name__,
            "fault": self.fault,
            "status": self.status,
            "headers": self.headers(),
            "error": Error(message=self.message, type=self.type, param=self.param, code=self.code),
            "recoverable": self.recoverable,
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
    """A field is missing (`missing_parameter`), unknown (`unknown_parameter`), out of range
    (`invalid_value`), or one that the model does not take (`unsupported_parameter`)."""


class PromptBlockedError(CallerError):
    """The guardrail or the model's own filter blocked the prompt."""

    type = "image_generation_user_error"
    code = "moderation_blocked"


class PictureBlockedError(CallerError):
    """The guardrail or the model's own filter blocked the picture."""

    type = "image_generation_user_error"
    code = "moderation_blocked"


class PictureTooLargeError(CallerError):
    """The picture is too large for the guardrail to check, so it is not published."""

    type = "image_generation_user_error"
    code = "picture_too_large"


class ModelNotFoundError(CallerError):
    """There is no such model, or this region, account or deployment does not offer it."""

    status = 404
    code = "model_not_found"


class PictureNotFoundError(CallerError):
    """No picture has this id."""

    status = 404
    code = "picture_not_found"


class BeingDrawnError(CallerError):
    """Another request is drawing the same picture."""

    recoverable = True
    status = 409
    code = "being_drawn"
    retry_after_seconds = 5


class ModelRetiredError(CallerError):
    """The model has reached the end of its life. The message names its successor."""

    status = 410
    code = "model_retired"


class RequestTooLargeError(CallerError):
    """The request does not fit into a state of the workflow. One of 80,000 bytes does."""

    status = 413


class IdempotencyKeyReusedError(CallerError):
    """The Idempotency-Key came with another request before."""

    status = 422
    code = "idempotency_key_reused"


class ServiceError(EaselError):
    """A failure on the service's side: a fixed message, and the cause as `detail`."""

    default_message: ClassVar[str] = (
        "Something went wrong inside the service. The operator finds it under execution_arn."
    )

    def __init__(self, message: str | None = None, *, detail: str | None = None) -> None:
        super().__init__(message or self.default_message, detail=detail)


class ThrottledError(ServiceError):
    """Bedrock, Lambda or Step Functions gets too many requests."""

    status = 429
    type = "rate_limit_error"
    code = "rate_limit_exceeded"
    retry_after_seconds = 5
    default_message = "The model is receiving too many requests. Try again in a few seconds."


class QuotaExceededError(ServiceError):
    """The account's quota for the model is used up."""

    status = 429
    type = "rate_limit_error"
    code = "quota_exceeded"
    default_message = (
        "The account's quota for this model is used up. "
        "The operator can raise it in Service Quotas; until then choose another model."
    )


class ModelUnavailableError(ServiceError):
    """The model cannot be reached or is not ready. Nothing was paid."""

    status = 503
    code = "model_unavailable"
    retry_after_seconds = 10
    default_message = "The model is not available at the moment. Try again in a few seconds."


class ModelFailedError(ServiceError):
    """The model failed or sent no usable picture. It may have been paid for."""

    status = 502
    code = "model_error"
    default_message = (
        "The model failed or gave no usable picture. It may have been paid for, so it is not "
        "tried again by itself. Another seed or prompt may help."
    )


class ModelTimeoutError(ServiceError):
    """The model did not answer in time. It may have been paid for."""

    status = 504
    code = "timeout"
    default_message = (
        "The model did not answer in time. The call may have been paid for, so it is not tried "
        "again by itself."
    )


class DeadlineError(ServiceError):
    """The picture was not ready in time. It may still be finished."""

    recoverable = True
    status = 504
    code = "timeout"
    default_message = (
        "The picture was not ready in time. It may still be finished: the same request then finds "
        "it without paying again."
    )


class NoTimeLeftError(ServiceError):
    """Too little time was left for a model call. Nothing was drawn."""

    status = 503
    code = "no_time_left"
    retry_after_seconds = 5
    default_message = (
        "The service had too little time left for this request. Nothing was paid; send it again."
    )


class ModelAccessDeniedError(ServiceError):
    """The service may not call the model."""

    code = "model_access_denied"
    default_message = (
        "This service has no access to the model. The operator has to allow bedrock:InvokeModel "
        "on it and enable the model for the account."
    )


class GuardrailUnavailableError(ServiceError):
    """The guardrail gives no answer at the moment."""

    recoverable = True
    status = 503
    code = "guardrail_unavailable"
    retry_after_seconds = 10
    default_message = (
        "The guardrail could not check this request at the moment, and nothing unchecked is "
        "drawn or published. Try again in a few seconds."
    )


class GuardrailRefusedError(ServiceError):
    """The guardrail does not work: its permission, id, version or quota is wrong, or it did not
    check everything."""

    recoverable = True
    code = "guardrail_refused"
    default_message = (
        "The guardrail does not work for this service, and nothing unchecked is drawn or "
        "published. The operator has to allow bedrock:ApplyGuardrail on it and check its id, "
        "version, policies and quotas: it has to read all text and look at all pictures."
    )


class StorageError(ServiceError):
    """S3 cannot be read or written at the moment."""

    recoverable = True
    status = 503
    code = "storage_unavailable"
    retry_after_seconds = 5
    default_message = (
        "The picture could not be read or stored at the moment. Nothing is lost: the same request "
        "goes on where this one stopped."
    )


class StorageAccessDeniedError(ServiceError):
    """The service may not read or write its own bucket."""

    recoverable = True
    code = "storage_access_denied"
    default_message = (
        "This service may not read or write its own bucket. The operator has to mend the "
        "permissions of its role."
    )


class InternalError(ServiceError):
    """Any failure that has no class of its own."""


def returns_refusals(handler: Handler) -> Handler:
    """Makes a Lambda handler return `{"refusal"}` for what is the caller's fault. Its message may
    quote the request, and the text of an error that is raised is in the logs of Lambda and Step
    Functions and in X-Ray."""

    @wraps(handler)
    def returning(event: dict[str, Any], context: object) -> dict[str, Any]:
        try:
            return handler(event, context)
        except CallerError as refusal:
            return {"refusal": str(refusal)}

    return returning


def _leaves(parent: type[EaselError]) -> Iterator[type[EaselError]]:
    children = parent.__subclasses__()
    if not children:
        yield parent
    for child in children:
        yield from _leaves(child)


# The classes that can be raised, by name.
CLASSES: Mapping[str, type[EaselError]] = {each.__name__: each for each in _leaves(EaselError)}

# The errors of ApplyGuardrail in Bedrock's service model.
GUARDRAIL_ERRORS: Mapping[str, type[ServiceError]] = {
    "AccessDeniedException": GuardrailRefusedError,
    "InternalServerException": GuardrailUnavailableError,
    "ResourceNotFoundException": GuardrailRefusedError,
    "ServiceQuotaExceededException": GuardrailRefusedError,
    "ServiceUnavailableException": GuardrailUnavailableError,
    "ThrottlingException": GuardrailUnavailableError,
    "ValidationException": GuardrailRefusedError,
}

# The policies in a guardrail's assessment, as Step Functions spells them, and what callers are
# told: never the denied words. A content filter's type is appended to its text.
ASSESSMENT_POLICIES: Mapping[str, str] = {
    "WordPolicy": "its word policy",
    "TopicPolicy": "a denied topic",
    "ContentPolicy": "its content filter for ",
    "SensitiveInformationPolicy": "its policy on sensitive information",
    "Other": "one of its policies",
}
