"""Says so when moto has filled a gap itself, and its stand-in here can go."""

import inspect

import pytest
from moto.stepfunctions import models
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for
from moto.stepfunctions.responses import StepFunctionResponse

from local.aws import moto_gaps

DEFINITION = '{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}'


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


def test_a_parsed_definition_is_made_anew_from_one_tree() -> None:
    first, tree = moto_gaps._parsed(DEFINITION)
    second, same_tree = moto_gaps._parsed(DEFINITION)

    assert first is not second
    assert tree is same_tree
    assert type(first) is type(moto_gaps._parse(DEFINITION)[0])
