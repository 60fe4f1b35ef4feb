"""Asks AWS: what comes back is an answer, or the reason why there is none."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Any

from botocore import exceptions, xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session, get_session

# The local stack's credentials and region.
LOCAL_KEY = "local"
LOCAL_REGION = "us-east-1"

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=5, read_timeout=20
)


class Reason(Enum):
    """Why a question has no answer."""

    ABSENT = auto()
    DENIED = auto()
    CREDENTIALS = auto()
    UNREACHABLE = auto()
    NOT_HERE = auto()
    REFUSED = auto()


# By the codes of the service models, and of the signature check before all services.
_CODES: Mapping[Reason, tuple[str, ...]] = {
    Reason.ABSENT: (
        "NoSuchResourceException",
        "NotFoundException",
        "ParameterNotFound",
        "ResourceNotFoundException",
        "StateMachineDoesNotExist",
    ),
    Reason.DENIED: ("AccessDenied", "AccessDeniedException", "UnauthorizedException"),
    Reason.CREDENTIALS: (
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
}
_ERRORS: Mapping[Reason, tuple[type[BotoCoreError], ...]] = {
    Reason.CREDENTIALS: (
        exceptions.CredentialRetrievalError,
        exceptions.LoginError,
        exceptions.NoAuthTokenError,
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.SSOError,
        exceptions.TokenRetrievalError,
    ),
    Reason.UNREACHABLE: (exceptions.ConnectionError, exceptions.HTTPClientError),
}

# HTTP's own word for an endpoint that lacks an operation; AWS has it for none of these calls.
_NOT_IMPLEMENTED = 501


@dataclass(frozen=True)
class Unanswered:
    """A call without an answer. `action` is the permission that it needs, `code` the service's."""

    reason: Reason
    action: str
    code: str
    message: str


Answer = Mapping[str, Any] | Unanswered


class Account:
    """One account in one region. `client_for` makes a client of a service in a region."""

    def __init__(self, client_for: Callable[[str, str], Any], region: str) -> None:
        self.region = region
        self._client_for = client_for
        self._client = cache(lambda service: client_for(service, region))

    @classmethod
    def of(cls, session: Session, region: str, endpoint: str | None = None) -> "Account":
        """Returns the account that a session's credentials are for; `endpoint` is the local
        stack's."""

        def client_for(service: str, region: str) -> Any:
            return session.create_client(
                service, region_name=region, endpoint_url=endpoint, config=_CONFIG
            )

        return cls(client_for, region)

    def at(self, region: str) -> "Account":
        """Returns the same account in another region."""
        return Account(self._client_for, region)

    def ask(self, service: str, operation: str, **request: Any) -> Answer:
        """Makes one call, `operation` as boto3 names its method."""
        try:
            return dict(getattr(self._client(service), operation)(**request))
        except (ClientError, BotoCoreError) as error:
            return _unanswered(error, _action(service, operation))

    def ask_all(
        self, service: str, operation: str, member: str, **request: Any
    ) -> Sequence[Mapping[str, Any]] | Unanswered:
        """Returns a list that comes in pages."""
        try:
            pages = self._client(service).get_paginator(operation).paginate(**request)
            return [item for page in pages for item in page.get(member, [])]
        except (ClientError, BotoCoreError) as error:
            return _unanswered(error, _action(service, operation))


def session_of(*, local: bool, profile: str | None = None, region: str | None = None) -> Session:
    """Returns a session with the local stack's credentials, or those of the usual chain.

    Raises BotoCoreError where the profile is not there.
    """
    session = Session(profile=None if local else profile)
    if local:
        session.set_credentials(LOCAL_KEY, LOCAL_KEY)
        session.set_config_variable("region", LOCAL_REGION)
    # botocore reads AWS_DEFAULT_REGION alone; CDK takes AWS_REGION too, and first.
    elif region := region or os.environ.get("AWS_REGION"):
        session.set_config_variable("region", region)
    session.get_scoped_config()
    return session


def _unanswered(error: ClientError | BotoCoreError, action: str) -> Unanswered:
    if isinstance(error, BotoCoreError):
        by_kind = [reason for reason, kinds in _ERRORS.items() if isinstance(error, kinds)]
        return Unanswered((*by_kind, Reason.REFUSED)[0], action, type(error).__name__, str(error))
    code = error.response["Error"]["Code"]
    by_code = [reason for reason, codes in _CODES.items() if code in codes]
    if error.response["ResponseMetadata"].get("HTTPStatusCode") == _NOT_IMPLEMENTED:
        by_code = [Reason.NOT_HERE]
    message = error.response["Error"].get("Message", "")
    return Unanswered((*by_code, Reason.REFUSED)[0], action, code, message)


def _action(service: str, operation: str) -> str:
    """Returns the permission of an operation. API Gateway's are named after HTTP's methods, and
    CloudWatch's not by the name that its calls are signed for."""
    if service == "apigateway":
        return "apigateway:GET"
    model = get_session().get_service_model(service)
    (name,) = [name for name in model.operation_names if xform_name(name) == operation]
    prefix = service if service == "cloudwatch" else model.signing_name
    return f"{prefix}:{name}"
