"""Where a command goes: the local stack, or a deployment. Neither ever gets the other's key."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from easel.exits import CommandError, Exit

LOCAL_URL = "http://127.0.0.1:8080"
LOCAL_AWS_URL = "http://127.0.0.1:8081"
LOCAL_API_KEY = "local"

ENDPOINT = "EASEL_ENDPOINT"
API_KEY = "EASEL_API_KEY"
AWS_ENDPOINT = "EASEL_AWS_ENDPOINT"

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_API_GATEWAY_HOST = re.compile(r"[a-z0-9-]+\.execute-api\.(?P<region>[a-z0-9-]+)\.amazonaws\.com.*")


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


def target_of(
    environ: Mapping[str, str],
    endpoint: str | None = None,
    api_key: str | None = None,
    profile: str | None = None,
    region: str | None = None,
    aws_endpoint: str | None = None,
) -> Target:
    """Returns what the options name, else the environment, else the local stack.

    Raises CommandError where an endpoint is not a URL that a key may be sent to.
    """
    url = _root(endpoint or environ.get(ENDPOINT) or LOCAL_URL)
    host = urlsplit(url).hostname or ""
    local = host in _LOOPBACK
    gateway = _API_GATEWAY_HOST.fullmatch(host)
    return Target(
        url=url,
        local=local,
        api_key=api_key
        or _own_key(url, environ, local=local)
        or (LOCAL_API_KEY if local else None),
        profile=profile,
        region=region or (gateway["region"] if gateway else None),
        aws_url=_root(aws_endpoint or environ.get(AWS_ENDPOINT) or LOCAL_AWS_URL),
    )


def _own_key(url: str, environ: Mapping[str, str], *, local: bool) -> str | None:
    """Returns the environment's key, if it may go to a URL.

    It belongs to the environment's endpoint. Where that is not set, it goes to the deployment
    that the command line names, never to a local stack.
    """
    own = environ.get(ENDPOINT)
    belongs = _origin(url) == _origin(_root(own)) if own else not local
    return environ.get(API_KEY) or None if belongs else None


def _root(endpoint: str) -> str:
    """Returns the API's root; the stack's output ApiUrl has /images behind it."""
    try:
        parts = urlsplit(endpoint)
        is_url = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or parts.scheme not in ("http", "https") or parts.username:
        raise CommandError(Exit.USAGE, f"{endpoint} is not a URL such as https://host/v1/images.")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise CommandError(
            Exit.USAGE, f"{endpoint} would carry keys and signatures in the clear: use https."
        )
    path = parts.path.rstrip("/").removesuffix("/images")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
