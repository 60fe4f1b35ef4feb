"""Who calls and what they may do: SigV4 signatures and IAM policies, checked as AWS checks them.

The roles and their sessions are moto's. Moto itself checks no resource, no condition and no
presigned URL, so signatures are computed here with botocore and policies are evaluated here.
"""

import fnmatch
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import Role, iam_backends
from moto.sts.models import sts_backends
from werkzeug.wrappers import Request

PARTITION = "aws"
CLOCK_SKEW = timedelta(minutes=15)
OPERATOR_KEY = "local"
OPERATOR_SECRET = "local"  # noqa: S105 - opens nothing but this machine's loopback

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<credential>[^,]+), ?"
    r"SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})$"
)
_UNSIGNED = frozenset({"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"})
_TIMESTAMP = "%Y%m%dT%H%M%SZ"


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
class _Session:
    credentials: Credentials
    arn: str
    role: str | None
    expires: datetime | None


@dataclass(frozen=True)
class _Claim:
    """What a signed request says of itself."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: frozenset[str]
    signature: str
    timestamp: str
    token: str | None

    @property
    def signed_at(self) -> datetime:
        return datetime.strptime(self.timestamp, _TIMESTAMP).replace(tzinfo=UTC)


def authenticate(request: Request, body: bytes, *, now: datetime) -> Caller:
    """The caller of a request signed by header or by presigned URL. Raises RefusedError."""
    presigned = "X-Amz-Signature" in request.args
    claim = _query_claim(request) if presigned else _header_claim(request)
    session = _session(claim)
    if session.expires is not None and now >= session.expires:
        raise RefusedError("ExpiredToken", "The provided token has expired.", 400)
    if presigned:
        expires = claim.signed_at + timedelta(seconds=int(request.args["X-Amz-Expires"]))
        if now >= expires:
            raise RefusedError("AccessDenied", "Request has expired")
    elif abs(now - claim.signed_at) > CLOCK_SKEW:
        raise RefusedError(
            "RequestTimeTooSkewed" if claim.service == "s3" else "InvalidSignatureException",
            f"Signature expired: {claim.timestamp} is not within 15 minutes of the time here.",
        )
    if not hmac.compare_digest(
        _signature(request, body, claim, session, presigned), claim.signature
    ):
        raise RefusedError(
            "SignatureDoesNotMatch" if claim.service == "s3" else "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        )
    return Caller(session.arn, session.role, claim.region, claim.service)


def authorise(
    caller: Caller, action: str, resource: str, context: Mapping[str, str] | None = None
) -> None:
    """Raises RefusedError where the caller's role does not allow the action on the resource."""
    if not may(caller, action, resource, context):
        raise RefusedError(
            "AccessDenied" if action.startswith("s3:") else "AccessDeniedException",
            f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} "
            f"because no identity-based policy allows the {action} action",
        )


def may(
    caller: Caller, action: str, resource: str, context: Mapping[str, str] | None = None
) -> bool:
    """Whether the policies of the caller's role allow an action: an explicit deny wins."""
    if caller.role is None:
        return True
    decision = False
    for statement in _statements(caller.role):
        if not _matches(statement, "Action", action, ignore_case=True):
            continue
        if not _matches(statement, "Resource", resource):
            continue
        if not _conditions_hold(statement.get("Condition", {}), context or {}):
            continue
        if statement["Effect"] == "Deny":
            return False
        decision = True
    return decision


def _header_claim(request: Request) -> _Claim:
    header = request.headers.get("Authorization")
    if header is None:
        raise RefusedError(
            "MissingAuthenticationToken",
            "The request is not signed. Local credentials: "
            f"AWS_ACCESS_KEY_ID={OPERATOR_KEY} AWS_SECRET_ACCESS_KEY={OPERATOR_SECRET}",
        )
    found = _AUTHORIZATION.match(header)
    timestamp = request.headers.get("X-Amz-Date", "")
    if found is None or not re.fullmatch(r"\d{8}T\d{6}Z", timestamp):
        raise RefusedError(
            "IncompleteSignature", "The signature is not a complete SigV4 signature."
        )
    access_key, date, region, service = _scope(found["credential"])
    return _Claim(
        access_key=access_key,
        date=date,
        region=region,
        service=service,
        signed_headers=frozenset(found["headers"].lower().split(";")),
        signature=found["signature"],
        timestamp=timestamp,
        token=request.headers.get("X-Amz-Security-Token"),
    )


def _query_claim(request: Request) -> _Claim:
    query = request.args
    timestamp = query.get("X-Amz-Date", "")
    if not re.fullmatch(r"\d{8}T\d{6}Z", timestamp) or not query.get("X-Amz-Expires", "").isdigit():
        raise RefusedError(
            "AuthorizationQueryParametersError", "A parameter of the presigned URL is wrong.", 400
        )
    access_key, date, region, service = _scope(query.get("X-Amz-Credential", ""))
    return _Claim(
        access_key=access_key,
        date=date,
        region=region,
        service=service,
        signed_headers=frozenset(query.get("X-Amz-SignedHeaders", "").lower().split(";")),
        signature=query["X-Amz-Signature"],
        timestamp=timestamp,
        token=query.get("X-Amz-Security-Token"),
    )


