"""How much data a state may hold here: 256 KiB of UTF-8, wherever the service measures it."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal.models import moto_api_backend
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from local.aws.moto_gaps import fill_gaps
from local.aws.sync_executions import INPUT_LIMIT_BYTES, start_sync_execution

ROLE = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/any"
PASS = {"Type": "Pass", "End": True}
TASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
DOUBLED = {"text": "{% $states.input & $states.input %}"}
TOO_MUCH = "States.DataLimitExceeded"


class Lambda:
    """Answers little to whatever it is asked, and counts."""

    def __init__(self) -> None:
        self.calls = 0

    def invoke(self, **asked: Any) -> dict[str, Any]:
        self.calls += 1
        return {"StatusCode": 200, "Payload": io.BytesIO(b"{}")}


@pytest.fixture
def function() -> Iterator[Lambda]:
    called = Lambda()
    fill_gaps(lambda role, service, region: called)
    yield called
    moto_api_backend.reset()


def error_of(state: dict[str, Any], text: str) -> str | None:
    """The error of an execution with one state, which doubles a text."""
    definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}}
    backend = stepfunctions_parser_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    machine = backend.create_state_machine("measured", json.dumps(definition), ROLE)
    given = json.dumps(text, ensure_ascii=False)
    answer = start_sync_execution(backend, {"stateMachineArn": machine.arn, "input": given})
    return answer.get("error")


@pytest.mark.parametrize("character", ["a", "é", "猫", "🐈"])
def test_an_output_is_measured_in_bytes_of_utf_8(function: Lambda, character: str) -> None:
    state = {**PASS, "Output": DOUBLED}
    most = (INPUT_LIMIT_BYTES - len('{"text":""}')) // (2 * len(character.encode()))

    fits = error_of(state, character * most)
    over = error_of(state, character * (most + 1))

    assert (fits, over) == (None, TOO_MUCH)


def test_arguments_over_the_limit_fail_before_the_task_runs(function: Lambda) -> None:
    state = {**TASK, "Arguments": {"FunctionName": "f", "Payload": DOUBLED}}

    small = error_of(state, "é" * 60_000)
    large = error_of(state, "é" * 65_536)

    assert (small, large) == (None, TOO_MUCH)
    assert function.calls == 1
