"""One endpoint for all AWS calls: signatures and policies, then Lambda, Bedrock and moto."""

import io
import json
import re
import threading
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit
from xml.sax.saxutils import unescape

from moto.core.exceptions import AWSError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.stepfunctions.parser.models import (
    StepFunctionsParserBackend,
    stepfunctions_parser_backends,
)
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Request, Response

from local.aws.moto_gaps import forget_the_oldest
from local.aws.policies import authorise, may
from local.aws.signatures import Caller, RefusedError, authenticate
from local.aws.sync_executions import start_sync_execution
from local.aws.wire_errors import json_error, refused, rest_json_error, xml_error
from local.bedrock import control_plane
from local.bedrock.guardrails import APPLY, Guardrails
from local.bedrock.service import INVOKE, BedrockRuntime
from local.faults import S3_ERRORS, FaultPlan
from local.functions import InvokeApi
from local.functions.api import INVOCATIONS
from local.saved_pictures import SavedPictures

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Where moto would answer for an account that has nothing to do with this stack.
_ABSENT = {
    "apigateway": "The local gateway reads its API from the template.",
    "servicequotas": "The local stack has no quotas.",
}
_ACCOUNT_SETTINGS = "/2016-08-19/account-settings"
_SUBRESOURCES = frozenset({"acl", "tagging", "policy", "versioning", "lifecycle", "uploads"})


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
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> "WSGIApplication":
        try:
            body = request.get_data()
        except ClientDisconnected:
            return rest_json_error(400, "BadRequest", "The body is cut short.")
        if request.path == "/easel/bedrock":
            return self._bedrock.control(request)
        if request.path == "/easel/faults":
            return self._faults.control(request)
        target = request.headers.get("X-Amz-Target", "")
        try:
            caller = authenticate(request, body, now=datetime.now(UTC))
            return self._dispatch(request, body, caller, target)
        except RefusedError as refusal:
            return refused(refusal, _service_of(request), json_target=bool(target))

    def _dispatch(
        self, request: Request, body: bytes, caller: Caller, target: str
    ) -> "WSGIApplication":
        path = urlsplit(request.environ["RAW_URI"]).path
        match caller.service:
            case "lambda" if found := INVOCATIONS.fullmatch(request.path):
                return self._invoke_function(request, body, caller, found["name"])
            case "bedrock" if found := INVOKE.fullmatch(path):
                return self._bedrock.invoke(request, body, caller, found["model"])
            case "bedrock" if found := APPLY.fullmatch(path):
                return self._guardrails.apply(request, body, caller, found["id"], found["version"])
            case "bedrock" if described := control_plane.describe(request, path, caller):
                return described
            case "s3":
                return self._s3(request, body, caller, unquote(path))
            case absent if absent in _ABSENT or path == _ACCOUNT_SETTINGS:
                message = _ABSENT.get(absent, _ABSENT["servicequotas"])
                if target:
                    return json_error("NotImplemented", message, 501)
                return rest_json_error(501, "NotImplemented", message)
        if target == "AWSStepFunctions.StartSyncExecution":
            return _start_sync_execution(body, caller)
        if target == "AWSStepFunctions.ListExecutions" and b"Arn" not in body:
            return _list_executions_of_nothing(caller)
        if target:
            operation = target.partition(".")[2]
        else:
            operation = parse_qs(body.decode(errors="replace")).get("Action", ["Unknown"])[0]
        authorise(caller, f"{caller.service}:{operation}", "*")
        return self._forward(request, body)

    def _invoke_function(
        self, request: Request, body: bytes, caller: Caller, name: str
    ) -> "WSGIApplication":
        if self.functions is None:
            raise RefusedError("ServiceException", "The functions are not started yet.", 503)
        authorise(caller, "lambda:InvokeFunction", name)
        request.environ["wsgi.input"] = io.BytesIO(body)
        return self.functions

    def _s3(self, request: Request, body: bytes, caller: Caller, path: str) -> "WSGIApplication":
        bucket, _, key = path.removeprefix("/").partition("/")
        bucket_arn = f"arn:aws:s3:::{bucket}"
        deleted = (
            _deleted_keys(body) if request.method == "POST" and "delete" in request.args else []
        )
        if deleted:
            # S3 answers for each key by itself; one that is refused refuses all here.
            for each in deleted:
                authorise(caller, "s3:DeleteObject", f"{bucket_arn}/{each}")
        else:
            resource = f"{bucket_arn}/{key}" if key else bucket_arn
            authorise(caller, _s3_action(request, key), resource)
        operation = f"{request.method.title()}Object"
        if caller.role is not None and (fault := self._faults.take(operation, key)):
            if fault.kind != "hang":
                status, message = S3_ERRORS[fault.kind]
                return xml_error(status, fault.kind, message)
            self._sleep(fault.seconds)
        # moto looks and writes in two steps, S3 in one.
        conditional = {"If-Match", "If-None-Match"} & set(request.headers.keys())
        with self._conditional_write if conditional else nullcontext():
            answered = Response.from_app(
                self._forward(request, body), request.environ, buffered=True
            )
        if answered.status_code == 404 and key and not may(caller, "s3:ListBucket", bucket_arn):
            # S3 tells only those who may list a bucket that an object is not there.
            return xml_error(403, "AccessDenied", "Access Denied")
        if self._saved_pictures is not None and answered.status_code < 300:
            if request.method == "PUT" and key:
                self._saved_pictures.save(key, body, request.headers)
            for each in [key] if request.method == "DELETE" and key else deleted:
                self._saved_pictures.delete(each)
        return answered

    def _forward(self, request: Request, body: bytes) -> "WSGIApplication":
        """Hands a request to moto, which checks nothing here."""
        environ = request.environ
        environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        if "X-Amz-Signature" in request.args:
            credential = request.args["X-Amz-Credential"]
            uri = _without_signature(environ["RAW_URI"])
            environ |= {
                "RAW_URI": uri,
                "REQUEST_URI": uri,
                "QUERY_STRING": urlsplit(uri).query,
                # By this header moto finds the service that a request is for.
                "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={credential}",
            }
        return self._moto


