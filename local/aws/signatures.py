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
_PARAMETERS = ("Credential", "Date", "Expires", "Security-Token", "Signature", "SignedHeaders")
_UNSIGNED = frozenset({"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"})
_HINT = (
    f"Local credentials: AWS_ACCESS_KEY_ID={OPERATOR_KEY} AWS_SECRET_ACCESS_KEY={OPERATOR_SECRET}"
)
_URL_HINT = (
    "A presigned URL ends with the local stack that signed it: GET /images/{id} gives a fresh one."
)


@dataclass(frozen=True)
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
    timestamp: str
    token: str | None
    expires: int | None


@dataclass(frozen=True)
class _Session:
    credentials: Credentials
    caller: Caller
    expires: datetime | None = None


def authenticate(request: Request, body: bytes, *, now: datetime) -> Caller:
    """Returns the caller of a signed request. Raises RefusedError."""
    given = _read(request)
    session = _session(given)
    if session.expires is not None and now >= session.expires:
        raise RefusedError("ExpiredToken", "The provided token has expired.", 400)
    signed_at = datetime.strptime(given.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    of_s3 = given.service == "s3"
    if given.expires is not None:
        if now >= signed_at + timedelta(seconds=given.expires):
            raise RefusedError("AccessDenied", "Request has expired")
    elif abs(now - signed_at) > CLOCK_SKEW:
        raise RefusedError(
            "RequestTimeTooSkewed" if of_s3 else "InvalidSignatureException",
            f"Signature expired: {given.timestamp} is not within 15 minutes of the time here.",
        )
    if not hmac.compare_digest(_signed_again(request, body, given, session), given.signature):
        raise RefusedError(
            "SignatureDoesNotMatch" if of_s3 else "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        )
    return session.caller


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
    dated = re.fullmatch(r"\d{8}T\d{6}Z", given.get("Date", ""))
    if len(scope) != 5 or scope[4] != "aws4_request" or not dated or not expires.isdigit():
        raise wrong
    if presigned and scope[3] != "s3":  # any web page can send such a GET: it may only read
        raise RefusedError(wrong.code, "On this machine only S3's URLs are presigned.", 403)
    return _Signature(
        access_key=scope[0],
        region=scope[2],
        service=scope[3],
        signed_headers=given.get("SignedHeaders", "").lower().split(";"),
        signature=given["Signature"],
        timestamp=given["Date"],
        token=given.get("Security-Token"),
        expires=int(expires) if presigned else None,
    )


def _session(given: _Signature) -> _Session:
    if given.access_key == OPERATOR_KEY and given.token is None:
        arn = f"arn:{PARTITION}:iam::{DEFAULT_ACCOUNT_ID}:user/operator"
        operator = Caller(arn, None, given.region, given.service)
        return _Session(Credentials(OPERATOR_KEY, OPERATOR_SECRET), operator)
    for assumed in sts_backends[DEFAULT_ACCOUNT_ID][PARTITION].assumed_roles:
        if assumed.access_key_id == given.access_key and assumed.session_token == given.token:
            role = assumed.role_arn.split("/")[-1]
            secret = Credentials(given.access_key, assumed.secret_access_key, given.token)
            caller = Caller(assumed.arn, role, given.region, given.service)
            return _Session(secret, caller, assumed.expiration.replace(tzinfo=UTC))
    hint = _HINT if given.expires is None else _URL_HINT
    raise RefusedError(
        "InvalidAccessKeyId" if given.service == "s3" else "UnrecognizedClientException",
        f"The security token included in the request is invalid. {hint}",
    )


def _signed_again(request: Request, body: bytes, given: _Signature, session: _Session) -> str:
    """Returns the signature that the session's secret gives for this request."""
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
    )(session.credentials, given.service, given.region)  # fmt: skip
    uri = urlsplit(request.environ["RAW_URI"])
    query = [each for each in uri.query.split("&") if not each.startswith("X-Amz-Signature=")]
    url = f"http://{request.host}{uri.path}?{'&'.join(query)}".removesuffix("?")
    signed = AWSRequest(method=request.method, url=url, headers=headers, data=body)
    signed.context["timestamp"] = given.timestamp
    return str(
        signer.signature(signer.string_to_sign(signed, signer.canonical_request(signed)), signed)
    )
