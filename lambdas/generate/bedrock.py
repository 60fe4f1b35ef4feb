"""Bedrock's InvokeModel: one attempt, and its failures translated by code to Easel's errors."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.config import Config
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

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

CONNECT_TIMEOUT_SECONDS = 3

# The errors of InvokeModel in Bedrock's service model. 400 and 404 depend on the model and are
# answered in `_refused`.
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

# The order counts: the first class that fits. What never reached the service can be tried
# again; what ended after it was sent may have been paid for.
_BY_CONNECTION: tuple[tuple[type[BotoCoreError], type[EaselError]], ...] = (
    (ConnectTimeoutError, ModelUnavailableError),
    (EndpointConnectionError, ModelUnavailableError),
    (ReadTimeoutError, ModelTimeoutError),
    (ConnectionClosedError, ModelFailedError),
    (HTTPClientError, ModelFailedError),
    (IncompleteReadError, ModelFailedError),
)


def client_config(read_timeout_seconds: int) -> Config:
    """One attempt: the state machine owns the retries, and a second read may be paid again."""
    return Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=read_timeout_seconds,
        retries={"mode": "standard", "total_max_attempts": 1},
    )


class FoundationModels:
    """The models of one region. `quoting`: whether errors hold the service's own words, which may
    quote a prompt, or only its codes."""

    def __init__(self, client: "BedrockRuntimeClient", *, quoting: bool) -> None:
        self._client = client
        self._quoting = quoting

    def invoke(self, model: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One call, which may cost money. The response body; any EaselError of the tables."""
        try:
            response = self._client.invoke_model(
                modelId=model,
                body=json.dumps(body, ensure_ascii=False).encode(),
                contentType="application/json",
                accept="application/json",
            )
            answer = response["body"].read()
        except ClientError as error:
            raise _refused(error, model, quoting=self._quoting) from error
        except BotoCoreError as error:
            raise _broken(error) from error
        try:
            parsed = json.loads(answer)
        except ValueError as error:
            raise ModelFailedError(detail="response is not JSON") from error
        if not isinstance(parsed, dict):
            raise ModelFailedError(detail="response is no JSON object")
        return parsed


def _refused(error: ClientError, model: str, *, quoting: bool) -> EaselError:
    code = error.response["Error"]["Code"]
    detail = f"{code}: {error.response['Error'].get('Message', '')}" if quoting else code
    refused = _BY_CODE.get(code, InternalError)
    if refused is ModelNotFoundError:
        retired = CATALOG[model].retired
        if retired is not None:
            return ModelRetiredError(
                f"{model} reached the end of its life ({retired.date}). Use {retired.successor}.",
                param="model",
                detail=detail,
            )
        return ModelNotFoundError(
            f"Bedrock does not offer {model} to this account. Choose another model.",
            param="model",
            detail=detail,
        )
    if refused is InvalidRequestError:
        return InvalidRequestError(
            "The model refused the request, as invalid or by its content filter. "
            "Change the prompt or the parameters.",
            param="prompt",
            detail=detail,
        )
    return refused(detail=detail)  # type: ignore[call-arg]


def _broken(error: BotoCoreError) -> EaselError:
    for broken, meaning in _BY_CONNECTION:
        if isinstance(error, broken):
            return meaning(detail=type(error).__name__)  # type: ignore[call-arg]
    return InternalError(detail=type(error).__name__)
