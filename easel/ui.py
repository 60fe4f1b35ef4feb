"""`easel ui`: the playground, served on this machine for any API."""

import json
import secrets
from contextlib import suppress

import click

from easel import display
from easel.exits import CommandError, Exit
from easel.run import Run, common_options

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
    from easel.loopback import HOST, server_of
    from easel.playground import Playground

    target = run.target()
    prefix = f"/{secrets.token_urlsafe(16)}/"
    try:
        server = server_of(Playground(target, prefix=prefix, http=run.http), port)
    except OSError as error:
        raise CommandError(
            Exit.HERE, f"Port {port} cannot be used: {error.strerror}. Choose another with --port."
        ) from error
    with server:
        url = f"http://{HOST}:{server.server_port}{prefix}"
        if run.json:
            run.say_json(json.dumps({"url": url}))
        else:
            click.echo(url)
        display.note(f"The playground of {target.url}. Ctrl-C stops it.")
        if opens:
            run.launch(url)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
