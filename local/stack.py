"""The whole stack on this machine: AWS endpoint, deployed template, functions and gateway."""

import ctypes
import json
import logging
import os
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from local.aws_endpoint import AwsEndpoint
from local.bedrock.service import BedrockRuntime
from local.credentials import RoleCredentials
from local.deployment import Deployment, deploy
from local.faults import FaultPlan
from local.functions import FunctionHost, InvokeApi
from local.gateway.api import read_api
from local.gateway.app import Gateway
from local.moto_gaps import fill_gaps
from local.saved_pictures import SavedPictures
from local.template import Template

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST = "127.0.0.1"
REGION = "us-east-1"
STACK_NAME = "easel-local"

# moto keeps an object in memory up to this size and in a temporary file above it.
_OBJECT_MEMORY_BYTES = 16_384
_OPEN_FILES = 65_536

# The parameter's number in glibc's malloc.h.
_M_ARENA_MAX = -8
_MEMORY_ARENAS = 2


class PortInUseError(Exception):
    """Something else listens on a port; the message names it."""


@dataclass(frozen=True)
class Options:
    """How to run the stack. `latency_seconds` is the model's; `data` is where pictures stay."""

    port: int = 8080
    aws_port: int = 8081
    latency_seconds: float = 0.0
    data: Path | None = None

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self.aws_port}"

    @property
    def api_url(self) -> str:
        return f"http://{HOST}:{self.port}"


class LocalStack:
    """A context manager: the stack runs inside it. `log` gets what a person should see."""

    deployment: Deployment

    def __init__(self, template: Template, options: Options, *, log: Callable[[str], None]) -> None:
        self._template = template
        self._options = options
        self._log = log
        self._running = ExitStack()
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            self._start(starting)
            self._running = starting.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._running.close()

    def _start(self, running: ExitStack) -> None:
        options = self._options
        for port in (options.port, options.aws_port):
            _check_free(port)
        _configure_moto()
        running.callback(moto_api_backend.reset)
        _allow_open_files()
        _limit_memory_arenas()

        credentials = RoleCredentials(endpoint_url=options.endpoint_url, region=REGION)
        fill_gaps(credentials.client)
        faults = FaultPlan()
        endpoint = AwsEndpoint(
            moto=DomainDispatcherApplication(create_backend_app),
            bedrock=BedrockRuntime(
                latency_seconds=options.latency_seconds,
                serve_retired=True,
                faults=faults,
                sleep=self._stopped.wait,
            ),
            faults=faults,
            sleep=self._stopped.wait,
            saved_pictures=SavedPictures(options.data) if options.data else None,
        )
        running.enter_context(_serving(endpoint, options.aws_port))
        self.deployment = deploy(
            self._template,
            stack_name=STACK_NAME,
            region=REGION,
            cloudformation=credentials.operator_client("cloudformation"),
        )
        host = running.enter_context(self._function_host(credentials))
        endpoint.functions = InvokeApi(host, faults.strike)
        if options.data:
            count = SavedPictures(options.data).restore(
                credentials.operator_client("s3"), self.deployment.bucket
            )
            self._log(f"{count} objects restored from {options.data}")
        gateway = Gateway(
            read_api(self._template, self.deployment.resolver),
            region=REGION,
            endpoint_url=options.endpoint_url,
            credentials_of=credentials.of,
            log=self._log,
        )
        running.enter_context(_serving(gateway, options.port))

    def _function_host(self, credentials: RoleCredentials) -> FunctionHost:
        return FunctionHost(
            self.deployment.functions,
            region=REGION,
            endpoint_url=self._options.endpoint_url,
            credentials=credentials.variables,
            log=lambda function, event: self._log(f"{function}: {_readable(event)}"),
        )


def _readable(event: str) -> str:
    """A log event of a function; an error that answers a caller in one line, without its trace."""
    first = event.partition("\n")[0]
    try:
        answer = json.loads(first.partition(": ")[2])
        return f"{answer['class']}: {answer['error']['message']} {answer['detail'] or ''}".strip()
    except (ValueError, KeyError, TypeError):
        return event


@contextmanager
def _serving(app: "WSGIApplication", port: int) -> Iterator[None]:
    """A thread for each connection: a request to the gateway leads to others here."""
    server = make_server(HOST, port, app, threaded=True, request_handler=_RequestHandler)
    thread = threading.Thread(target=server.serve_forever, name=f"port-{port}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _RequestHandler(MotoRequestHandler):
    """Silent, and with answers sent at once."""

    # Without it the last piece of an answer waits for the other side's delayed ACK, 40 ms.
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:
        if type == "error" and "ClientDisconnected" not in message % args:
            logging.getLogger(__name__).error(message, *args)


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortInUseError(f"port {port} is in use") from error


def _configure_moto() -> None:
    logging.getLogger("moto").setLevel(logging.CRITICAL)  # it logs each failed execution
    os.environ["VALIDATE_LAMBDA_S3"] = "false"
    os.environ["MOTO_S3_DEFAULT_KEY_BUFFER_SIZE"] = str(_OBJECT_MEMORY_BYTES)


def _limit_memory_arenas() -> None:
    """glibc gives threads arenas of their own, which each keep a picture's worth of memory."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _MEMORY_ARENAS)


def _allow_open_files() -> None:
    """Every stored picture is an open temporary file of moto's."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
