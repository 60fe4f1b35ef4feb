"""A server for one page on this machine, closed to all other pages."""

from collections.abc import Iterable
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"


def server_of(app: "WSGIApplication", port: int) -> WSGIServer:
    """Returns a server, on a free port if `port` is 0. Raises OSError if it is taken."""
    return make_server(HOST, port, guarded(app), _Server, _RequestHandler)


def guarded(app: "WSGIApplication") -> "WSGIApplication":
    """Returns an application that answers only its own page: others could come by a name that was
    made to point here."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        host, origin = environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN")
        own = {f"{name}:{environ['SERVER_PORT']}" for name in (HOST, "localhost")}
        if host in own and origin in (None, f"http://{host}"):
            return app(environ, start_response)
        start_response("403 Forbidden", [("content-type", "text/plain")])
        return [b"This page answers to its own address alone."]

    return answer


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _RequestHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the address of each request has the secret in it."""
