"""Where to: the local stack, or a deployment with an API key or SigV4, never the one's key to the
other."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from easel.exits import CommandError, Exit

if TYPE_CHECKING:
    from botocore.session import Session

LOCAL_URL = "http://127.0.0.1:8080"
LOCAL_AWS_URL = "http://127.0.0.1:8081"
LOCAL_KEY = "local"
LOCAL_REGION = "us-east-1"

ENDPOINT = "EASEL_ENDPOINT"
API_KEY = "EASEL_API_KEY"
AWS_ENDPOINT = "EASEL_AWS_ENDPOINT"

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_API_GATEWAY_HOST = re.compile(r"[a-z0-9-]+\.execute-api\.(?P<region>[a-z0-9-]+)\.amazonaws\.com.*")


@dataclass(frozen=True)
class Asked:
    """What the command line says about where to; None where it says nothing."""

    endpoint: str | None = None
    api_key: str | None = None
    profile: str | None = None
    region: str | None = None
    aws_endpoint: str | None = None


@dataclass(frozen=True)
class Target:
    """An API: its root, and how to prove oneself there. Without `api_key`, calls are signed.

    `aws_url` is the AWS endpoint of a local stack. `region` is the API's, where its host names it.
    """

    url: str
    local: bool
    api_key: str | None = field(default=None, repr=False)
    profile: str | None = None
    region: str | None = None
    aws_url: str = LOCAL_AWS_URL


def target_of(asked: Asked, environ: Mapping[str, str]) -> Target:
    """CommandError where an endpoint is no URL that a key may be sent to."""
    url = _root(asked.endpoint or environ.get(ENDPOINT) or LOCAL_URL)
    host = urlsplit(url).hostname or ""
    local = host in _LOOPBACK
    gateway = _API_GATEWAY_HOST.fullmatch(host)
    return Target(
        url=url,
        local=local,
        api_key=asked.api_key
        or _own_key(url, asked, environ, local=local)
        or (LOCAL_KEY if local else None),
        profile=asked.profile,
        region=asked.region or (gateway["region"] if gateway else None),
        aws_url=_root(asked.aws_endpoint or environ.get(AWS_ENDPOINT) or LOCAL_AWS_URL),
    )


def aws_session(target: Target, *, local: bool) -> "Session":
    """A session with the local stack's credentials, or those of the usual chain. CommandError."""
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        session = Session(profile=None if local else target.profile)
        if local:
            session.set_credentials(LOCAL_KEY, LOCAL_KEY)
            session.set_config_variable("region", LOCAL_REGION)
        # botocore reads AWS_DEFAULT_REGION alone; CDK takes AWS_REGION too, and first.
        elif region := target.region or os.environ.get("AWS_REGION"):
            session.set_config_variable("region", region)
        session.get_scoped_config()
    except BotoCoreError as error:
        raise CommandError(
            Exit.HERE, f"{error}. Name another with --profile or AWS_PROFILE."
        ) from error
    return session


def signed_headers(
    target: Target, method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> dict[str, str]:
    """The headers with SigV4's for execute-api. CommandError without credentials or region."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError

    session = aws_session(target, local=target.local)
    region = session.get_config_variable("region")
    if not region:
        raise CommandError(Exit.HERE, "No AWS region is known. Give one with --region.")
    try:
        found: Any = session.get_credentials()
        credentials = found.get_frozen_credentials() if found else None
    except BotoCoreError as error:
        raise CommandError(Exit.HERE, f"The AWS credentials are not good: {error}") from error
    if credentials is None:
        raise CommandError(
            Exit.HERE,
            f"{target.url} wants a key or a signature. Give --api-key or {API_KEY}, or AWS "
            "credentials (--profile, AWS_PROFILE, AWS_ACCESS_KEY_ID).",
        )
    request = AWSRequest(method=method, url=url, data=body or b"", headers=dict(headers))
    SigV4Auth(credentials, "execute-api", region).add_auth(request)
    return dict(request.headers.items())


def _own_key(url: str, asked: Asked, environ: Mapping[str, str], *, local: bool) -> str | None:
    """The environment's key belongs to the environment's endpoint. Where that is not set, it goes
    to the deployment that the command line names, never to a local stack."""
    own = environ.get(ENDPOINT)
    belongs = _origin(url) == _origin(_root(own)) if own else not local
    return environ.get(API_KEY) or None if belongs else None


def _root(endpoint: str) -> str:
    """The API's root; the stack's output ApiUrl has /images behind it."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise CommandError(Exit.USAGE, f"{endpoint} is no URL such as https://host/v1/images.")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise CommandError(
            Exit.USAGE, f"{endpoint} would carry keys and signatures in the clear: use https."
        )
    path = parts.path.rstrip("/").removesuffix("/images")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
