"""Calls Bedrock's InvokeModel once, and translates its errors by their codes to Easel's."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ReadTimeoutError,
)

from lambdas.common.catalog import CATALOG
from lambdas.common.errors import (
    EaselError,
    InternalError,
    InvalidRequestError,
    ModelAccessDeniedError,
    ModelFailedError,
    ModelNotFoundError,
    ModelRetiredError,
    ModelTimeoutError,
    ModelUnavailableError,
    QuotaExceededError,
    ThrottledError,
)
from lambdas.common.telemetry import ESTIMATED_COST, MODEL_LATENCY, Log

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

# Errors of calls that failed after they were sent.
_MAY_BE_BILLED = (ModelFailedError, ModelTimeoutError)

# The errors of InvokeModel in Bedrock's service model. `_service_error` adds to 400 and 404.
_BY_CODE: Mapping[str, type[EaselError]] = {
    "AccessDeniedException": ModelAccessDeniedError,
    "InternalServerException": ModelUnavailableError,
    "ModelErrorException": ModelFailedError,
    "ModelNotReadyException": ModelUnavailableError,
    "ModelTimeoutException": ModelTimeoutError,
    "ResourceNotFoundException": ModelNotFoundError,
    "ServiceQuotaExceededException": QuotaExceededError,
    "ServiceUnavailableException": ModelUnavailableError,
    "ThrottlingException": ThrottledError,
    "ValidationException": InvalidRequestError,
}

# The order counts: the first class that fits is taken. A call that never reached the service can
# be retried; one that failed after it was sent may have been paid for.
_BY_CONNECTION: tuple[tuple[type[BotoCoreError], type[EaselError]], ...] = (
    (ConnectTimeoutError, ModelUnavailableError),
    (EndpointConnectionError, ModelUnavailableError),
    (ReadTimeoutError, ModelTimeoutError),
    (ConnectionClosedError, ModelFailedError),
    (HTTPClientError, ModelFailedError),
    (IncompleteReadError, ModelFailedError),
)


@dataclass(frozen=True)
class FoundationModels:
    """The models of one region.

    `quoting` says whether errors hold the service's own texts, which may quote a prompt, or only
    its codes. `log` gets a line as soon as a call ends, with its time and, if Bedrock may charge
    it, its list price: the money is spent even if the function is killed before it ends.
    """

    client: "BedrockRuntimeClient"
    quoting: bool
    log: Log

    def invoke(self, model: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Calls a model, which may cost money. Returns the response body. Raises the errors of
        `_BY_CODE` and `_BY_CONNECTION`, or InternalError."""
        started = time.perf_counter()
        try:
            answer = self._invoke(model, body)
        except EaselError as error:
            self._record(model, started, error)
            raise
        self._record(model, started, None)
        return answer

    def _invoke(self, model: str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            response = self.client.invoke_model(
                modelId=model,
                body=json.dumps(body, ensure_ascii=False).encode(),
                contentType="application/json",
                accept="application/json",
            )
            answer = response["body"].read()
        except ClientError as error:
            raise _service_error(error, model, quoting=self.quoting) from error
        except BotoCoreError as error:
            raise _connection_error(error) from error
        try:
            text = answer.decode()
            del answer  # or the picture would be in memory three times
            parsed = json.loads(text)
        except ValueError as error:
            raise ModelFailedError(detail="response is not JSON") from error
        if not isinstance(parsed, dict):
            raise ModelFailedError(detail="response is no JSON object")
        return parsed

    def _record(self, model: str, started: float, failed: EaselError | None) -> None:
        facts: dict[str, Any] = {"duration_ms": round((time.perf_counter() - started) * 1_000, 1)}
        metrics = {
            MODEL_LATENCY: facts["duration_ms"],
            ESTIMATED_COST: CATALOG[model].list_price_usd,
        }
        if failed is None:
            self.log.write("model called", metrics=metrics, **facts)
        elif isinstance(failed, _MAY_BE_BILLED):
            self.log.write("model call broke off", level="ERROR", metrics=metrics, **facts)
        else:
            facts["error"] = type(failed).__name__
            self.log.write("model refused the call", level="WARNING", metrics={}, **facts)


def _service_error(error: ClientError, model: str, *, quoting: bool) -> EaselError:
    code = error.response["Error"]["Code"]
    detail = f"{code}: {error.response['Error'].get('Message', '')}" if quoting else code
    error_class = _BY_CODE.get(code, InternalError)
    if error_class is ModelNotFoundError:
        retired = CATALOG[model].retired
        if retired is not None:
            return ModelRetiredError(f"{model} {retired}", param="model", detail=detail)
        return ModelNotFoundError(
            f"Bedrock does not offer {model} to this account. Choose another model.",
            param="model",
            detail=detail,
        )
    if error_class is InvalidRequestError:
        return InvalidRequestError(
            "The model refused the request, as invalid or by its content filter. "
            "Change the prompt or the parameters.",
            param="prompt",
            detail=detail,
        )
    return error_class(detail=detail)  # type: ignore[call-arg]


def _connection_error(error: BotoCoreError) -> EaselError:
    for botocore_class, error_class in _BY_CONNECTION:
        if isinstance(error, botocore_class):
            return error_class(detail=type(error).__name__)  # type: ignore[call-arg]
    return InternalError(detail=type(error).__name__)
