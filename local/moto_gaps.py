"""What moto's Step Functions lacks for this stack, in one place.

Its tasks call AWS with made-up credentials, so no role is checked, and build a client each time;
here they call with the state machine's role. Its CloudFormation creates state machines among
those that it does not execute. It parses a definition anew for every execution, 20 ms each time,
and keeps every thread it ever started. Of direct integrations with Bedrock's runtime it knows
neither the client's name nor the prefix of errors, and it leaves the case of members alone. It
reads JSONata, but cannot evaluate it, and its Wait ends up to a second before its time.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from moto.core.config import default_user_config
from moto.stepfunctions import models
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (  # noqa: E501
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.stepfunctions.parser.utils import TMP_THREADS

from local.jsonata import EvaluationError, evaluate

_parse = AmazonStateLanguageParser.parse

# role ARN, service, region -> boto3 client
ClientFactory = Callable[[str, str, str], Any]


def fill_gaps(client_for: ClientFactory) -> None:
    """Execute state machines, and let their tasks call AWS through `client_for`."""

    def boto_client_for(region: str, service: str, state_credentials: Any) -> Any:
        return client_for(state_credentials.role_arn, service, region)

    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    vars(models)["stepfunctions_backends"] = stepfunctions_parser_backends
    vars(lambda_eval_utils)["boto_client_for"] = boto_client_for
    AmazonStateLanguageParser.parse = staticmethod(_parsed)  # type: ignore[method-assign]
    vars(state_task_service_aws_sdk)["boto_client_for"] = boto_client_for
    StringJSONata._eval_body = _evaluate  # type: ignore[method-assign, assignment]
    Timestamp._eval_body = _wait_until  # type: ignore[method-assign, assignment]
    _fill_direct_integrations()


def _evaluate(string: StringJSONata, env: Any) -> None:
    """Puts an expression's value on the stack, or fails with States.QueryEvaluationError."""
    states = {
        name: value
        for name, value in env.states._states_data.items()
        if value is not None or name not in ("result", "errorOutput")
    }
    execution = states["context"]["Execution"]
    started = execution["StartTime"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    states["context"] = {**states["context"], "Execution": {**execution, "StartTime": started}}
    scope = env.variable_store
    variables = {**scope._outer_scope, **scope._inner_scope, "states": states}
    try:
        env.stack.append(evaluate(string.expression, variables))
    except EvaluationError as error:
        raise _evaluation_failed(str(error), env) from error


def _evaluation_failed(cause: str, env: Any) -> FailureEventException:
    """An event of its own in the history, as the service has it."""
    name = StatesErrorName(StatesErrorNameType.StatesQueryEvaluationError)
    kind = HistoryEventType.EvaluationFailed
    details: Any = {"evaluationFailedEventDetails": {"error": name.error_name, "cause": cause}}
    failed = FailureEventException(FailureEvent(env, name, kind, details))
    named: Any = {"evaluationFailedEventDetails": failed.get_evaluation_failed_event_details()}
    env.event_manager.add_event(
        context=env.event_history_context, event_type=kind, event_details=named
    )
    return failed


def _wait_until(timestamp: Timestamp, env: Any) -> None:
    """Waits for a moment whose fraction of a second is cut off, as the service's guide has it."""
    timestamp.string.eval(env)
    moment = datetime.fromisoformat(re.sub(r"\.\d+", "", env.stack.pop()))
    env.program_state_event.wait(max(0, (moment - datetime.now(UTC)).total_seconds()))


def _fill_direct_integrations() -> None:
    StateTaskService._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES["bedrockruntime"] = "bedrock-runtime"
    state_task_service_aws_sdk._SERVICE_ERROR_NAMES["bedrockruntime"] = "BedrockRuntime"
    service: Any = state_task_service_aws_sdk.StateTaskServiceAwsSdk
    service._normalise_parameters = _to_members
    service._normalise_response = _from_members


def _to_members(
    task: Any, parameters: dict[str, Any], service: str | None = None, action: str | None = None
) -> None:
    """Parameters come in PascalCase, botocore has its own."""
    task._to_boto_request(parameters, _operation(task, service, action).input_shape)


def _from_members(
    task: Any, response: Any, service: str | None = None, action: str | None = None
) -> None:
    task._from_boto_response(response, _operation(task, service, action).output_shape)


def _operation(task: Any, service: str | None, action: str | None) -> Any:
    model = _service_model(task._get_boto_service_name(service))
    method = task._get_boto_service_action(action)
    return next(
        model.operation_model(name) for name in model.operation_names if xform_name(name) == method
    )


@cache
def _service_model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _parsed(definition: str) -> tuple[EvalComponent, Any]:
    """The components are made anew for each execution, from a tree that is kept."""
    tree = _tree(definition)
    return Preprocessor().visit(tree), tree


@cache
def _tree(definition: str) -> Any:
    return _parse(definition)[1]


def forget_finished_threads() -> None:
    TMP_THREADS[:] = [thread for thread in TMP_THREADS if thread.is_alive()]
