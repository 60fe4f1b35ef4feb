"""StartSyncExecution for moto's Step Functions, which starts executions but does not wait for them.

An execution is started, waited for and described as the service answers: without an error, even
where the execution failed.
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from moto.stepfunctions.exceptions import ValidationException
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

INPUT_LIMIT_BYTES = 262_144
_BILLED_MEMORY_MB = 64


def start_sync_execution(
    backend: StepFunctionsParserBackend, request: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns the answer to a request. Raises moto's AWSError where nothing can be started."""
    execution_input = request.get("input", "{}")
    if len(execution_input.encode()) > INPUT_LIMIT_BYTES:
        raise ValidationException(
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member "
            f"must have length less than or equal to {INPUT_LIMIT_BYTES}"
        )
    # An express execution may have the name of another one. In moto it may not: names get a suffix.
    name = f"{request.get('name') or uuid4()}:{uuid4()}"[:80]
    execution: Any = backend.start_execution(request["stateMachineArn"], name, execution_input)
    execution.exec_worker.thread.join()

    described = execution.to_describe_output()
    duration = execution.stop_date - execution.start_date
    answer = {
        "executionArn": described["executionArn"],
        "stateMachineArn": request["stateMachineArn"],
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
    return answer | {
        key: described[key] for key in ("output", "error", "cause") if key in described
    }
