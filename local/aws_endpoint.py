"""One AWS endpoint: signatures and IAM in front, then Lambda, Bedrock, Step Functions and moto."""

import io
import threading
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Request, Response

from local.access import Caller, RefusedError, authenticate, authorise, may, without_signature
from local.bedrock import control_plane
from local.bedrock.guardrails import APPLY, Guardrails
from local.bedrock.service import INVOKE, BedrockRuntime
from local.faults import S3_ERRORS, FaultPlan
from local.functions import InvokeApi
from local.functions.api import INVOCATIONS
from local.saved_pictures import SavedPictures
from local.wire_errors import json_error, refused, rest_json_error, s3_error
from local.workflows import executions_of_what, start_sync_execution

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BEDROCK_CONTROL = "/easel/bedrock"
FAULT_CONTROL = "/easel/faults"
_TARGETS = {"AWSStepFunctions": "states", "Logs_20140328": "logs"}

# Where moto would answer for an account that has nothing to do with this stack.
_NO_QUOTAS = "The local stack has no quotas."
_ABSENT_SERVICES = {
    "apigateway": "The local gateway reads its API from the template.",
    "servicequotas": _NO_QUOTAS,
}
_ACCOUNT_SETTINGS = "/2016-08-19/account-settings"


class AwsEndpoint:
    """A WSGI application for every AWS call of the local stack.

    Callers that assumed a role may do what its policies allow; the operator may do anything.
    """

    def __init__(
        self,
        *,
        moto: "WSGIApplication",
        bedrock: BedrockRuntime,
        guardrails: Guardrails,
        faults: FaultPlan,
        sleep: Callable[[float], object],
        saved_pictures: SavedPictures | None,
    ) -> None:
        self._moto = moto
        self._bedrock = bedrock
        self._guardrails = guardrails
        self._faults = faults
        self._sleep = sleep
        self._saved_pictures = saved_pictures
        self._conditional_write = threading.Lock()
        self.functions: InvokeApi | None = None

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        request = Request(environ)
        try:
            body = request.get_data()
        except ClientDisconnected:
            broken = rest_json_error(400, "BadRequest", "The body is cut short.")
            return broken(environ, start_response)
        target = request.headers.get("X-Amz-Target", "")
        if request.path == BEDROCK_CONTROL:
            return self._bedrock.control(request)(environ, start_response)
        if request.path == FAULT_CONTROL:
            return self._faults.control(request)(environ, start_response)
        try:
            caller = authenticate(request, body, now=datetime.now(UTC))
            answer = self._dispatch(request, body, caller, target)
        except RefusedError as refusal:
            answer = refused(refusal, _service_of(request), json_target=bool(target))
        return answer(environ, start_response)

    def _dispatch(
        self, request: Request, body: bytes, caller: Caller, target: str
    ) -> "WSGIApplication":
        if caller.service == "lambda" and (match := INVOCATIONS.fullmatch(request.path)):
            return self._invoke_function(request, body, caller, unquote(match["name"]))
        if caller.service == "bedrock" and (match := INVOKE.fullmatch(_raw_path(request))):
            return self._bedrock.invoke(request, body, caller, match["model"])
        if caller.service == "bedrock" and (match := APPLY.fullmatch(_raw_path(request))):
            return self._guardrails.apply(request, body, caller, match["id"], match["version"])
        if caller.service == "bedrock" and (
            described := control_plane.describe(request, _raw_path(request), caller)
        ):
            return described
        if caller.service in _ABSENT_SERVICES:
            return _absent(_ABSENT_SERVICES[caller.service], json_target=bool(target))
        if request.path == _ACCOUNT_SETTINGS:
            return _absent(_NO_QUOTAS, json_target=False)
        if target == "AWSStepFunctions.StartSyncExecution":
            return start_sync_execution(body, caller)
        if target == "AWSStepFunctions.ListExecutions" and b"Arn" not in body:
            return executions_of_what(caller)
        if caller.service == "s3":
            return self._s3(request, body, caller)
        if caller.role is not None:
            authorise(caller, *_action(request, body, caller, target))
        return self._forward(request, body)

    def _invoke_function(
        self, request: Request, body: bytes, caller: Caller, name: str
    ) -> "WSGIApplication":
        if self.functions is None:
            raise RefusedError("ServiceException", "The functions are not started yet.", 503)
        authorise(caller, "lambda:InvokeFunction", name)
        request.environ["wsgi.input"] = io.BytesIO(body)
        return self.functions

    def _s3(self, request: Request, body: bytes, caller: Caller) -> "WSGIApplication":
        bucket, _, key = unquote(_raw_path(request)).removeprefix("/").partition("/")
        authorise(caller, *_s3_action(request, bucket, key))
        if caller.role is not None and (fault := self._faults.take(_s3_operation(request), key)):
            if fault.kind != "hang":
                status, message = S3_ERRORS[fault.kind]
                return s3_error(status, fault.kind, message)
            self._sleep(fault.seconds)
        # moto looks and writes in two steps, S3 in one.
        conditional = {"If-Match", "If-None-Match"} & set(request.headers.keys())
        with self._conditional_write if conditional else nullcontext():
            answered = Response.from_app(
                self._forward(request, body), request.environ, buffered=True
            )
        if (
            answered.status_code == 404
            and key
            and not may(caller, "s3:ListBucket", f"arn:aws:s3:::{bucket}")
        ):
            # S3 tells only those who may list a bucket that an object is not there.
            return s3_error(403, "AccessDenied", "Access Denied")
        if self._saved_pictures is not None and key and answered.status_code < 300:
            if request.method == "PUT":
                self._saved_pictures.save(key, body, request.headers)
            elif request.method == "DELETE":
                self._saved_pictures.delete(key)
        return answered

    def _forward(self, request: Request, body: bytes) -> "WSGIApplication":
        """Hand a request to moto, which checks nothing here and so takes it as vouched for."""

        def forwarded(
            environ: "WSGIEnvironment", start_response: "StartResponse"
        ) -> Iterable[bytes]:
            environ = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
            if "X-Amz-Signature" in request.args:
                uri = without_signature(environ["RAW_URI"])
                environ |= {
                    "RAW_URI": uri,
                    "REQUEST_URI": uri,
                    "QUERY_STRING": urlsplit(uri).query,
                    "HTTP_AUTHORIZATION": _authorization(request),
                }
            return self._moto(environ, start_response)

        return forwarded


