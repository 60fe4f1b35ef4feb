"""Says so when moto has filled a gap itself, and its stand-in here can go."""

import inspect
import json
import pickle
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.config import default_user_config
from moto.stepfunctions import models
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.responses import StepFunctionResponse

from local.aws import jsonata, moto_gaps

# Each type of state but Parallel; a task that fails, is not tried again and is caught.
EVERY_STATE = json.dumps(
    {
        "QueryLanguage": "JSONata",
        "StartAt": "Choose",
        "States": {
            "Choose": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% 1 = 1 %}", "Next": "Each"}],
                "Default": "Failed",
            },
            "Failed": {"Type": "Fail", "Error": "Failed", "Cause": "nothing"},
            "Each": {
                "Type": "Map",
                "Items": [1, 2],
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "Ask",
                    "States": {
                        "Ask": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
                            "Arguments": {"Bucket": "nowhere", "Key": "nothing"},
                            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}],
                            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
                            "End": True,
                        },
                        "Caught": {"Type": "Pass", "Output": {"caught": True}, "Next": "Wait"},
                        "Wait": {"Type": "Wait", "Seconds": 0, "End": True},
                    },
                },
                "Next": "Done",
            },
            "Done": {"Type": "Succeed"},
        },
    }
)


def test_moto_has_no_start_sync_execution() -> None:
    assert not hasattr(StepFunctionResponse, "start_sync_execution")


def test_motos_tasks_call_with_made_up_credentials() -> None:
    assert 'aws_access_key_id="ak"' in inspect.getsource(boto_client_for)


def test_motos_cloudformation_names_only_the_machines_it_does_not_execute() -> None:
    created = inspect.getsource(models.StateMachine.create_from_cloudformation_json)

    assert "stepfunctions_backends[" in created


def test_moto_does_not_know_direct_integrations_with_bedrocks_runtime() -> None:
    assert "bedrockruntime" not in inspect.getsource(state_task_service)
    assert "bedrockruntime" not in inspect.getsource(state_task_service_aws_sdk)


@pytest.mark.parametrize("method", ["_normalise_parameters", "_normalise_response"])
def test_moto_leaves_the_case_of_members_alone(method: str) -> None:
    source = inspect.getsource(getattr(state_task_service.StateTaskService, method))

    assert source.rstrip().endswith("pass")
    assert method not in inspect.getsource(state_task_service_aws_sdk)


def test_executions_leave_a_parsed_definition_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AmazonStateLanguageParser, "parse", staticmethod(moto_gaps._parsed))
    monkeypatch.setattr(StringJSONata, "_eval_body", jsonata._evaluate_string)
    monkeypatch.setattr(ExecutionWorker, "start", ExecutionWorker._execution_logic)
    monkeypatch.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})
    components, _ = moto_gaps._parsed(EVERY_STATE)
    with mock_aws():
        client = boto3.client("stepfunctions", "us-east-1")
        machine = client.create_state_machine(
            name="every-state", definition=EVERY_STATE, roleArn="arn:aws:iam::123456789012:role/r"
        )["stateMachineArn"]

        outputs = [output_of_an_execution(client, machine, name="first")]
        after_the_first = pickle.dumps(components)
        outputs += [output_of_an_execution(client, machine, name="second")]

    assert outputs == [[{"caught": True}] * 2] * 2
    assert pickle.dumps(components) == after_the_first


def output_of_an_execution(client: Any, machine: str, *, name: str) -> Any:
    arn = client.start_execution(stateMachineArn=machine, name=name)["executionArn"]
    return json.loads(client.describe_execution(executionArn=arn)["output"])


def test_a_state_that_is_changed_by_its_execution_is_not_passed_over() -> None:
    with pytest.raises(NotImplementedError, match="Parallel"):
        moto_gaps._parsed('{"StartAt":"A","States":{"A":{"Type":"Parallel"}}}')
