"""What moto's Step Functions lacks for this stack; its neighbours fill what others would want too.

Its tasks call AWS with made-up credentials, so that no role is checked, and build a client each
time; here they call with the state machine's role. Its CloudFormation creates state machines among
those that it does not execute. It parses a definition anew for every execution, 30 ms each time,
and a path for every state; it copies JSON as if it were any object, and spells a failed state out
at every level for a log that is off. Its Wait does not cut off a fraction of a second. It measures
a state's data with escapes, and not a task's arguments. It keeps every execution, and every thread,
but does not say which is whose.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from threading import Thread
from types import SimpleNamespace
from typing import Any

from jsonpath_ng.parser import parse
from moto.core.config import default_user_config
from moto.stepfunctions import models
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.eval import states
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import (
    StepFunctionsParserBackend,
    stepfunctions_parser_backends,
)
from moto.stepfunctions.parser.utils import TMP_THREADS

from local.aws import direct_integrations, jsonata
from local.aws.sync_executions import INPUT_LIMIT_BYTES

KEPT_EXECUTIONS = 1_000

_parse = AmazonStateLanguageParser.parse
_parameters = StateTask._eval_parameters

# role ARN, service, region -> boto3 client
ClientFactory = Callable[[str, str, str], Any]


def fill_gaps(client_for: ClientFactory) -> None:
    """Lets moto execute state machines, whose tasks call AWS through `client_for`."""

    def boto_client_for(region: str, service: str, state_credentials: Any) -> Any:
        return client_for(state_credentials.role_arn, service, region)

    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    vars(models)["stepfunctions_backends"] = stepfunctions_parser_backends
    vars(lambda_eval_utils)["boto_client_for"] = boto_client_for
    vars(state_task_service_aws_sdk)["boto_client_for"] = boto_client_for
    AmazonStateLanguageParser.parse = staticmethod(_parsed)  # type: ignore[method-assign]
    for spell_out in ("_log_failure_event_exception", "_log_exception"):
        setattr(EvalComponent, spell_out, _say_nothing)
    vars(result_path)["parse"] = cache(parse)
    for module in (states, result_path):
        vars(module)["copy"] = SimpleNamespace(deepcopy=_copied)
    ExecutionWorker.start = _start  # type: ignore[method-assign]
    Timestamp._eval_body = _wait_until  # type: ignore[method-assign, assignment]
    for module in (state, state_task_service):
        vars(module)["is_within_size_quota"] = _fits_into_a_state
    StateTask._eval_parameters = _measured_parameters  # type: ignore[method-assign, assignment]
    direct_integrations.fill_gap()
    jsonata.fill_gap()


def forget_the_oldest(backend: StepFunctionsParserBackend) -> None:
    """Bounds the memory that executions take."""
    for machine in backend.state_machines:
        del machine.executions[:-KEPT_EXECUTIONS]
    TMP_THREADS[:] = [thread for thread in TMP_THREADS if thread.is_alive()]


def _start(worker: Any) -> None:
    """Starts an execution in a thread that can be waited for."""
    worker.thread = Thread(target=worker._execution_logic, daemon=True)
    worker.thread.start()


def _wait_until(timestamp: Timestamp, env: Any) -> None:
    """Waits for a moment whose fraction of a second is cut off, as the service's guide has it."""
    timestamp.string.eval(env)
    moment = datetime.fromisoformat(re.sub(r"\.\d+", "", env.stack.pop()))
    env.program_state_event.wait(max(0, (moment - datetime.now(UTC)).total_seconds()))


def _say_nothing(component: EvalComponent, **failed: object) -> None:
    pass


def _copied(value: Any) -> Any:
    """Copies JSON."""
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


def _fits_into_a_state(value: Any) -> bool:
    """Counts bytes of UTF-8, as "Quotas for payload size" of the service's guide has it."""
    text = json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode(errors="surrogatepass")) <= INPUT_LIMIT_BYTES


def _measured_parameters(task: StateTask, env: Any) -> dict[str, Any]:
    parameters = _parameters(task, env)
    task._verify_size_quota(env, parameters)
    return parameters


@cache
def _parsed(definition: str) -> tuple[EvalComponent, Any]:
    """Keeps the components, in which only a Parallel state would write while it is executed."""
    if '"Parallel"' in definition:
        raise NotImplementedError("a Parallel state")
    return _parse(definition)
