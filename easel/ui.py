"""`easel ui`: the playground, served on this machine for any API."""

import secrets
from collections.abc import Iterable
from contextlib import suppress
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import click

from easel import display
from easel.exits import CommandError, Exit
from easel.run import Run, common_options

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
PORT = 8090


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=PORT, show_default=True)
@click.option("--open", "opens", is_flag=True, help="Open it in a browser.")
@common_options
@click.pass_obj
def ui(run: Run, port: int, opens: bool) -> None:
    """A web page to draw with, look at pictures, and see what an execution did.

    It is served on this machine, which adds the key or signs: the browser never has either. The
    address has a secret in it that is new with each start.
    """
    from easel.playground import Playground

    target = run.target()
    prefix = f"/{secrets.token_urlsafe(16)}/"
    try:
        app = guarded(Playground(target, prefix=prefix, http=run.http))
        server = make_server(HOST, port, app, _Server, _RequestHandler)
    except OSError as error:
        raise CommandError(
            Exit.HERE, f"Port {port} cannot be used: {error.strerror}. Choose another with --port."
        ) from error
    with server:
        url = f"http://{HOST}:{server.server_port}{prefix}"
        click.echo(url)
        display.note(f"The playground of {target.url}. Ctrl-C stops it.")
        if opens:
            run.launch(url)
        with suppress(KeyboardInterrupt):
            server.serve_forever()


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
