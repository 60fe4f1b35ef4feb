"""Connections that break, for the local servers to answer with."""

import socket
import struct
from collections.abc import Iterator

from werkzeug.wrappers import Request, Response


def reset_midway(request: Request, body: bytes) -> Response:
    """Half of the body, then a TCP reset."""
    connection: socket.socket = request.environ["werkzeug.socket"]

    def half() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        # Lingering for no time makes the close a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    response = Response(half(), content_type="application/json", direct_passthrough=True)
    response.headers["Content-Length"] = str(len(body))
    return response
