"""Direct integrations of moto's Step Functions with Amazon Bedrock's runtime
(`arn:aws:states:::aws-sdk:bedrockruntime:<action>`).

moto knows neither the service's name in botocore nor the prefix of its errors, and it hands
parameters and results on as they are, where Step Functions spells members in PascalCase and
botocore in its own way. `fill_gap()` adds the names, and calls moto's own methods that change the
spelling.
"""

from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
)


def fill_gap() -> None:
    service: Any = state_task_service_aws_sdk.StateTaskServiceAwsSdk
    service._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES["bedrockruntime"] = "bedrock-runtime"
    state_task_service_aws_sdk._SERVICE_ERROR_NAMES["bedrockruntime"] = "BedrockRuntime"
    service._normalise_parameters = _normalise_parameters
    service._normalise_response = _normalise_response


def _normalise_parameters(task: Any, parameters: Any) -> None:
    task._to_boto_request(parameters, _operation(task).input_shape)


def _normalise_response(task: Any, response: Any) -> None:
    task._from_boto_response(response, _operation(task).output_shape)


def _operation(task: Any) -> Any:
    return _operation_of(task._get_boto_service_name(), task._get_boto_service_action())


@cache
def _operation_of(service: str, method: str) -> Any:
    model = botocore.session.get_session().get_service_model(service)
    return next(
        model.operation_model(name) for name in model.operation_names if xform_name(name) == method
    )
