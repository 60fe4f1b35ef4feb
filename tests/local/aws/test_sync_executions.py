"""StartSyncExecution: an execution's answer, whenever moto is done with it."""

import json
import time
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal.models import moto_api_backend
from moto.stepfunctions.parser.asl.eval.states import States
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from local.aws.moto_gaps import fill_gaps
from local.aws.sync_executions import start_sync_execution

MACHINE = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


def test_the_output_is_there_though_it_comes_after_the_status(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = States.get_input

    def late(states: States) -> Any:
        time.sleep(0.02)
        return output(states)

    monkeypatch.setattr(States, "get_input", late)
    fill_gaps(lambda role, service, region: None)
    backend = stepfunctions_parser_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    role = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/any"
    machine = backend.create_state_machine("late", json.dumps(MACHINE), role)

    answer = start_sync_execution(backend, {"stateMachineArn": machine.arn, "input": "[1]"})

    moto_api_backend.reset()
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", "[1]")
