"""Lambda's Invoke API over HTTP, as a WSGI application."""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from uuid import uuid4
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from local.faults import Fault
from local.functions.answers import refused
from local.functions.environment import SIGNALS
from local.functions.function import LATEST, Function, Invocation
from local.functions.host import FunctionHost

INVOCATIONS = re.compile(r"/2015-03-31/functions/(?P<name>[^/]+)/invocations/?")
_REQUEST_LIMIT = 6_291_456
_TOO_LARGE_FOR_A_STATE = json.dumps("x" * 300_000).encode()  # a state holds 262,144 bytes


class InvokeApi:
    """Answers `POST /2015-03-31/functions/<name>/invocations`; mount it for INVOCATIONS' paths.

    `fault_at` gives the fault that happens now, if any, for the package of a function's handler.
    """

    def __init__(
        self,
        host: FunctionHost,
        fault_at: Callable[[str], Fault | None] = lambda package: None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._host = host
        self._fault_at = fault_at
        self._sleep = sleep
        self._functions = {name: each for each in host.functions for name in _names(each)}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        match = INVOCATIONS.fullmatch(request.path)
        if match is None:
            return Response(status=404)
        if request.method != "POST":
            return Response(status=405, headers={"Allow": "POST"})
        name, qualifier = match["name"], request.args.get("Qualifier")
        invocation = self._invoke(name if qualifier is None else f"{name}:{qualifier}", request)
        response = Response(invocation.payload, invocation.status, content_type="application/json")
        response.headers["x-amzn-RequestId"] = invocation.request_id
        if invocation.error_type is not None:
            response.headers["x-amzn-ErrorType"] = invocation.error_type
        else:
            response.headers["X-Amz-Executed-Version"] = LATEST
        if invocation.function_error is not None:
            response.headers["X-Amz-Function-Error"] = invocation.function_error
        return response

    def _invoke(self, name: str, request: Request) -> Invocation:
        """Refuses what Lambda would refuse, in its words."""
        refuse = partial(refused, str(uuid4()))
        function = self._functions.get(name)
        if function is None:
            known = self._host.functions[0].arn.rpartition(":")[0]
            message = f"Function not found: {known}:{name.rpartition('function:')[2]}"
            return refuse(404, "ResourceNotFoundException", Type="User", Message=message)
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind != "RequestResponse" or "X-Amz-Client-Context" in request.headers:
            what = "A client context" if kind == "RequestResponse" else f"Invocation type {kind!r}"
            message = f"{what} is not supported on this machine."
            return refuse(400, "InvalidParameterValueException", Type="User", message=message)
        payload = request.get_data(cache=False)
        if len(payload) > _REQUEST_LIMIT:
            operation = "for the InvokeFunction operation"
            message = f"Request must be smaller than {_REQUEST_LIMIT} bytes {operation}"
            # The SDK's model calls this RequestTooLargeException; the service sends this name.
            return refuse(413, "RequestEntityTooLargeException", Message=message)
        try:
            event = _event(payload)
        except ValueError as error:
            return refuse(400, "InvalidRequestContentException", Type="User", message=str(error))
        fault = self._fault_at(function.package)
        if fault is not None and fault.kind == "slow":
            self._sleep(fault.seconds)
        killing = fault if fault is not None and fault.kind in SIGNALS else None
        invocation = self._host.invoke(
            function.name,
            event,
            trace_id=request.headers.get("X-Amzn-Trace-Id"),
            fault=killing,
        )
        if fault is not None and fault.kind == "too_large":
            return replace(invocation, payload=_TOO_LARGE_FOR_A_STATE)
        return invocation


def _names(function: Function) -> Iterator[str]:
    """What Invoke takes for a function: its name, its ARN, account and name; each with $LATEST."""
    account = function.arn.split(":")[4]
    for name in (function.name, function.arn, f"{account}:function:{function.name}"):
        yield name
        yield f"{name}:{LATEST}"


def _event(payload: bytes) -> bytes:
    if not payload:
        return b"{}"
    try:
        json.loads(payload)
    except (ValueError, RecursionError) as error:
        problem = f"Could not parse payload into json: {error}"
        raise ValueError(f"Could not parse request body into json: {problem}") from error
    return payload