def _start_sync_execution(body: bytes, caller: Caller) -> Response:
    """Raises RefusedError where the caller may not start it."""
    try:
        asked = json.loads(body)
        asked.get("input", "{}").encode()  # a lone surrogate is no text
        state_machine_arn = asked["stateMachineArn"]
    except (ValueError, LookupError, TypeError, AttributeError):
        return json_error("SerializationException", "the request is not StartSyncExecution's")
    authorise(caller, "states:StartSyncExecution", state_machine_arn)
    try:
        answer = start_sync_execution(_step_functions(caller), asked)
    except AWSError as error:
        return json_error(error.error_type, error.message, error.code)
    forget_the_oldest(_step_functions(caller))
    return Response(json.dumps(answer), content_type="application/x-amz-json-1.0")


def _list_executions_of_nothing(caller: Caller) -> Response:
    """Refuses ListExecutions without a state machine, where moto would break."""
    known = ", ".join(machine.arn for machine in _step_functions(caller).state_machines)
    return json_error(
        "ValidationException",
        f"Must specify exactly one of stateMachineArn or mapRunArn. State machines here: {known}",
    )


def _step_functions(caller: Caller) -> StepFunctionsParserBackend:
    return stepfunctions_parser_backends[DEFAULT_ACCOUNT_ID][caller.region]


def _without_signature(uri: str) -> str:
    """Returns a presigned URL's path and query, less what signs it."""
    parts = urlsplit(uri)
    query = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in query if not name.startswith("X-Amz-")]
    return f"{parts.path}?{urlencode(kept)}".removesuffix("?")


def _service_of(request: Request) -> str:
    """Returns the service that a request is for, before its signature is known to be good."""
    header = request.headers.get("Authorization", "")
    credential = request.args.get("X-Amz-Credential") or header.partition("Credential=")[2]
    parts = credential.partition(",")[0].split("/")
    return parts[3] if len(parts) == 5 else "s3"


def _deleted_keys(body: bytes) -> list[str]:
    """Returns the keys that a DeleteObjects names."""
    return [unescape(key) for key in re.findall(r"<Key>(.*?)</Key>", body.decode())]


def _s3_action(request: Request, key: str) -> str:
    """Returns the permission that S3 asks for. A role here has none for what is not named here."""
    if _SUBRESOURCES & set(request.args) or "X-Amz-Copy-Source" in request.headers:
        return "s3:Other"
    verb = {"HEAD": "Get"}.get(request.method, request.method.title())
    if not key:
        return "s3:ListBucket" if verb == "Get" else f"s3:{verb}Bucket"
    return f"s3:{verb}Object" + "Version" * ("versionId" in request.args)