def _absent(message: str, *, json_target: bool) -> Response:
    if json_target:
        return json_error("NotImplemented", message, 501)
    return rest_json_error(501, "NotImplemented", message)


def _authorization(request: Request) -> str:
    """By this header, moto finds the service that a request is for."""
    return f"AWS4-HMAC-SHA256 Credential={request.args['X-Amz-Credential']}"


def _raw_path(request: Request) -> str:
    return urlsplit(request.environ["RAW_URI"]).path


def _service_of(request: Request) -> str:
    """The service a request is for, read before its signature is known to be good."""
    credential = (
        request.args.get("X-Amz-Credential")
        or request.headers.get("Authorization", "").partition("Credential=")[2].partition(",")[0]
    )
    parts = credential.split("/")
    return parts[3] if len(parts) == 5 else "s3"


def _action(request: Request, body: bytes, caller: Caller, target: str) -> tuple[str, str]:
    """Action and resource of a call to a service without rules of its own here."""
    if target:
        prefix, _, operation = target.partition(".")
        return f"{_TARGETS.get(prefix, caller.service)}:{operation}", "*"
    operation = parse_qs(body.decode(errors="replace")).get("Action", ["Unknown"])[0]
    return f"{caller.service}:{operation}", "*"


def _s3_operation(request: Request) -> str:
    return f"{request.method.title()}Object"


def _s3_action(request: Request, bucket: str, key: str) -> tuple[str, str]:
    """The permission that S3 asks for, and on what."""
    subresources = {"acl", "tagging", "policy", "versioning", "lifecycle", "uploads"}
    if subresources & set(request.args) or "X-Amz-Copy-Source" in request.headers:
        return "s3:NotOfThisStack", f"arn:aws:s3:::{bucket}/{key}"
    if not key:
        action = {"GET": "ListBucket", "HEAD": "ListBucket", "PUT": "CreateBucket"}
        return f"s3:{action.get(request.method, 'DeleteBucket')}", f"arn:aws:s3:::{bucket}"
    action = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject"}
    name = action.get(request.method, "DeleteObject")
    if "versionId" in request.args:
        name += "Version"
    return f"s3:{name}", f"arn:aws:s3:::{bucket}/{key}"
