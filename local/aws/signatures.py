"""Tells who signed a request, by header or by presigned URL, as AWS tells it.

moto does not check presigned URLs, so botocore signs each request again here, to compare.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sts.models import sts_backends
from werkzeug.wrappers import Request

PARTITION = "aws"
CLOCK_SKEW = timedelta(minutes=15)
OPERATOR_KEY = "local"
OPERATOR_SECRET = "local"  # noqa: S105 - opens nothing but this machine's loopback

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<Credential>[^,]+), ?"
    r"SignedHeaders=(?P<SignedHeaders>[^,]+), ?Signature=(?P<Signature>[0-9a-f]{64})$"
)
_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_PARAMETERS = ("Credential", "Date", "Expires", "Security-Token", "Signature", "SignedHeaders")
_UNSIGNED = frozenset({"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"})
_HINT = (
    f"Local credentials: AWS_ACCESS_KEY_ID={OPERATOR_KEY} AWS_SECRET_ACCESS_KEY={OPERATOR_SECRET}"
)
_URL_HINT = (
    "A presigned URL ends with the local stack that signed it: GET /images/{id} gives a fresh one."
)


@dataclass(eq=False)  # Python writes into exceptions on their way, so it is not frozen
class RefusedError(Exception):
    """A request that AWS would refuse. `code` as the service names it."""

    code: str
    message: str
    status: int = 403


@dataclass(frozen=True)
class Caller:
    """Whose signature a request carries. `role` is None for the operator, who may do anything."""

    arn: str
    role: str | None
    region: str
    service: str


@dataclass(frozen=True)
class _Signature:
    """What a request says of its signature. `expires` is that of a presigned URL, in seconds."""

    access_key: str
    region: str
    service: str
    signed_headers: list[str]
    signature: str
    signed_at: datetime
    token: str | None
    expires: int | None


def authenticate(request: Request, body: bytes, *, now: datetime) -> Caller:
    """Returns the caller of a signed request. Raises RefusedError."""
    given = _read(request)
    credentials, caller, expires = _session(given)
    if expires is not None and now >= expires:
        raise RefusedError("ExpiredToken", "The provided token has expired.", 400)
    of_s3, age = given.service == "s3", now - given.signed_at
    if given.expires is not None:
        if age >= timedelta(seconds=given.expires):
            raise RefusedError("AccessDenied", "Request has expired")
        if age < -CLOCK_SKEW:
            raise RefusedError("AccessDenied", "Request is not valid yet")
    elif abs(age) > CLOCK_SKEW:
        raise RefusedError(
            "RequestTimeTooSkewed" if of_s3 else "InvalidSignatureException",
            f"Signature expired: {given.signed_at:{_TIMESTAMP}} is not within 15 minutes "
            "of the time here.",
        )
    if not hmac.compare_digest(_signed_again(request, body, given, credentials), given.signature):
        raise RefusedError(
            "SignatureDoesNotMatch" if of_s3 else "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        )
    return caller


def _read(request: Request) -> _Signature:
    presigned = "X-Amz-Signature" in request.args
    said = request.args if presigned else request.headers
    given = {name: said[f"X-Amz-{name}"] for name in _PARAMETERS if f"X-Amz-{name}" in said}
    if presigned:
        wrong = RefusedError(
            "AuthorizationQueryParametersError", "A parameter of the presigned URL is wrong.", 400
        )
    else:
        if "Authorization" not in request.headers:
            message = f"The request is not signed. {_HINT}"
            raise RefusedError("MissingAuthenticationToken", message)
        wrong = RefusedError(
            "IncompleteSignature", "The signature is not a complete SigV4 signature."
        )
        found = _AUTHORIZATION.match(request.headers["Authorization"])
        given |= found.groupdict() if found else {"Credential": ""}
    scope = given.get("Credential", "").split("/")
    expires = given.get("Expires", "") if presigned else "0"
    whole = len(scope) == 5 and scope[4] == "aws4_request"
    if not whole or not expires.isdecimal() or int(expires) > 604_800:  # a week is S3's longest
        raise wrong
    try:
        signed_at = datetime.strptime(given.get("Date", ""), _TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        raise wrong from None
    if presigned and scope[3] != "s3":  # any web page can send such a GET: it may only read
        raise RefusedError(wrong.code, "On this machine only S3's URLs are presigned.", 403)
    return _Signature(
        access_key=scope[0],
        region=scope[2],
        service=scope[3],
        signed_headers=given.get("SignedHeaders", "").lower().split(";"),
        signature=given["Signature"],
        signed_at=signed_at,
        token=given.get("Security-Token"),
        expires=int(expires) if presigned else None,
    )


def _session(given: _Signature) -> tuple[Credentials, Caller, datetime | None]:
    """Returns whose key it is, and when that ends."""
    if given.access_key == OPERATOR_KEY and given.token is None:
        arn = f"arn:{PARTITION}:iam::{DEFAULT_ACCOUNT_ID}:user/operator"
        operator = Caller(arn, None, given.region, given.service)
        return Credentials(OPERATOR_KEY, OPERATOR_SECRET), operator, None
    for assumed in sts_backends[DEFAULT_ACCOUNT_ID][PARTITION].assumed_roles:
        if assumed.access_key_id == given.access_key and assumed.session_token == given.token:
            role = assumed.role_arn.split("/")[-1]
            secret = Credentials(given.access_key, assumed.secret_access_key, given.token)
            caller = Caller(assumed.arn, role, given.region, given.service)
            return secret, caller, assumed.expiration.replace(tzinfo=UTC)
    hint = _HINT if given.expires is None else _URL_HINT
    raise RefusedError(
        "InvalidAccessKeyId" if given.service == "s3" else "UnrecognizedClientException",
        f"The security token included in the request is invalid. {hint}",
    )


def _signed_again(request: Request, body: bytes, given: _Signature, key: Credentials) -> str:
    """Returns the signature that the key's secret gives for this request."""
    sent = request.headers
    headers = {name.title(): sent[name] for name in given.signed_headers if name in sent}
    digest = headers.get("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
    if digest not in _UNSIGNED and digest != hashlib.sha256(body).hexdigest():
        raise RefusedError(
            "XAmzContentSHA256Mismatch", "The body is not the one that was signed.", 400
        )
    signer: SigV4Auth = (
        S3SigV4QueryAuth if given.expires is not None
        else S3SigV4Auth if given.service == "s3"
        else SigV4Auth
    )(key, given.service, given.region)  # fmt: skip
    uri = urlsplit(request.environ["RAW_URI"])
    query = [each for each in uri.query.split("&") if not each.startswith("X-Amz-Signature=")]
    url = f"http://{request.host}{uri.path}?{'&'.join(query)}".removesuffix("?")
    signed = AWSRequest(method=request.method, url=url, headers=headers, data=body)
    signed.context["timestamp"] = given.signed_at.strftime(_TIMESTAMP)
    return str(
        signer.signature(signer.string_to_sign(signed, signer.canonical_request(signed)), signed)
    )
