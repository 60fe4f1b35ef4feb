"""One endpoint for all AWS calls: signatures and policies, then Lambda, Bedrock and moto."""

import io
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit
from wsgiref.types import WSGIApplication
from xml.sax.saxutils import unescape

from moto.core.exceptions import AWSError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.stepfunctions.parser import models
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Request, Response

from easel.target import LOCAL_API_KEY
from local.aws.moto_gaps import forget_the_oldest
from local.aws.policies import Statement, authorise
from local.aws.signatures import Caller, RefusedError, authenticate
from local.aws.sync_executions import start_sync_execution
from local.aws.wire import AWS_JSON, json_answer, json_error, refused, rest_json_error, xml_error
from local.bedrock import control_plane
from local.bedrock.guardrails import APPLY, Guardrails
from local.bedrock.service import INVOKE, BedrockRuntime
from local.faults import S3_ERRORS, FaultPlan
from local.functions import InvokeApi
from local.functions.api import INVOCATIONS
from local.saved_pictures import SavedPictures

# Where moto would answer for an account that has nothing to do with this stack.
_ABSENT = {
    "apigateway": "The local gateway reads its API from the template.",
    "servicequotas": "The local stack has no quotas.",
}
_ACCOUNT_SETTINGS = "/2016-08-19/account-settings"
# What moto answers to anybody, by path.
_OF_MOTO = ("/moto-api", "/latest/", "/favicon.ico")
_SUBRESOURCES = frozenset({"acl", "tagging", "policy", "versioning", "lifecycle", "uploads"})
_UPLOADS = frozenset({"uploads", "uploadId"})


@dataclass(kw_only=True)
class AwsEndpoint:
    """Answers every AWS call of the local stack.

    Callers that assumed a role may do what its policies allow; the operator may do anything.
    """

    moto: WSGIApplication
    moto_s3: WSGIApplication
    bedrock: BedrockRuntime
    guardrails: Guardrails
    faults: FaultPlan
    functions: InvokeApi | None = None
    saved_pictures: SavedPictures | None = None
    bucket_policies: Mapping[str, list[Statement]] = field(default_factory=dict)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> WSGIApplication:
        """Returns what answers a request."""
        try:
            body = request.get_data()
        except ClientDisconnected:
            return rest_json_error(400, "BadRequest", "The body is cut short.")
        if request.path.startswith(_OF_MOTO):
            return rest_json_error(404, "NotFound", "No service of AWS is here.")
        if request.path.startswith("/easel/") and request.headers.get("x-api-key") != LOCAL_API_KEY:
            # A header that no web page can send unasked.
            message = f"Send the header x-api-key: {LOCAL_API_KEY}."
            return rest_json_error(403, "MissingAuthenticationToken", message)
        if request.path == "/easel/bedrock":
            return self.bedrock.control(request)
        if request.path == "/easel/faults":
            return self.faults.control(request)
        target = request.headers.get("X-Amz-Target", "")
        try:
            caller = authenticate(request, body, now=datetime.now(UTC))
            return self._dispatch(request, body, caller, target)
        except RefusedError as refusal:
            return refused(refusal, _service_of(request), json_target=bool(target))

    def _dispatch(
        self, request: Request, body: bytes, caller: Caller, target: str
    ) -> WSGIApplication:
        path = urlsplit(request.environ["RAW_URI"]).path
        match caller.service:
            case "lambda" if found := INVOCATIONS.fullmatch(request.path):
                if self.functions is None:
                    message = "The functions are not started yet."
                    raise RefusedError("ServiceException", message, 503)
                authorise(caller, "lambda:InvokeFunction", found["name"])
                _rewind(request, body)
                return self.functions
            case "bedrock" if found := INVOKE.fullmatch(path):
                return self.bedrock.invoke(request, body, caller, found["model"])
            case "bedrock" if found := APPLY.fullmatch(path):
                return self.guardrails.apply(body, caller, found["id"], found["version"])
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
        if target:
            operation = target.partition(".")[2]
        else:
            operation = parse_qs(body.decode(errors="replace")).get("Action", ["Unknown"])[0]
        authorise(caller, f"{caller.service}:{operation}", "*")
        if target == "AWSStepFunctions.ListExecutions" and b"Arn" not in body:
            return _list_executions_of_nothing(caller)
        _rewind(request, body)
        return self.moto

    def _s3(self, request: Request, body: bytes, caller: Caller, path: str) -> WSGIApplication:
        bucket, virtual, _ = request.host.lower().partition(".localhost")
        key = path.removeprefix("/")
        if not virtual:
            bucket, _, key = key.partition("/")
        bucket_arn = f"arn:aws:s3:::{bucket}"
        context, policy = _condition_keys(request), self.bucket_policies.get(bucket, [])
        is_batch = request.method == "POST" and "delete" in request.args
        deleted = _deleted_keys(body) if is_batch else []
        # S3 answers for each key by itself; here one that is refused refuses all.
        of_batch = [("s3:DeleteObject", each) for each in deleted]
        for action, each in of_batch or [(_s3_action(request, key), key)]:
            resource = f"{bucket_arn}/{each}" if each else bucket_arn
            authorise(caller, action, resource, context, policy)
        if source := request.headers.get("X-Amz-Copy-Source"):
            copied = f"arn:aws:s3:::{unquote(source.partition('?')[0]).removeprefix('/')}"
            authorise(caller, "s3:GetObject", copied, context)
        operation = f"{request.method.title()}Object"
        if caller.role is not None and (fault := self.faults.take(operation, key)):
            if fault.kind != "hang":
                status, message = S3_ERRORS[fault.kind]
                return xml_error(status, fault.kind, message)
            self.faults.sleep(fault.seconds)
        _rewind(request, body)
        if "X-Amz-Signature" in request.args:
            _forget_signature(request)
        # moto looks and writes in two steps, S3 in one; and moto lists what is deleted meanwhile.
        with self._one_at_a_time:
            answered = Response.from_app(self.moto_s3, request.environ, buffered=True)
        if answered.status_code == 404 and key:
            try:
                authorise(caller, "s3:ListBucket", bucket_arn)
            except RefusedError:
                # S3 tells only those who may list a bucket that an object is not there.
                return xml_error(403, "AccessDenied", "Access Denied")
        saved = self.saved_pictures
        changed = request.method not in ("GET", "HEAD") and answered.status_code < 300
        if saved is not None and bucket == saved.bucket and changed:
            for each in deleted or [key] * bool(key):
                saved.update(each)
        return answered


