"""The Lambda Runtime API, as the runtime client in a function's process asks it."""

from __future__ import annotations

import json
import re
import time
from email.parser import BytesHeaderParser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from itertools import takewhile
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any

from local.functions.answers import RESPONSE_LIMIT

if TYPE_CHECKING:
    from local.functions.environment import Environment

_BASE = "/2018-06-01/runtime"
_ANSWER = re.compile(rf"{_BASE}/invocation/(?P<request_id>[^/]+)/(?P<kind>response|error)")
_BODIES = {
    HTTPStatus.ACCEPTED: {"status": "OK"},
    HTTPStatus.BAD_REQUEST: {
        "errorMessage": "Invalid request ID",
        "errorType": "InvalidRequestID",
    },
    HTTPStatus.NOT_FOUND: {"errorMessage": "Not found", "errorType": "NotFound"},
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {
        "errorMessage": f"Exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes).",
        "errorType": "RequestEntityTooLarge",
    },
}


class RuntimeApi(TCPServer):
    """Serves one environment, one connection at a time.

    It has a port of its own, because the runtime client's requests tell environments apart by
    nothing else.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.environment = environment
        self.address = "{}:{}".format(*self.socket.getsockname())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: the process has ended and its environment tells how."""


class _Requests(BaseHTTPRequestHandler):
    server: RuntimeApi
    raw_requestline: bytes
    protocol_version = request_version = "HTTP/1.1"
    # A head and a body that are sent apart cost a delayed acknowledgement, 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True

    def parse_request(self) -> bool:
        """The base class refuses headers over 64 KiB; an error's traceback comes in one, of up to
        1 MiB."""
        self.command, self.path, _ = self.raw_requestline.decode("latin-1").split(" ")
        lines = takewhile(bytes.strip, iter(self.rfile.readline, b""))
        self.headers = BytesHeaderParser().parsebytes(b"".join(lines))
        self.close_connection = False
        return True

    def do_GET(self) -> None:
        if self.path != f"{_BASE}/invocation/next":
            return self._acknowledge(HTTPStatus.NOT_FOUND)
        environment = self.server.environment
        call = environment.next_call()
        if call is None:
            self.close_connection = True
            return None
        deadline = time.time() + environment.function.timeout_seconds
        headers = {
            "Lambda-Runtime-Aws-Request-Id": call.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": environment.function.arn,
            "Lambda-Runtime-Trace-Id": call.trace_id,
        }
        if call.client_context is not None:
            headers["Lambda-Runtime-Client-Context"] = call.client_context
        return self._send(HTTPStatus.OK, call.payload, headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == f"{_BASE}/init/error":
            self._acknowledge(self.server.environment.init_failed(body))
        elif match := _ANSWER.fullmatch(self.path):
            failed = match["kind"] == "error"
            status = self.server.environment.answered(match["request_id"], body, failed=failed)
            self._acknowledge(status)
        else:
            self._acknowledge(HTTPStatus.NOT_FOUND)

    def _acknowledge(self, status: HTTPStatus) -> None:
        self._send(status, json.dumps(_BODIES[status]).encode(), {})

    def _send(self, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        # The runtime client crashes on an event without a Content-Type.
        sent = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        for name, value in sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
