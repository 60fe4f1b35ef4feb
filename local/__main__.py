"""Command line of the local stack: synthesize, deploy, serve, say so, and stop on Ctrl-C."""

import json
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from local.assembly import SynthError, synthesized
from local.gateway.api import LOCAL_API_KEY
from local.template import Template

if TYPE_CHECKING:
    from local.stack import LocalStack, Options

_PORT = click.IntRange(1, 65_535)
_SECONDS = click.FloatRange(0, 3_600)
_DIRECTORY = click.Path(file_okay=False, writable=True, path_type=Path)


def _settings(_context: object, _option: object, text: str) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError):
        raise click.BadParameter(f'a JSON object such as {{"auth": "iam"}}, not {text}') from None


@click.command(help=__doc__)
@click.option("--port", type=_PORT, default=8080, show_default=True, help="of the API")
@click.option("--aws-port", type=_PORT, default=8081, show_default=True, help="of AWS's endpoint")
@click.option("--latency", type=_SECONDS, default=0.0, help="seconds that the model takes")
@click.option("--data", type=_DIRECTORY, help="directory that keeps pictures across restarts")
@click.option(
    "--settings", callback=_settings, default="{}", help="a JSON object of settings to change"
)
def main(
    port: int, aws_port: int, latency: float, data: Path | None, settings: dict[str, Any]
) -> None:
    started = time.perf_counter()
    if port == aws_port:
        raise click.UsageError(f"the API and the AWS endpoint cannot share port {port}")
    if data is not None:
        try:
            data.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            _fail(f"nothing can be kept in {data}: {error.strerror}")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        template = synthesized(settings=settings, log=_say)
    except SynthError as error:
        _fail(f"the stack does not synthesize:\n{error}")

    # These imports take as long as all else together: only now, so that a synth error is quick.
    from local.bedrock.painter import render_painting
    from local.deployment import DeploymentError
    from local.serving import PortInUseError
    from local.stack import LocalStack, Options

    options = Options(
        render=render_painting,
        port=port,
        aws_port=aws_port,
        latency_seconds=latency,
        data=data,
    )
    try:
        with LocalStack(template, options, log=_say) as stack:
            _say_ready(options, stack, _proof(template), time.perf_counter() - started)
            stop.wait()
            _say("stopping")
    except PortInUseError as error:
        _fail(f"{error}: choose others with make run PORT=... AWS_PORT=...")
    except DeploymentError as error:
        _fail(f"the stack does not deploy: {error}")


def _proof(template: Template) -> str:
    """Returns the options that make curl a caller whom the API knows."""
    methods = template.resources("AWS::ApiGateway::Method").values()
    if any(method.get("ApiKeyRequired") for method in methods):
        return f"-H 'x-api-key: {LOCAL_API_KEY}'"
    from local.aws.signatures import OPERATOR_KEY, OPERATOR_SECRET
    from local.stack import REGION

    return f"--aws-sigv4 aws:amz:{REGION}:execute-api --user {OPERATOR_KEY}:{OPERATOR_SECRET}"


def _say_ready(options: "Options", stack: "LocalStack", proof: str, seconds: float) -> None:
    _say(
        f"""
Easel is ready after {seconds:.1f} s. Ctrl-C stops it.

  curl -s {options.api_url}/images {proof} \\
    -H 'content-type: application/json' -d '{{"prompt":"a cat running a marathon","seed":42}}'

AWS endpoint {options.endpoint_url} (docs/operations.md says how the aws command uses it)
  state machine {stack.deployment.state_machine_arn}
  bucket        {stack.deployment.bucket}
"""
    )


def _say(line: str) -> None:
    print(line, flush=True)


def _fail(message: str) -> NoReturn:
    print(f"easel: {message}", file=sys.stderr, flush=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