def _rewind(request: Request, body: bytes) -> None:
    """Lets moto read a body that was read already."""
    request.environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}


def _forget_signature(request: Request) -> None:
    """Makes a presigned request a plain one: moto would look for its caller in a header."""
    raw = urlsplit(request.environ["RAW_URI"])
    given = parse_qsl(raw.query, keep_blank_values=True)
    query = urlencode([(name, value) for name, value in given if not name.startswith("X-Amz-")])
    credential = request.args["X-Amz-Credential"]
    request.environ |= {
        **dict.fromkeys(("RAW_URI", "REQUEST_URI"), f"{raw.path}?{query}".removesuffix("?")),
        "QUERY_STRING": query,
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={credential}",
    }


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
    return json_answer(answer, AWS_JSON)


def _list_executions_of_nothing(caller: Caller) -> Response:
    """Refuses ListExecutions without a state machine, where moto would break."""
    known = ", ".join(machine.arn for machine in _step_functions(caller).state_machines)
    return json_error(
        "ValidationException",
        f"Must specify exactly one of stateMachineArn or mapRunArn. State machines here: {known}",
    )


def _step_functions(caller: Caller) -> models.StepFunctionsParserBackend:
    return models.stepfunctions_parser_backends[DEFAULT_ACCOUNT_ID][caller.region]


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
    if key and request.method in ("POST", "PUT") and _UPLOADS & set(request.args):
        return "s3:PutObject"  # in parts: beginning, each part, and the end
    if _SUBRESOURCES & set(request.args):
        return "s3:Other"
    verb = {"HEAD": "Get"}.get(request.method, request.method.title())
    if not key:
        listed = "s3:ListBucket" + "Versions" * ("versions" in request.args)
        return listed if verb == "Get" else f"s3:{verb}Bucket"
    return f"s3:{verb}Object" + "Version" * ("versionId" in request.args)


def _condition_keys(request: Request) -> dict[str, str]:
    """Returns what conditions of a bucket's policy ask for. Loopback stands for TLS."""
    headers = {"s3:if-match": "If-Match", "s3:if-none-match": "If-None-Match"}
    sent = {key: request.headers[name] for key, name in headers.items() if name in request.headers}
    return {"aws:SecureTransport": "true", **sent}
