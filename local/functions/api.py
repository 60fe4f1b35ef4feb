"""Lambda's Invoke API over HTTP, as a WSGI application."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from local.faults import Fault
from local.functions.host import FunctionHost

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

INVOCATIONS = re.compile(r"/2015-03-31/functions/(?P<name>[^/]+)/invocations/?")


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

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        match = INVOCATIONS.fullmatch(request.path)
        if match is None:
            return Response(status=404)
        if request.method != "POST":
            return Response(status=405, headers={"Allow": "POST"})
        name, qualifier = match["name"], request.args.get("Qualifier")
        fault = self._fault_at(self._host.package(name))
        if fault is not None and fault.kind == "slow":
            self._sleep(fault.seconds)
            fault = None
        invocation = self._host.invoke(
            name if qualifier is None else f"{name}:{qualifier}",
            request.get_data(cache=False),
            invocation_type=request.headers.get("X-Amz-Invocation-Type", "RequestResponse"),
            client_context=request.headers.get("X-Amz-Client-Context"),
            trace_id=request.headers.get("X-Amzn-Trace-Id"),
            fault=fault,
        )
        response = Response(invocation.payload, invocation.status, content_type="application/json")
        response.headers["x-amzn-RequestId"] = invocation.request_id
        if invocation.error_type is not None:
            response.headers["x-amzn-ErrorType"] = invocation.error_type
        else:
            response.headers["X-Amz-Executed-Version"] = "$LATEST"
        if invocation.function_error is not None:
            response.headers["X-Amz-Function-Error"] = invocation.function_error
        return response
