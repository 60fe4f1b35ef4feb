"""Executions as Step Functions and CloudWatch Logs tell of them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.stub import ANY

from tests.easel.stubbed_account import StubbedAccount

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
EXPRESS = "arn:aws:states:eu-west-1:111122223333:express:machine-name:request:run"
MACHINE = "arn:aws:states:eu-west-1:111122223333:stateMachine:machine-name"
LOG_GROUP = "/aws/vendedlogs/states/easel-dev-text-to-image"
RETRIED: tuple[tuple[int, str, float, dict[str, Any]], ...] = (
    (0, "ExecutionStarted", 0.0, {}),
    (0, "TaskStateEntered", 0.0, {"name": "Generate"}),
    (2, "TaskScheduled", 0.1, {}),
    (3, "TaskStarted", 0.1, {}),
    (4, "TaskFailed", 0.3, {"error": "ThrottledError", "cause": "busy"}),
    (5, "TaskScheduled", 1.3, {}),
    (6, "TaskTimedOut", 2.3, {"error": "States.Timeout"}),
    (7, "TaskScheduled", 2.8, {}),
    (8, "TaskSucceeded", 3.0, {}),
    (9, "TaskStateExited", 3.0, {"name": "Generate"}),
    (10, "PassStateEntered", 3.0, {"name": "Respond"}),
    (11, "PassStateExited", 3.1, {"name": "Respond"}),
    (12, "ExecutionSucceeded", 3.1, {}),
)


def log_line(
    number: int, previous: int, type: str, seconds: float, details: Mapping[str, Any]
) -> str:
    """A line as Express state machines write it."""
    event = {
        "id": str(number),
        "type": type,
        "details": details,
        "redrive_count": "0",
        "previous_event_id": str(previous),
        "event_timestamp": str(int((START.timestamp() + seconds) * 1_000)),
        "execution_arn": EXPRESS,
    }
    return json.dumps(event)


class Deployed(StubbedAccount):
    """An account with a deployed state machine."""

    def has_machine(self, *destinations: str) -> None:
        answer = {
            "stateMachineArn": MACHINE,
            "name": "machine-name",
            "definition": "{}",
            "roleArn": "arn:aws:iam::111122223333:role/any",
            "type": "EXPRESS",
            "creationDate": START,
            "loggingConfiguration": {
                "destinations": [
                    {"cloudWatchLogsLogGroup": {"logGroupArn": arn}} for arn in destinations
                ]
            },
        }
        self.answers(
            "stepfunctions", "describe_state_machine", answer, {"stateMachineArn": MACHINE}
        )

    def has_logs(self, *lines: str, since: datetime | None = START) -> None:
        self.has_machine(f"arn:aws:logs:eu-west-1:111122223333:log-group:{LOG_GROUP}:*")
        asked = {
            "logGroupName": LOG_GROUP,
            "startTime": int(since.timestamp() * 1_000) if since else ANY,
            "filterPattern": f'{{ $.execution_arn = "{EXPRESS}" }}',
        }
        events = {"events": [{"message": line} for line in lines]}
        self.answers("logs", "filter_log_events", events, asked)
