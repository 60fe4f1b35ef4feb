"""Reads an execution's events: from Step Functions, or from the logs of an Express execution.

GetExecutionHistory is not for Express state machines (its API reference), so theirs is what they
log; DescribeStateMachine says where. The local stack's executions have a history.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from easel.aws import LOCAL_REGION, Account, Reason, Unanswered
from easel.credentials import session_for
from easel.exits import CommandError, Exit
from easel.target import AWS_ENDPOINT, Target
from easel.timeline import Event, event_of_history, event_of_log

T = TypeVar("T")

_ARN = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:(execution|express)(:[^:\s\"]+){2,3}")

_NO_STACK = "There is no such state machine"
_ELSEWHERE = f"The banner of make run says where its AWS is: --aws-endpoint or {AWS_ENDPOINT}"

_EXITS = {
    Reason.DENIED: Exit.REFUSED,
    Reason.CREDENTIALS: Exit.HERE,
    Reason.UNREACHABLE: Exit.UNREACHABLE,
}


def is_execution(arn: str) -> bool:
    return _ARN.fullmatch(arn) is not None


def region_of(arn: str) -> str | None:
    """Returns where an execution was deployed to, or None for one of the local stack."""
    return arn.split(":")[3] if arn.split(":")[5] == "express" else None


def account_of(region: str | None, target: Target) -> Account:
    """Returns the account to ask in a region; without one, the local stack's."""
    if region is None:
        return Account.of(session_for(target, local=True), LOCAL_REGION, target.aws_url)
    return Account.of(session_for(target, local=False), region)


def events_of(arn: str, account: Account, *, since: datetime) -> list[Event]:
    """Returns all events of an execution. Raises CommandError, if there are none."""
    if region_of(arn):
        return _logged(arn, account, since)
    history = _answered(
        account.ask_all("stepfunctions", "get_execution_history", "events", executionArn=arn),
        "The local stack has no history of it: it keeps the last thousand executions, until it "
        f"is stopped. {_ELSEWHERE}",
        _ELSEWHERE,
    )
    return [event_of_history(event) for event in history]


def _logged(arn: str, account: Account, since: datetime) -> list[Event]:
    log_group = _log_group(arn, account)
    found = _answered(
        account.ask_all(
            "logs",
            "filter_log_events",
            "events",
            logGroupName=log_group,
            startTime=int(since.timestamp() * 1_000),
            filterPattern=f'{{ $.execution_arn = "{arn}" }}',
        ),
        f"There is no log group {log_group}",
    )
    if not found:
        raise CommandError(
            Exit.REFUSED,
            f"{log_group} has no events of this execution since {since:%Y-%m-%d %H:%M} UTC. They "
            "arrive some seconds late; look further back with --since HOURS.",
        )
    return [event_of_log(event["message"]) for event in found]


def definition_of(arn: str, account: Account) -> dict[str, Any]:
    """Returns the state machine of an execution, in ASL. Raises CommandError."""
    return dict(json.loads(_machine(arn, account)["definition"]))


def running_with(idempotency_key: str, account: Account) -> str | None:
    """Returns the ARN of the execution that runs for a request with this key, on the local stack:
    Step Functions lists no Express executions. Raises CommandError."""
    machines = account.ask_all("stepfunctions", "list_state_machines", "stateMachines")
    for machine in _answered(machines, _NO_STACK, _ELSEWHERE):
        running = account.ask_all(
            "stepfunctions",
            "list_executions",
            "executions",
            stateMachineArn=machine["stateMachineArn"],
            statusFilter="RUNNING",
        )
        for execution in _answered(running, _NO_STACK, _ELSEWHERE):
            arn = str(execution["executionArn"])
            described = account.ask("stepfunctions", "describe_execution", executionArn=arn)
            sent = json.loads(_answered(described, _NO_STACK).get("input", "{}"))
            if sent.get("idempotency_key") == idempotency_key:
                return arn
    return None


def _log_group(arn: str, account: Account) -> str:
    """Returns where the state machine of an execution logs."""
    machine = _machine(arn, account)
    for destination in machine.get("loggingConfiguration", {}).get("destinations", []):
        group = destination["cloudWatchLogsLogGroup"]["logGroupArn"]
        return str(group.split(":log-group:")[1].removesuffix(":*"))
    raise CommandError(
        Exit.REFUSED, f"State machine {machine['name']} writes no logs: deploy it again."
    )


def _machine(arn: str, account: Account) -> Mapping[str, Any]:
    """Returns an execution's state machine, which the execution's ARN names."""
    _, partition, _, region, number, _, name = arn.split(":")[:7]
    machine = f"arn:{partition}:states:{region}:{number}:stateMachine:{name}"
    return _answered(
        account.ask("stepfunctions", "describe_state_machine", stateMachineArn=machine),
        f"There is no state machine {name} in {region}",
    )


def _answered(answer: T | Unanswered, absent: str, unreachable: str = "") -> T:
    """Raises CommandError without an answer: `absent` is what it says then, `unreachable` adds."""
    if not isinstance(answer, Unanswered):
        return answer
    if answer.reason is Reason.ABSENT or answer.code == "ExecutionDoesNotExist":
        raise CommandError(Exit.REFUSED, f"{absent}.")
    exit = _EXITS.get(answer.reason, Exit.FAILED)
    if answer.reason is Reason.DENIED:
        raise CommandError(exit, f"These credentials may not call {answer.action}: allow it.")
    cure = f". {unreachable}." if unreachable and answer.reason is Reason.UNREACHABLE else ""
    raise CommandError(exit, f"{answer.action} failed: {answer.code}: {answer.message}{cure}")
