"""The AWS credentials of a target: a session with them, and a request signed by them."""

from collections.abc import Mapping
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from easel.aws import session_of
from easel.exits import CommandError, Exit
from easel.target import API_KEY, Target


def session_for(target: Target, *, local: bool) -> Session:
    """Returns a session with the local stack's credentials, or with the target's. CommandError."""
    try:
        return session_of(local=local, profile=target.profile, region=target.region)
    except BotoCoreError as error:
        raise CommandError(
            Exit.HERE, f"{error}. Name another with --profile or AWS_PROFILE."
        ) from error


def signed_headers(
    target: Target, method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> dict[str, str]:
    """Adds SigV4's headers for execute-api. Raises CommandError without credentials or region."""
    session = session_for(target, local=target.local)
    region = session.get_config_variable("region")
    if not region:
        raise CommandError(Exit.HERE, "No AWS region is known. Give one with --region.")
    try:
        found: Any = session.get_credentials()
        credentials = found.get_frozen_credentials() if found else None
    except BotoCoreError as error:
        raise CommandError(Exit.HERE, f"The AWS credentials do not work: {error}") from error
    if credentials is None:
        raise CommandError(
            Exit.HERE,
            f"{target.url} wants a key or a signature. Give --api-key or {API_KEY}, or AWS "
            "credentials (--profile, AWS_PROFILE, AWS_ACCESS_KEY_ID).",
        )
    request = AWSRequest(method=method, url=url, data=body or b"", headers=dict(headers))
    SigV4Auth(credentials, "execute-api", region).add_auth(request)
    return dict(request.headers.items())
