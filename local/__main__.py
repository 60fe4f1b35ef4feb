"""Command line of the local stack: synthesize, deploy, serve, say so, and stop on Ctrl-C."""

import argparse
import json
import os
import signal
import sys
import threading
import time
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from easel.target import AWS_ENDPOINT, ENDPOINT, LOCAL_API_KEY, LOCAL_AWS_URL, LOCAL_URL
from local.assembly import SynthError, synthesized
from local.differences import differences
from local.exclusive import InUseError, check_free, check_writable, locked
from local.log_lines import printable
from local.template import Template

if TYPE_CHECKING:
    from local.deployment import Deployment
    from local.stack import Options

# Longer than any model takes.
_LONGEST_LATENCY = 3_600


def main() -> int:
    started = time.perf_counter()
    arguments = _arguments()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        check_free(arguments.port, arguments.aws_port)
        with locked(arguments.data) if arguments.data else nullcontext():
            return _run(arguments, started, stop)
    except InUseError as error:
        return _fail(str(error))
    except SynthError as error:
        return _fail(f"the stack does not synthesize:\n{error}")


def _run(arguments: argparse.Namespace, started: float, stop: threading.Event) -> int:
    template = synthesized(settings=arguments.settings, log=_say)

    # These imports take as long as all else together: only now, so that other errors are quick.
    from local.bedrock.renderers import NoModelError, renderer_for
    from local.bedrock.renderers.poster import render_poster
    from local.deployment import DeploymentError
    from local.stack import Options, local_stack

    try:
        if arguments.model:
            _say(f"loading the model {arguments.model}")
        options = Options(
            render=renderer_for(arguments.model) if arguments.model else render_poster,
            port=arguments.port,
            aws_port=arguments.aws_port,
            latency_seconds=arguments.latency,
            data=arguments.data,
        )
        with local_stack(template, options, log=_say) as deployment:
            _say_ready(options, deployment, _proof(template), time.perf_counter() - started)
            for difference in differences(template):
                _say(difference)
            stop.wait()
            _say("stopping")
    except NoModelError as error:
        return _fail(str(error))
    except DeploymentError as error:
        return _fail(f"the stack does not deploy: {error}")
    if arguments.model:
        os._exit(0)  # a picture that torch still draws would abort an ordinary end
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--port", type=_port, default=8080, help="of the API (default 8080)")
    parser.add_argument(
        "--aws-port", type=_port, default=8081, help="of the AWS endpoint (default 8081)"
    )
    parser.add_argument(
        "--latency", type=_seconds, default=0.0, help="seconds that the model takes (default 0)"
    )
    parser.add_argument(
        "--model", help="a real model: diffusers' folder or name, or an Images API's address"
    )
    parser.add_argument("--data", type=Path, help="directory that keeps pictures across restarts")
    parser.add_argument(
        "--settings", type=_settings, default={}, help="a JSON object of settings to change"
    )
    arguments = parser.parse_args()
    if arguments.port == arguments.aws_port:
        parser.error(f"the API and the AWS endpoint cannot share port {arguments.port}")
    if arguments.data is not None:
        try:
            check_writable(arguments.data)
        except OSError as error:
            parser.error(f"nothing can be kept in {arguments.data}: {error.strerror}")
    return arguments


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {text}")
    return int(text)


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if 0 <= float(text) <= _LONGEST_LATENCY:
            return float(text)
    raise argparse.ArgumentTypeError(
        f"a latency is a number of seconds from 0 to {_LONGEST_LATENCY}, not {text}"
    )


def _settings(text: str) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError):
        raise argparse.ArgumentTypeError(
            f'a JSON object such as {{"auth": "iam"}}, not {text}'
        ) from None


def _proof(template: Template) -> str:
    """Returns the options that make curl a caller whom the API knows."""
    methods = template.resources("AWS::ApiGateway::Method").values()
    if any(method.get("ApiKeyRequired") for method in methods):
        return f"-H 'x-api-key: {LOCAL_API_KEY}'"
    from local.aws.signatures import OPERATOR_KEY, OPERATOR_SECRET
    from local.stack import REGION

    return f"--aws-sigv4 aws:amz:{REGION}:execute-api --user {OPERATOR_KEY}:{OPERATOR_SECRET}"


def _say_ready(options: "Options", deployed: "Deployment", proof: str, seconds: float) -> None:
    exports = ""
    if (options.api_url, options.endpoint_url) != (LOCAL_URL, LOCAL_AWS_URL):
        exports = f"""
  export {ENDPOINT}={options.api_url}
  export {AWS_ENDPOINT}={options.endpoint_url}
"""
    _say(
        f"""
Easel is ready after {seconds:.1f} s. Ctrl-C stops it.

  {options.api_url} is its playground, for a browser

  curl -s {options.api_url}/images {proof} \\
    -H 'content-type: application/json' -d '{{"prompt":"a cat running a marathon","seed":42}}'
{exports}
AWS endpoint {options.endpoint_url} (docs/operations.md says how the aws command uses it)
  state machine {deployed.state_machine_arn}
  bucket        {deployed.bucket}
"""
    )


def _say(line: str) -> None:
    print(line, flush=True)


def _fail(message: str) -> int:
    print(f"easel: {printable(message)}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
