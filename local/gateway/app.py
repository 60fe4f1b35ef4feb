"""Answers HTTP requests as the deployed REST API would, by its template."""

import json
import math
import os
import re
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from jsonschema import Draft4Validator
from moto.core.models import DEFAULT_ACCOUNT_ID
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Request, Response

from local.aws.policies import authorise
from local.aws.signatures import RefusedError, authenticate
from local.gateway.api import MappedResponse, Method, RestApi
from local.gateway.limits import Clock, Limits
from local.gateway.mapping import Context, Input, MappingError, Overrides, render
from local.serving import SENT_HEADERS

PAYLOAD_LIMIT_BYTES = 10 * 1024 * 1024
STAGE = "v1"

NESTING_LIMIT = 100

# This machine is no cloud: more requests at once wait before their clocks start.
ADMITTED = max(8, 4 * (os.cpu_count() or 1))

# Response type -> HTTP status and error type header, where the template says nothing else.
_GATEWAY_DEFAULTS: Mapping[str, tuple[int, str]] = {
    "ACCESS_DENIED": (403, "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": (500, "InternalServerErrorException"),
    "BAD_REQUEST_BODY": (400, "BadRequestException"),
    "EXPIRED_TOKEN": (403, "ExpiredTokenException"),
    "INTEGRATION_FAILURE": (504, "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": (504, "InternalServerErrorException"),
    "INVALID_API_KEY": (403, "ForbiddenException"),
    "INVALID_SIGNATURE": (403, "InvalidSignatureException"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "MissingAuthenticationTokenException"),
    "QUOTA_EXCEEDED": (429, "LimitExceededException"),
    "REQUEST_TOO_LARGE": (413, "RequestTooLargeException"),
    "THROTTLED": (429, "TooManyRequestsException"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "UnsupportedMediaTypeException"),
}

# What authenticate() refuses -> the gateway response for it.
_REFUSALS = {
    "MissingAuthenticationToken": "MISSING_AUTHENTICATION_TOKEN",
    "ExpiredToken": "EXPIRED_TOKEN",
    "AccessDeniedException": "ACCESS_DENIED",
}

# Targets of AWS JSON services, by the name that an integration's URI gives them.
_TARGETS = {"states": "AWSStepFunctions"}

CredentialsOf = Callable[[str], Credentials]


class _AnsweredError(Exception):
    """The gateway answers by itself."""

    def __init__(self, response_type: str) -> None:
        super().__init__(response_type)
        self.response_type = response_type


@dataclass(eq=False, kw_only=True)
class Gateway:
    """Answers the requests of an API. `credentials_of` gives the credentials of an integration's
    role; `clock` tells seconds since 1970."""

    api: RestApi
    region: str
    endpoint_url: str
    credentials_of: CredentialsOf
    log: Callable[[str], None]
    clock: Clock = time.time

    def __post_init__(self) -> None:
        self._limits = Limits(self.api.usage_plan, self.clock)
        self._admitted = threading.BoundedSemaphore(ADMITTED)
        self._http = urllib3.PoolManager(maxsize=100, retries=False)

    def answer(self, request: Request) -> Response:
        started = time.perf_counter()
        request_id = str(uuid4())
        try:
            answer = self._answer(request, request_id)
        except _AnsweredError as by_itself:
            answer = self._gateway_response(by_itself.response_type)
        except ClientDisconnected:
            answer = self._gateway_response("BAD_REQUEST_BODY")
        except Exception:
            # A mistake of this stand-in: its caller gets what the service says of its own.
            self.log(traceback.format_exc())
            answer = self._gateway_response("API_CONFIGURATION_ERROR")
        answer.headers["x-amzn-RequestId"] = request_id
        took = f"{(time.perf_counter() - started) * 1_000:.0f} ms"
        self.log(f"{request.method} {request.path} {answer.status_code} {took} {request_id}")
        return answer

    def allows(self, origin: str) -> bool:
        """Returns whether the API lets web pages of an origin call it, as its preflights say."""
        for method in self.api.methods:
            if method.http_method == "OPTIONS":
                parameters = {"path": {}, "querystring": {}, "header": {"Origin": origin}}
                context = Context(responseOverride=Overrides(header=Overrides()))
                answer = self._integrate(method, "", b"", parameters, context)
                return answer.headers.get("Access-Control-Allow-Origin") == origin
        return False

    def _answer(self, request: Request, request_id: str) -> Response:
        """Asks everything that API Gateway asks before it reads a request, then reads it."""
        for method in self.api.methods:
            path_parameters = method.match(request.method, request.path)
            if path_parameters is not None:
                break
        else:
            raise _AnsweredError("MISSING_AUTHENTICATION_TOKEN")
        body = request.get_data()
        context = Context(
            extendedRequestId=request_id,
            httpMethod=request.method,
            path=request.path,
            identity=Context(self._identity(method, request, body)),
            responseOverride=Overrides(header=Overrides()),
        )
        refusal = self._limits.refusal(
            method.http_method, method.path, method.throttle, by_key=method.api_key_required
        )
        if refusal is not None:
            raise _AnsweredError(refusal)
        parameters = {
            "path": path_parameters,
            "querystring": request.args.to_dict(),
            "header": dict(request.environ[SENT_HEADERS]),
        }
        with self._admitted:
            try:
                return self._integrate(method, request.mimetype, body, parameters, context)
            except MappingError as error:
                self.log(f"mapping template of {method.path}: {error}")
                raise _AnsweredError("API_CONFIGURATION_ERROR") from error

    def _integrate(
        self,
        method: Method,
        mimetype: str,
        body: bytes,
        parameters: Mapping[str, Mapping[str, str]],
        context: Context,
    ) -> Response:
        """Renders the request, calls the integration and renders its answer."""
        if len(body) > PAYLOAD_LIMIT_BYTES:
            raise _AnsweredError("REQUEST_TOO_LARGE")
        content_type = (mimetype or "application/json").lower()
        template = method.templates.get(content_type)
        if template is None:
            raise _AnsweredError("UNSUPPORTED_MEDIA_TYPE")
        text = _checked_body(body, method.body_models.get(content_type))
        payload = render(template, input=Input(text, parameters), context=context)
        status, answered = self._call(method, payload)
        response = _selected(method.responses, status)
        if response.template is not None:
            answered = render(response.template, input=Input(answered, parameters), context=context)
        override = context["responseOverride"]
        return Response(
            answered.strip(),
            int(override.get("status", response.status)),
            content_type="application/json",
            headers={**response.headers, **override["header"]},
        )

    def _identity(self, method: Method, request: Request, body: bytes) -> dict[str, str | None]:
        """Returns whose request it is, as `$context.identity` says it."""
        identity: dict[str, str | None] = {"apiKeyId": None, "userArn": None}
        if method.signed:
            arn = (
                f"arn:aws:execute-api:{self.region}:{DEFAULT_ACCOUNT_ID}:local/{STAGE}/"
                f"{request.method}{request.path}"
            )
            try:
                caller = authenticate(request, body, now=datetime.fromtimestamp(self.clock(), UTC))
                if (caller.service, caller.region) != ("execute-api", self.region):
                    raise _AnsweredError("INVALID_SIGNATURE")
                authorise(caller, "execute-api:Invoke", arn)
            except RefusedError as refusal:
                raise _AnsweredError(_REFUSALS.get(refusal.code, "INVALID_SIGNATURE")) from None
            identity["userArn"] = caller.arn
        if method.api_key_required:
            known = self.api.usage_plan is not None
            key_id = self.api.keys.get(request.headers.get("x-api-key", ""))
            if not known or key_id is None:
                raise _AnsweredError("INVALID_API_KEY")
            identity["apiKeyId"] = key_id
        return identity

    def _call(self, method: Method, payload: str) -> tuple[int, str]:
        """Calls the AWS service with the integration's role. Returns HTTP status and body."""
        if not method.service:
            return int(json.loads(payload)["statusCode"]), "{}"
        signed = AWSRequest(
            method="POST",
            url=self.endpoint_url + "/",
            data=payload.encode(),
            headers={
                **method.headers,
                "X-Amz-Target": f"{_TARGETS[method.service]}.{method.action}",
            },
        )
        try:
            credentials = self.credentials_of(method.role_arn)
        except RefusedError as error:
            self.log(error.message)
            raise _AnsweredError("API_CONFIGURATION_ERROR") from error
        SigV4Auth(credentials, method.service, self.region).add_auth(signed)
        try:
            answer = self._http.request(
                "POST",
                self.endpoint_url + "/",
                body=signed.data,
                headers=dict(signed.headers.items()),
                timeout=method.timeout_seconds,
            )
        except urllib3.exceptions.TimeoutError as error:
            raise _AnsweredError("INTEGRATION_TIMEOUT") from error
        except urllib3.exceptions.HTTPError as error:
            raise _AnsweredError("INTEGRATION_FAILURE") from error
        return answer.status, answer.data.decode()

    def _gateway_response(self, response_type: str) -> Response:
        status, error_type = _GATEWAY_DEFAULTS[response_type]
        headers = {"x-amzn-ErrorType": error_type}
        text = None
        default = "DEFAULT_4XX" if status < 500 else "DEFAULT_5XX"
        responses = self.api.gateway_responses
        if declared := responses.get(response_type) or responses.get(default):
            status = declared.status or status
            headers |= declared.headers
            text = declared.template
        text = text or json.dumps({"message": error_type})
        return Response(text, status, content_type="application/json", headers=headers)


def _selected(responses: Iterable[MappedResponse], status: int) -> MappedResponse:
    default = None
    for response in responses:
        if response.selection_pattern is None:
            default = response
        elif re.fullmatch(response.selection_pattern, str(status)):
            return response
    if default is None:
        raise _AnsweredError("API_CONFIGURATION_ERROR")
    return default


def _checked_body(body: bytes, model: Any) -> str:
    """Returns the body, which is JSON and fits the request model. An empty one counts as {}."""
    try:
        text = body.decode() if body.strip() else "{}"
        parsed = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
        _check_depth(parsed)
    except (ValueError, RecursionError):
        raise _AnsweredError("BAD_REQUEST_BODY") from None
    if model is not None and not Draft4Validator(model).is_valid(parsed):
        raise _AnsweredError("BAD_REQUEST_BODY")
    return text


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits} is too large for a number")
    return number


def _check_depth(value: Any, left: int = NESTING_LIMIT) -> None:
    """The Step Functions interpreter here recurses; the service's own limit is not known."""
    if left == 0:
        raise ValueError("nested too deeply")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        _check_depth(item, left - 1)