def _scope(credential: str) -> tuple[str, str, str, str]:
    parts = credential.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise RefusedError("IncompleteSignature", "The credential scope is not complete.")
    return parts[0], parts[1], parts[2], parts[3]


def _session(claim: _Claim) -> _Session:
    if claim.access_key == OPERATOR_KEY and claim.token is None:
        arn = f"arn:{PARTITION}:iam::{DEFAULT_ACCOUNT_ID}:user/operator"
        return _Session(Credentials(OPERATOR_KEY, OPERATOR_SECRET), arn, None, None)
    for assumed in sts_backends[DEFAULT_ACCOUNT_ID][PARTITION].assumed_roles:
        if assumed.access_key_id == claim.access_key and assumed.session_token == claim.token:
            return _Session(
                Credentials(assumed.access_key_id, assumed.secret_access_key, claim.token),
                assumed.arn,
                assumed.role_arn.split("/")[-1],
                assumed.expiration.replace(tzinfo=UTC),
            )
    code = "InvalidAccessKeyId" if claim.service == "s3" else "UnrecognizedClientException"
    raise RefusedError(
        code,
        "The security token included in the request is invalid. Local credentials: "
        f"AWS_ACCESS_KEY_ID={OPERATOR_KEY} AWS_SECRET_ACCESS_KEY={OPERATOR_SECRET}",
    )


def _signature(
    request: Request, body: bytes, claim: _Claim, session: _Session, presigned: bool
) -> str:
    """The signature that the session's secret gives for this request."""
    signer: SigV4Auth
    if presigned:
        signer = S3SigV4QueryAuth(session.credentials, claim.service, claim.region)
    elif claim.service == "s3":
        signer = S3SigV4Auth(session.credentials, claim.service, claim.region)
    else:
        signer = SigV4Auth(session.credentials, claim.service, claim.region)

    uri = urlsplit(request.environ["RAW_URI"])
    query = uri.query
    if presigned:
        query = "&".join(
            pair for pair in query.split("&") if not pair.startswith("X-Amz-Signature=")
        )
    headers = {
        name: value
        for name, value in request.headers.items()
        if name.lower() in claim.signed_headers
    }
    signed = AWSRequest(
        method=request.method,
        url=f"http://{request.host}{uri.path}{'?' + query if query else ''}",
        headers=headers,
        data=body,
    )
    signed.context["timestamp"] = claim.timestamp
    digest = headers.get("X-Amz-Content-Sha256")
    if (
        digest is not None
        and digest not in _UNSIGNED
        and digest != hashlib.sha256(body).hexdigest()
    ):
        raise RefusedError(
            "XAmzContentSHA256Mismatch", "The body is not the one that was signed.", 400
        )
    return str(
        signer.signature(signer.string_to_sign(signed, signer.canonical_request(signed)), signed)
    )


def check_trust(role_arn: str, service: str) -> None:
    """Raises RefusedError where a role's trust policy does not let a service act in it.

    Its conditions, on who uses the service, hold: everything here is one account's.
    """
    for statement in _listed(_document(_role(role_arn).assume_role_policy_document)["Statement"]):
        services = _listed(statement.get("Principal", {}).get("Service", []))
        if statement["Effect"] == "Allow" and service in services:
            return
    raise RefusedError("AccessDenied", f"{service} is not authorized to assume {role_arn}")


def without_signature(uri: str) -> str:
    """A presigned URL's path and query, less what signs it."""
    parts = urlsplit(uri)
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not name.startswith("X-Amz-")
    ]
    return parts.path + ("?" + urlencode(kept) if kept else "")


def _statements(role_name: str) -> Iterable[dict[str, Any]]:
    role = _role(role_name)
    documents = list(role.policies.values())
    for policy in role.managed_policies.values():
        documents += [version.document for version in policy.versions if version.is_default]
    for document in documents:
        yield from _listed(_document(document)["Statement"])


def _role(name: str) -> Role:
    """A role by its name or ARN."""
    roles = iam_backends[DEFAULT_ACCOUNT_ID][PARTITION].roles.values()
    return next(role for role in roles if name in (role.name, role.arn))


def _document(policy: Any) -> dict[str, Any]:
    return dict(json.loads(policy) if isinstance(policy, str) else policy)


def _matches(
    statement: Mapping[str, Any], element: str, value: str, *, ignore_case: bool = False
) -> bool:
    """Whether an Action or Resource element, or its Not- form, covers a value."""
    inverted = f"Not{element}" in statement
    patterns = _listed(statement[f"Not{element}" if inverted else element])
    if ignore_case:
        value = value.lower()
        patterns = [pattern.lower() for pattern in patterns]
    return any(_like(value, pattern) for pattern in patterns) != inverted


def _conditions_hold(conditions: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    for operator, wanted in conditions.items():
        for key, patterns in wanted.items():
            given = context.get(key)
            match operator:
                case "StringEquals" | "ArnEquals" | "Bool":
                    holds = given in _listed(patterns)
                case "StringLike" | "ArnLike":
                    holds = given is not None and any(
                        _like(given, pattern) for pattern in _listed(patterns)
                    )
                case _:
                    raise NotImplementedError(f"IAM condition operator {operator}")
            if not holds:
                return False
    return True


def _like(value: str, pattern: str) -> bool:
    """IAM wildcards: * and ?, and no others."""
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def _listed(element: Any) -> list[Any]:
    return element if isinstance(element, list) else [element]
