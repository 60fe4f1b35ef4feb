"""Asks AWS: every call of the doctor goes through here, and comes back as an answer or a reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    LoginError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

# service, region -> boto3 client
ClientFactory = Callable[[str, str], Any]


class Reason(Enum):
    """Why a question has no answer."""

    ABSENT = auto()
    DENIED = auto()
    CREDENTIALS = auto()
    UNREACHABLE = auto()
    NOT_HERE = auto()
    REFUSED = auto()


@dataclass(frozen=True)
class Unanswered:
    """A call without an answer. `action` is the permission that it needs, `code` the service's."""

    reason: Reason
    action: str
    code: str
    message: str


Answer = Mapping[str, Any] | Unanswered

# By the codes of the service models, and of the signature check before all services.
_BY_CODE: Mapping[str, Reason] = {
    **dict.fromkeys(
        (
            "NoSuchResourceException",
            "NotFoundException",
            "ParameterNotFound",
            "ResourceNotFoundException",
            "StateMachineDoesNotExist",
        ),
        Reason.ABSENT,
    ),
    **dict.fromkeys(
        ("AccessDenied", "AccessDeniedException", "UnauthorizedException"), Reason.DENIED
    ),
    **dict.fromkeys(
        (
            "ExpiredToken",
            "ExpiredTokenException",
            "IncompleteSignature",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "MissingAuthenticationToken",
            "RequestExpired",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ),
        Reason.CREDENTIALS,
    ),
}

_NO_CREDENTIALS = (
    CredentialRetrievalError,
    LoginError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

# HTTP's own word for an endpoint that lacks an operation; AWS has it for none of these calls.
_NOT_IMPLEMENTED = 501


def client_config() -> Config:
    return Config(
        retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=5, read_timeout=20
    )


class Account:
    """One account, asked from one region unless a question says another."""

    def __init__(self, client_for: ClientFactory, region: str) -> None:
        self.region = region
        self._client_for = client_for
        self._clients: dict[tuple[str, str], Any] = {}

    def ask(
        self, service: str, operation: str, *, region: str | None = None, **request: Any
    ) -> Answer:
        """One call, `operation` as boto3 names its method."""
        try:
            return dict(getattr(self._client(service, region), operation)(**request))
        except (ClientError, BotoCoreError) as error:
            return _unanswered(error, _action(service, operation))

    def ask_all(
        self,
        service: str,
        operation: str,
        member: str,
        *,
        region: str | None = None,
        **request: Any,
    ) -> Sequence[Mapping[str, Any]] | Unanswered:
        """A list that comes in pages."""
        try:
            pages = self._client(service, region).get_paginator(operation).paginate(**request)
            return [item for page in pages for item in page.get(member, [])]
        except (ClientError, BotoCoreError) as error:
            return _unanswered(error, _action(service, operation))

    def _client(self, service: str, region: str | None) -> Any:
        key = (service, region or self.region)
        if key not in self._clients:
            self._clients[key] = self._client_for(*key)
        return self._clients[key]


def _unanswered(error: ClientError | BotoCoreError, action: str) -> Unanswered:
    if not isinstance(error, ClientError):
        code = type(error).__name__
        if isinstance(error, _NO_CREDENTIALS):
            return Unanswered(Reason.CREDENTIALS, action, code, str(error))
        if isinstance(error, ConnectionError | HTTPClientError):
            return Unanswered(Reason.UNREACHABLE, action, code, str(error))
        return Unanswered(Reason.REFUSED, action, code, str(error))
    code = error.response["Error"]["Code"]
    message = error.response["Error"].get("Message", "")
    if error.response["ResponseMetadata"].get("HTTPStatusCode") == _NOT_IMPLEMENTED:
        return Unanswered(Reason.NOT_HERE, action, code, message)
    return Unanswered(_BY_CODE.get(code, Reason.REFUSED), action, code, message)


def _action(service: str, operation: str) -> str:
    """The permission of an operation. API Gateway's are named after HTTP's methods."""
    if service == "apigateway":
        return "apigateway:GET"
    model = botocore.session.get_session().get_service_model(service)
    (name,) = [name for name in model.operation_names if xform_name(name) == operation]
    return f"{model.signing_name}:{name}"
