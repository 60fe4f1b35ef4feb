"""The Lambda Runtime API, as the runtime client in a function's process asks it."""

import time
from email.parser import BytesHeaderParser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from itertools import takewhile
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.functions.environment import Environment


class RuntimeApi(TCPServer):
    """Serves one environment, one connection at a time, on a port of its own: the runtime client
    names itself nowhere else."""

    def __init__(self, environment: "Environment") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.environment = environment
        self.address = "{}:{}".format(*self.socket.getsockname())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: the process has ended, and its environment tells how."""


class _Handler(BaseHTTPRequestHandler):
    server: RuntimeApi
    raw_requestline: bytes
    protocol_version = request_version = "HTTP/1.1"
    # A head and a body that are sent apart cost a delayed acknowledgement, 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True

    def parse_request(self) -> bool:
        """The base class refuses headers over 64 KiB; a function's error comes in up to 1 MiB."""
        self.command, self.path, _ = self.raw_requestline.decode("latin-1").split(" ")
        lines = takewhile(bytes.strip, iter(self.rfile.readline, b""))
        self.headers = BytesHeaderParser().parsebytes(b"".join(lines))
        self.close_connection = False
        return True

    def do_GET(self) -> None:
        """`/2018-06-01/runtime/invocation/next`"""
        request = self.server.environment.next_request()
        if request is None:
            self.close_connection = True
            return
        function = self.server.environment.function
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request.id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + function.timeout_seconds) * 1e3)),
            "Lambda-Runtime-Invoked-Function-Arn": function.arn,
            "Lambda-Runtime-Trace-Id": request.trace_id,
        }
        self._send(HTTPStatus.OK, request.payload, **headers)

    def do_POST(self) -> None:
        """`/2018-06-01/runtime/init/error` or `.../invocation/<request id>/response` or `/error`"""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        *_, request_id, kind = self.path.split("/")
        environment = self.server.environment
        if request_id == "init":
            self._send(environment.init_failed(body))
        else:
            self._send(environment.answered(request_id, body, failed=kind == "error"))

    def _send(self, status: HTTPStatus, body: bytes = b"", **headers: str) -> None:
        # The runtime client crashes on an event without a Content-Type.
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
