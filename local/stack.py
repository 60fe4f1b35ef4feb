"""The whole stack on this machine: AWS endpoint, deployed template, functions and gateway."""

import ctypes
import logging
import os
import resource
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server import werkzeug_app
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.wrappers import Request

from easel.playground import Playground
from easel.target import target_of
from local.assembly import STACK_NAME
from local.aws.credentials import RoleCredentials
from local.aws.endpoint import AwsEndpoint
from local.aws.moto_gaps import fill_gaps
from local.bedrock.guardrails import Guardrails
from local.bedrock.renderers import Render
from local.bedrock.service import BedrockRuntime
from local.deployment import Deployment, deploy
from local.exclusive import HOST
from local.faults import FaultPlan
from local.functions import FunctionHost, InvokeApi
from local.gateway.api import read_api
from local.gateway.app import Gateway
from local.log_lines import make_printable, printable, readable
from local.saved_pictures import SavedPictures
from local.serving import Server
from local.template import Template

REGION = "us-east-1"

# The parameter's number in glibc's malloc.h.
_M_ARENA_MAX = -8
_MEMORY_ARENAS = 2
_OPEN_FILES = 10_000


@dataclass(frozen=True)
class Options:
    """How to run the stack. `render` draws for the model, which takes `latency_seconds`; `data` is
    where pictures stay."""

    render: Render
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


@contextmanager
def local_stack(
    template: Template,
    options: Options,
    *,
    log: Callable[[str], None],
    events: Callable[[str, str], None] = lambda function, event: None,
) -> Iterator[Deployment]:
    """Runs the stack and gives what is deployed. `log` gets what a person should see, `events` a
    function's name and each of its log events as it was written."""

    def say(text: str) -> None:
        log(printable(text))

    def say_event(function: str, event: str) -> None:
        events(function, event)
        if line := readable(event):
            say(f"{function}: {line}")

    stopped = threading.Event()
    with ExitStack() as running:
        _configure_process()
        running.callback(moto_api_backend.reset)

        credentials = RoleCredentials(endpoint_url=options.endpoint_url, region=REGION)
        fill_gaps(credentials.client)
        faults = FaultPlan(stopped.wait)
        guardrails = Guardrails(faults)
        endpoint = AwsEndpoint(
            moto=werkzeug_app.DomainDispatcherApplication(create_backend_app),
            moto_s3=create_backend_app("s3"),  # found anew for each request by the one above
            bedrock=BedrockRuntime(
                render=options.render,
                latency_seconds=options.latency_seconds,
                faults=faults,
                guardrails=guardrails,
                log=say,
            ),
            guardrails=guardrails,
            faults=faults,
        )
        answers = Request.application(endpoint.answer)
        running.enter_context(Server(answers, options.aws_port))
        # Bedrock has a server of its own, whose connections can be refused.
        faults.bedrock = running.enter_context(Server(answers, 0))
        deployment = deploy(
            template,
            stack_name=STACK_NAME,
            region=REGION,
            api_url=options.api_url,
            cloudformation=credentials.operator_client("cloudformation"),
        )
        endpoint.bucket_policies = deployment.bucket_policies
        guardrails.deploy(deployment.guardrails)
        bedrock = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"http://{HOST}:{faults.bedrock.port}"}
        host = running.enter_context(
            FunctionHost(
                [
                    replace(function, environment={**function.environment, **bedrock})
                    for function in deployment.functions
                ],
                region=REGION,
                endpoint_url=options.endpoint_url,
                credentials=credentials.variables,
                log=say_event,
                warm=("validate", "generate", "store"),  # the way to a picture: nobody waits for it
            )
        )
        endpoint.functions = InvokeApi(host, faults.take, faults.sleep)
        if options.data:
            saved = SavedPictures(options.data, deployment.bucket)
            say(f"{saved.restore()} objects restored from {options.data}")
            endpoint.saved_pictures = saved
        gateway = Gateway(
            api=read_api(template, deployment.resolver),
            region=REGION,
            endpoint_url=options.endpoint_url,
            credentials_of=lambda role: credentials.of(role, "apigateway.amazonaws.com"),
            log=say,
        )
        api = Request.application(gateway.answer)
        playground = Playground(target_of({}, options.api_url, aws_endpoint=options.endpoint_url))

        def web(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            """The page is where the API has no route."""
            return (playground if playground.serves(environ) else api)(environ, start_response)

        running.enter_context(Server(web, options.port, gateway.allows))
        running.callback(stopped.set)
        yield deployment


def _configure_process() -> None:
    logging.getLogger("moto").setLevel(logging.CRITICAL)  # it logs each failed execution
    vars(werkzeug_app)["DISABLE_GLOBAL_CORS"] = True  # it allows every web page everything
    logging.getLogger("werkzeug").addFilter(make_printable)
    os.environ["VALIDATE_LAMBDA_S3"] = "false"
    # Pictures are kept in files, which stay open, and not in memory.
    os.environ["MOTO_S3_DEFAULT_KEY_BUFFER_SIZE"] = "65536"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, _OPEN_FILES)), hard))
    # glibc gives threads arenas of their own, which each keep a picture's worth of memory.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _MEMORY_ARENAS)
