"""StartSyncExecution, which moto lacks, on top of moto's executions."""

import json
import time
from typing import Any
from uuid import uuid4

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.stepfunctions.parser.models import (
    StepFunctionsParserBackend,
    stepfunctions_parser_backends,
)
from werkzeug.wrappers import Response

from local.access import Caller, authorise
from local.moto_gaps import forget_finished_threads
from local.wire_errors import json_error

INPUT_LIMIT_BYTES = 262_144
KEPT_EXECUTIONS = 1_000
_POLL_SECONDS = 0.004
_BILLED_MEMORY_MB = 64


def start_sync_execution(body: bytes, caller: Caller) -> Response:
    """Start an execution and wait for its end: HTTP 200 even when the execution fails.

    Raises RefusedError where the caller may not start it.
    """
    try:
        request = json.loads(body)
        state_machine_arn = request["stateMachineArn"]
        execution_input = request.get("input", "{}")
        input_bytes = len(execution_input.encode())
    except (ValueError, KeyError, TypeError, AttributeError):
        return json_error("SerializationException", "the request is not StartSyncExecution's")
    authorise(caller, "states:StartSyncExecution", state_machine_arn)
    if input_bytes > INPUT_LIMIT_BYTES:
        return json_error(
            "ValidationException",
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member "
            f"must have length less than or equal to {INPUT_LIMIT_BYTES}",
        )
    try:
        json.loads(execution_input)
    except ValueError as error:
        return json_error(
            "InvalidExecutionInput", f"Invalid State Machine Execution Input: {error}"
        )
    backend = stepfunctions_parser_backends[DEFAULT_ACCOUNT_ID][caller.region]
    if not any(machine.arn == state_machine_arn for machine in backend.state_machines):
        return json_error(
            "StateMachineDoesNotExist", f"State Machine Does Not Exist: '{state_machine_arn}'"
        )
    return Response(
        json.dumps(_run(backend, state_machine_arn, execution_input, request.get("name"))),
        content_type="application/x-amz-json-1.0",
        headers={"x-amzn-RequestId": str(uuid4())},
    )


def executions_of_what(caller: Caller) -> Response:
    """ListExecutions that names no state machine: refused, where moto would break."""
    backend = stepfunctions_parser_backends[DEFAULT_ACCOUNT_ID][caller.region]
    known = ", ".join(machine.arn for machine in backend.state_machines)
    return json_error(
        "ValidationException",
        f"Must specify exactly one of stateMachineArn or mapRunArn. State machines here: {known}",
    )


def _run(
    backend: StepFunctionsParserBackend, state_machine_arn: str, execution_input: str, name: Any
) -> dict[str, Any]:
    """Express does not dedupe names, moto does: a name is made unique."""
    execution = backend.start_execution(
        state_machine_arn, f"{name or uuid4()}:{uuid4()}"[:80], execution_input
    )
    while execution.status == "RUNNING":
        time.sleep(_POLL_SECONDS)
    while execution.stop_date is None:
        time.sleep(_POLL_SECONDS)
    _forget_oldest(backend, state_machine_arn)

    described = execution.to_describe_output()
    duration = execution.stop_date - execution.start_date
    result = {
        "executionArn": described["executionArn"],
        "stateMachineArn": state_machine_arn,
        "name": described["name"],
        "startDate": execution.start_date.timestamp(),
        "stopDate": execution.stop_date.timestamp(),
        "status": execution.status,
        "input": execution_input,
        "inputDetails": {"included": True},
        "outputDetails": {"included": True},
        "billingDetails": {
            "billedMemoryUsedInMB": _BILLED_MEMORY_MB,
            "billedDurationInMilliseconds": -(-duration.total_seconds() // 0.1) * 100,
        },
    }
    result |= {key: described[key] for key in ("output", "error", "cause") if key in described}
    return result


def _forget_oldest(backend: StepFunctionsParserBackend, state_machine_arn: str) -> None:
    forget_finished_threads()
    for machine in backend.state_machines:
        if machine.arn == state_machine_arn:
            del machine.executions[:-KEPT_EXECUTIONS]
