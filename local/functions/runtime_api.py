"""The Lambda Runtime API as one environment sees it: HTTP on a port of its own."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol, cast

from local.functions.answers import RESPONSE_LIMIT

_BASE = "/2018-06-01/runtime"
_NEXT = f"{_BASE}/invocation/next"
_INIT_ERROR = f"{_BASE}/init/error"
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
_HEAD_LIMIT = 2 * 1024 * 1024  # awslambdaric sends up to 1 MiB of X-Ray cause in a header


@dataclass(frozen=True)
class Event:
    """One invocation as the runtime gets it."""

    request_id: str
    payload: bytes
    function_arn: str
    deadline_ms: int
    trace_id: str
    client_context: str | None


class Runtime(Protocol):
    """What an environment does with the calls of its runtime."""

    def disconnected(self, connection: Connection) -> None: ...
    def next_asked(self, connection: Connection) -> None: ...
    def answered(self, request_id: str, payload: bytes, *, failed: bool) -> HTTPStatus: ...
    def init_failed(self, payload: bytes) -> HTTPStatus: ...


class Connection(asyncio.Protocol):
    """One connection of a runtime: a purpose-built HTTP/1.1 server.

    Each answer leaves in one write: a head and a body sent apart cost a delayed acknowledgement,
    40 ms, and the runtime client crashes on an event that has no Content-Type.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._buffer = bytearray()
        self._head: tuple[str, str, int] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._runtime.disconnected(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._transport is not None and (request := self._take()) is not None:
            self._route(*request)

    def send(self, event: Event) -> None:
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
            "Lambda-Runtime-Trace-Id": event.trace_id,
        }
        if event.client_context is not None:
            headers["Lambda-Runtime-Client-Context"] = event.client_context
        self._write(HTTPStatus.OK, event.payload, headers)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _take(self) -> tuple[str, str, bytes] | None:
        """The next whole request, once it is there: method, path, body."""
        if self._head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > _HEAD_LIMIT:
                    self.close()
                return None
            head = self._buffer[:end].decode("latin-1")
            del self._buffer[: end + 4]
            self._head = _parse(head)
        method, path, length = self._head
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._head = None
        return method, path, body

    def _route(self, method: str, path: str, body: bytes) -> None:
        if (method, path) == ("GET", _NEXT):
            self._runtime.next_asked(self)
        elif (method, path) == ("POST", _INIT_ERROR):
            self._acknowledge(self._runtime.init_failed(body))
        elif method == "POST" and (match := _ANSWER.fullmatch(path)) is not None:
            failed = match["kind"] == "error"
            self._acknowledge(self._runtime.answered(match["request_id"], body, failed=failed))
        else:
            self._acknowledge(HTTPStatus.NOT_FOUND)

    def _acknowledge(self, status: HTTPStatus) -> None:
        self._write(status, json.dumps(_BODIES[status]).encode(), {})

    def _write(self, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> None:
        if self._transport is None:
            return
        lines = [f"HTTP/1.1 {status.value} {status.phrase}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        self._transport.write("\r\n".join(lines).encode("latin-1") + body)


def _parse(head: str) -> tuple[str, str, int]:
    """Method, path and length of the body; awslambdaric always names the length."""
    request, *lines = head.split("\r\n")
    method, path, _ = request.split(" ", 2)
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return method, path, int(value)
    return method, path, 0
