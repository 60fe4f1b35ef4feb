"""Each check of logs and traces, with what a whole request leaves there, and with parts missing."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import ANY

import pytest

from easel.api import Answer
from easel.findings import Finding, Level
from easel.smoke import traces
from tests.easel.smoke.stand_in import EXECUTION, STEPS, answer, deployed, machine, picture
from tests.easel.stubbed_account import StubbedAccount

TRACE = "1-69200000-0123456789abcdef01234567"
FIRST = answer(picture(), headers={"x-amz-apigw-id": "Abc="})

# State -> seconds that its task takes.
DRAWING = {
    "Operation": None,
    "Validate": 0.3,
    "DrawEach": None,
    "Generate": 4.0,
    "Store": 2.5,
    "Answer": None,
}


def logged(
    seconds: dict[str, float | None], *, ended: str | None = "ExecutionSucceeded"
) -> list[str]:
    """The lines that an Express state machine logs, one state after another."""
    lines: list[str] = []
    at = 1_800_000_000_000.0

    def line(type: str, **details: Any) -> None:
        event = {
            "id": str(len(lines) + 1),
            "previous_event_id": str(len(lines)),
            "type": type,
            "event_timestamp": str(int(at)),
            "execution_arn": EXECUTION,
            "details": details,
        }
        lines.append(json.dumps(event))

    line("ExecutionStarted")
    for name, took in seconds.items():
        type = "Pass" if took is None else "Task"
        line(f"{type}StateEntered", name=name)
        if took is not None:
            line("TaskScheduled")
            at += took * 1_000
            line("TaskSucceeded")
        line(f"{type}StateExited", name=name)
    if ended:
        line(ended)
    return lines


def timeline_of(lines: list[str]) -> Finding:
    account = StubbedAccount()
    account.answers("stepfunctions", "describe_state_machine", machine())
    account.answers("logs", "filter_log_events", {"events": [{"message": line} for line in lines]})
    return traces.check_timeline(deployed(account=account), EXECUTION)


class TestTimeline:
    def test_a_whole_execution_is_ok(self) -> None:
        finding = timeline_of(logged(DRAWING))

        assert finding.level is Level.OK
        assert "6 states; nearest to its limit: Store, 2.50 of 9 s" in finding.found

    @pytest.mark.parametrize(
        ("lines", "level", "found"),
        [
            ([], "problem", "has no events"),
            (logged(DRAWING, ended=None), "problem", "is RUNNING, without its end"),
            (logged(DRAWING, ended="ExecutionFailed"), "problem", "is FAILED"),
            (
                logged({name: DRAWING[name] for name in DRAWING if name != "Store"}),
                "problem",
                "without Store",
            ),
            (logged({**DRAWING, "Store": 6.5}), "warning", "Store took 6.50 of the 9 s"),
            (logged({**DRAWING, "Generate": 12.0}), "warning", "end of Generate took 12.30 of"),
        ],
        ids=["no log", "no end", "failed", "a state less", "a slow task", "slow drawing"],
    )
    def test_one_with_something_missing_or_slow_is_told(
        self, lines: list[str], level: str, found: str
    ) -> None:
        finding = timeline_of(lines)

        assert finding.level == level
        assert found in finding.found
        assert finding.cure


def entry(**changes: str) -> dict[str, str]:
    return {
        "request_id": "Abc=",
        "method": "POST",
        "path": "/images",
        "status": "200",
        "latency_ms": "5300",
        "trace_id": TRACE,
        **changes,
    }


def account_with_log(*entries: dict[str, str]) -> StubbedAccount:
    account = StubbedAccount()
    group = "arn:aws:logs:eu-west-1:111111111111:log-group:access"
    account.answers(
        "apigateway",
        "get_stage",
        {"accessLogSettings": {"destinationArn": group}},
        {"restApiId": "api", "stageName": "v1"},
    )
    lines = [{"message": json.dumps(each)} for each in entries]
    account.answers(
        "logs",
        "filter_log_events",
        {"events": lines},
        {
            "logGroupName": "access",
            "startTime": ANY,
            "filterPattern": '{ $.request_id = "Abc=" }',
        },
    )
    return account


class TestAccessLog:
    def test_the_line_of_the_request_is_ok(self) -> None:
        finding = traces.check_access_log(deployed(account=account_with_log(entry())), FIRST)

        assert finding.level is Level.OK

    def test_an_api_with_a_name_of_its_own_has_the_log_of_its_stage(self) -> None:
        stack = deployed(account=account_with_log(entry()))
        target = replace(stack.api.target, url="https://images.example.com")
        stack.api = replace(stack.api, target=target)

        assert traces.check_access_log(stack, FIRST).level is Level.OK

    @pytest.mark.parametrize(
        ("entries", "found"),
        [
            ([], "access has no line of request Abc="),
            ([entry(status="500")], '"status": "500"'),
            ([{"request_id": "Abc="}], "KeyError: 'status'"),
        ],
        ids=["no line", "another status", "another format"],
    )
    def test_no_such_line_is_a_problem(self, entries: list[dict[str, str]], found: str) -> None:
        account = account_with_log(*entries)

        finding = traces.check_access_log(deployed(account=account), FIRST)

        assert finding.level is Level.PROBLEM
        assert found in finding.found
        assert finding.cure

    def test_a_stage_without_an_access_log_is_a_problem(self) -> None:
        account = StubbedAccount()
        account.answers("apigateway", "get_stage", {"stageName": "v1"})

        finding = traces.check_access_log(deployed(account=account), FIRST)

        assert finding.level is Level.PROBLEM

    def test_an_answer_that_did_not_come_through_the_gateway_is_a_problem(self) -> None:
        account = StubbedAccount()
        account.answers("apigateway", "get_stage", {"accessLogSettings": {"destinationArn": "a"}})

        finding = traces.check_access_log(deployed(account=account), Answer(200, {}, b"{}"))

        assert finding.level is Level.PROBLEM
        assert "x-amz-apigw-id" in finding.found


def segment(name: str, origin: str, *calls: str) -> dict[str, Any]:
    inner = [{"name": "Attempt", "subsegments": [{"name": call} for call in calls]}]
    return {"name": name, "origin": origin, "subsegments": inner}


SEGMENTS = [
    segment("easel-dev/v1", "AWS::ApiGateway::Stage"),
    segment("machine", "AWS::StepFunctions::StateMachine"),
    *(segment(f"easel-dev-{step}", "AWS::Lambda::Function", "S3") for step in STEPS),
    segment("easel-dev-generate", "AWS::Lambda", "Bedrock Runtime"),
]


def trace_of(segments: list[dict[str, Any]]) -> Finding:
    account = account_with_log(entry())
    account.answers("xray", "get_trace_segment_destination", {"Destination": "XRay"})
    documents = [{"Id": "1", "Document": json.dumps(each)} for each in segments]
    found = {"Traces": [{"Id": TRACE, "Segments": documents}]} if segments else {"Traces": []}
    account.answers("xray", "batch_get_traces", found, {"TraceIds": [TRACE]})
    return traces.check_trace(deployed(account=account), FIRST)


class TestTrace:
    def test_a_whole_trace_is_ok(self) -> None:
        assert trace_of(SEGMENTS).level is Level.OK

    @pytest.mark.parametrize(
        ("segments", "lacking"),
        [
            (SEGMENTS[1:], "AWS::ApiGateway"),
            ([SEGMENTS[0], *SEGMENTS[2:]], "AWS::StepFunctions"),
            ([*SEGMENTS[:2], *SEGMENTS[3:]], "validate"),
            (SEGMENTS[:-1], "Bedrock Runtime"),
            ([], "AWS::ApiGateway, AWS::StepFunctions, AWS::Lambda"),
        ],
        ids=["stage", "state machine", "function", "call", "all"],
    )
    def test_what_is_missing_is_named(self, segments: list[dict[str, Any]], lacking: str) -> None:
        finding = trace_of(segments)

        assert finding.level is Level.PROBLEM
        assert f"lacks {lacking}" in finding.found
        assert "sampling" in str(finding.cure)

    def test_traces_that_are_kept_elsewhere_are_not_looked_for(self) -> None:
        account = account_with_log(entry())
        account.answers("xray", "get_trace_segment_destination", {"Destination": "CloudWatchLogs"})

        finding = traces.check_trace(deployed(account=account), FIRST)

        assert finding.level is Level.NOT_CHECKED
        assert f"CloudWatch has trace {TRACE}" in finding.found


def test_without_a_picture_there_is_nothing_to_look_for() -> None:
    (finding,) = traces.examine(deployed())

    assert finding.level is Level.NOT_CHECKED


def test_a_run_looks_a_minute_further_back_because_clocks_differ() -> None:
    assert datetime.now(UTC) - deployed().started > timedelta(seconds=30)
