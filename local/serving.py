"""HTTP servers of the local stack: a thread for each connection, on loopback only, and closed to
web pages from elsewhere."""

import json
import logging
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from local.exclusive import HOST

SENT_HEADERS = "easel.sent_headers"

# Names of this machine alone. Any other may be a web page's own, made to point here.
_LOOPBACK = re.compile(r"(127\.0\.0\.1|\[::1\]|([a-z0-9-]+\.)*localhost)(:\d+)?", re.IGNORECASE)

# How often a server looks whether it is to stop.
_STOP_WITHIN_SECONDS = 0.05


@dataclass(eq=False)
class Server:
    """A context manager. Port 0 takes a free one; `port` then says which. `allows` says which
    origins of web pages may call, besides the server's own."""

    app: WSGIApplication
    port: int
    allows: Callable[[str], bool] = lambda origin: False
    _server: BaseWSGIServer | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _reopening: threading.Timer | None = None

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, *raised: object) -> None:
        self._close()

    def refuse(self, seconds: float) -> None:
        """Refuses connections for so long, whatever was asked before."""
        self._close()
        self._reopening = threading.Timer(seconds, self._open)
        self._reopening.start()

    @property
    def is_open(self) -> bool:
        return self._server is not None

    def _guarded(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Refuses what a web page from elsewhere sent, before anything is done."""
        host, origin = environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN")
        if not _LOOPBACK.fullmatch(host):
            message = f"Host is {host!r}: the local stack answers to 127.0.0.1 and localhost alone."
        elif origin not in (None, f"http://{host}") and not self.allows(origin):
            message = f"Web pages of {origin!r} may not call: see the setting allowed_origins."
        else:
            return self.app(environ, start_response)
        refusal = Response(json.dumps({"message": message}), 403, {"Vary": "Origin"})
        refusal.content_type = "application/json"
        return refusal(environ, start_response)

    def _open(self) -> None:
        with self._lock:
            self._server = make_server(
                HOST, self.port, self._guarded, threaded=True, request_handler=_RequestHandler
            )
            self.port = self._server.server_port
            serve = self._server.serve_forever
            threading.Thread(target=serve, args=(_STOP_WITHIN_SECONDS,), daemon=True).start()

    def _close(self) -> None:
        if self._reopening is not None:
            self._reopening.cancel()
        with self._lock:
            if self._server is not None:
                self._server.shutdown()
                self._server.server_close()
                self._server = None


class _RequestHandler(MotoRequestHandler):
    """Silent, and with answers sent at once."""

    # Without it the last piece of an answer waits for the other side's delayed ACK, 40 ms.
    disable_nagle_algorithm = True

    def make_environ(self) -> WSGIEnvironment:
        """With the headers as they were sent, whose spelling WSGI forgets."""
        return {**super().make_environ(), SENT_HEADERS: self.headers.items()}

    def log(self, type: str, message: str, *args: Any) -> None:
        if type == "error":
            logging.getLogger("werkzeug").error(message, *args)


def reset_midway(request: Request, body: bytes) -> Response:
    """Returns an answer that sends half of the body, then a TCP reset."""
    connection: socket.socket = request.environ["werkzeug.socket"]

    def half() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        # Lingering for no time makes the close a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    response = Response(half(), content_type="application/json", direct_passthrough=True)
    response.headers["Content-Length"] = str(len(body))
    return response
