"""Timelines from events, and where the events of an execution are read."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import CliRunner

from easel import display
from easel.aws import Account
from easel.cli import main
from easel.executions import events_of
from easel.exits import CommandError, Exit
from easel.run import Run
from easel.timeline import Event, event_of_history, event_of_log, timeline_of
from tests.easel.command_line import CommandLine
from tests.easel.executions import EXPRESS, LOG_GROUP, RETRIED, START, Deployed, log_line
from tests.easel.fake_api import FakeApi

LOGGED = {
    "ResourceNotFoundException": Exit.REFUSED,
    "AccessDeniedException": Exit.REFUSED,
    "ExpiredTokenException": Exit.HERE,
    "ServiceUnavailableException": Exit.FAILED,
}


def events(*described: tuple[int, str, float, dict[str, Any]]) -> list[Event]:
    """Events of (previous id, type, seconds after the start, details), numbered from 1."""
    return [
        Event(number, previous, type, START + timedelta(seconds=seconds), details)
        for number, (previous, type, seconds, details) in enumerate(described, 1)
    ]


def answer(status: int, code: str | None = None) -> str:
    """An execution's answer: of an error, where it has a code."""
    body: dict[str, Any] = {"error": {"code": code}} if code else {"id": "0" * 32}
    return json.dumps({"statusCode": status, "headers": {}, "body": json.dumps(body)})


class TestTimeline:
    def test_attempts_errors_and_waits_of_a_state(self) -> None:
        timeline = timeline_of(events(*RETRIED))

        generate, respond = timeline.states
        assert (timeline.status, timeline.seconds) == ("SUCCEEDED", 3.1)
        assert [attempt.error for attempt in generate.attempts] == [
            "ThrottledError",
            "States.Timeout",
            None,
        ]
        assert generate.waits == pytest.approx([1.0, 0.5])
        assert (timeline.duration(generate), timeline.offset(respond.entered)) == (3.0, 3.0)

    def test_iterations_that_run_at_once_are_told_apart(self) -> None:
        timeline = timeline_of(
            events(
                (0, "ExecutionStarted", 0, {}),
                (0, "MapStateEntered", 0, {"name": "Each"}),
                (2, "MapStateStarted", 0, {"length": 2}),
                (3, "MapIterationStarted", 0, {"name": "Each", "index": 0}),
                (3, "MapIterationStarted", 0, {"name": "Each", "index": 1}),
                (4, "TaskStateEntered", 1, {"name": "Generate"}),
                (5, "TaskStateEntered", 1, {"name": "Generate"}),
                (7, "TaskScheduled", 1, {}),
                (6, "TaskScheduled", 1, {}),
                (8, "TaskFailed", 2, {"error": "ModelFailedError"}),
                (9, "TaskSucceeded", 3, {}),
                (10, "TaskStateExited", 2, {"name": "Generate"}),
                (11, "TaskStateExited", 3, {"name": "Generate"}),
                (12, "MapIterationSucceeded", 2, {"name": "Each", "index": 1}),
                (13, "MapIterationSucceeded", 3, {"name": "Each", "index": 0}),
                (15, "MapStateSucceeded", 3, {}),
                (15, "MapStateExited", 3, {"name": "Each"}),
                (17, "PassStateEntered", 3, {"name": "Respond"}),
                (18, "ExecutionSucceeded", 3, {}),
            )
        )

        each, first, second, respond = timeline.states
        assert [(state.name, state.depth, state.iteration) for state in timeline.states] == [
            ("Each", 0, None),
            ("Generate", 1, 0),
            ("Generate", 1, 1),
            ("Respond", 0, None),
        ]
        assert second.attempts[0].error == "ModelFailedError"
        assert first.attempts[0].error is None
        assert timeline.duration(each) == 3
        assert timeline.duration(respond) == 0

    def test_a_failed_execution_says_with_what(self) -> None:
        timeline = timeline_of(
            events(
                (0, "ExecutionStarted", 0, {}),
                (0, "FailStateEntered", 1, {"name": "Fail"}),
                (2, "ExecutionFailed", 2, {"error": "ModelFailedError"}),
            )
        )

        assert (timeline.status, timeline.error) == ("FAILED", "ModelFailedError")
        assert timeline.duration(timeline.states[0]) == 1

    def test_an_execution_that_still_runs_is_running(self) -> None:
        assert timeline_of(events(*RETRIED[:4])).status == "RUNNING"

    def test_a_log_without_execution_data_has_failures_all_the_same(self) -> None:
        timeline = timeline_of(events(*RETRIED[:4], (4, "TaskFailed", 0.3, {})))

        assert timeline.states[0].attempts[0].error == "Failed"
        assert timeline.lacks_errors
        assert not timeline_of(events(*RETRIED)).lacks_errors

    @pytest.mark.parametrize(
        ("cause", "reason"),
        [
            ("plain words", "plain words"),
            (json.dumps({"errorMessage": "no JSON"}), "no JSON"),
            (
                json.dumps(
                    {"errorMessage": json.dumps({"error": {"message": "m"}, "detail": "d"})}
                ),
                "d",
            ),
            (
                json.dumps(
                    {"errorMessage": json.dumps({"error": {"message": "m"}, "detail": None})}
                ),
                "m",
            ),
            ("", None),
        ],
        ids=["text", "message", "detail", "answer", "none"],
    )
    def test_the_reason_is_the_most_telling_there_is(self, cause: str, reason: str | None) -> None:
        failed = (4, "TaskFailed", 0.3, {"error": "E", "cause": cause})

        timeline = timeline_of(events(*RETRIED[:4], failed))

        assert timeline.states[0].attempts[0].reason == reason

    def test_an_event_reads_alike_from_history_and_log(self) -> None:
        history = event_of_history(
            {
                "id": 2,
                "previousEventId": 0,
                "type": "TaskStateEntered",
                "timestamp": START,
                "stateEnteredEventDetails": {"name": "Validate"},
            }
        )

        assert history == event_of_log(log_line(2, 0, "TaskStateEntered", 0, {"name": "Validate"}))


class TestWhereEventsAreRead:
    def test_a_deployed_execution_is_read_from_its_state_machines_log_group(self) -> None:
        deployed = Deployed()
        lines = [log_line(number, *event) for number, event in enumerate(RETRIED, 1)]
        deployed.has_logs(*lines[::-1])

        timeline = timeline_of(events_of(EXPRESS, deployed.account, since=START))

        assert timeline.status == "SUCCEEDED"
        assert timeline.states[0].waits == pytest.approx([1.0, 0.5])

    def test_logs_that_have_not_arrived_are_said_to_be_late(self) -> None:
        deployed = Deployed()
        deployed.has_logs()

        with pytest.raises(CommandError, match="some seconds late") as caught:
            events_of(EXPRESS, deployed.account, since=START)

        assert caught.value.exit is Exit.REFUSED

    def test_a_state_machine_without_logs_is_said(self) -> None:
        deployed = Deployed()
        deployed.has_machine()

        with pytest.raises(CommandError, match="writes no logs"):
            events_of(EXPRESS, deployed.account, since=START)

    @pytest.mark.parametrize(("code", "exit"), LOGGED.items())
    def test_each_refusal_of_the_logs_is_one_line(self, code: str, exit: Exit) -> None:
        deployed = Deployed()
        deployed.has_machine(f"arn:aws:logs:eu-west-1:111122223333:log-group:{LOG_GROUP}:*")
        deployed.fails("logs", "filter_log_events", code)

        with pytest.raises(CommandError) as caught:
            events_of(EXPRESS, deployed.account, since=START)

        assert caught.value.exit is exit

    def test_without_a_state_machine_its_name_and_region_are_said(self) -> None:
        deployed = Deployed()
        deployed.fails("stepfunctions", "describe_state_machine", "StateMachineDoesNotExist")

        with pytest.raises(CommandError, match="no state machine machine-name in eu-west-1"):
            events_of(EXPRESS, deployed.account, since=START)

    @pytest.mark.parametrize(
        ("type", "details", "said"),
        [
            ("Succeeded", {"output": answer(400, "moderation_blocked")}, "400 moderation_blocked"),
            ("Failed", {"cause": answer(502, "model_error")}, "502 model_error"),
            ("Succeeded", {"output": answer(200)}, "200"),
            ("Succeeded", {}, None),
            ("Failed", {"cause": answer(502, "model_error")[:-9]}, None),
        ],
        ids=["refused", "failed", "drawn", "log without data", "cut"],
    )
    def test_the_answer_to_the_caller_is_said(
        self, type: str, details: dict[str, Any], said: str | None
    ) -> None:
        deployed = Deployed()
        lines = [log_line(1, 0, "ExecutionStarted", 0, {})]
        lines += [log_line(2, 1, f"Execution{type}", 1, details)]
        deployed.has_logs(*lines, since=None)
        run = Run(http=FakeApi().request, account=deployed.account)

        traced = CliRunner().invoke(main, ["trace", EXPRESS], obj=run)

        found = re.search("answer +(.*)", traced.stdout)
        assert (found and found[1]) == said

    def test_a_file_is_traced_as_its_picture_is(self, easel: CommandLine) -> None:
        easel("draw", "a cat", "--out", "cat.png")
        (id,) = easel.api.manifests
        easel.api.manifests[id]["execution_arn"] = EXPRESS
        deployed = Deployed()
        deployed.has_logs(log_line(1, 0, "ExecutionStarted", 0, {}), since=None)
        run = Run(http=easel.api.request, account=deployed.account)

        traced = CliRunner().invoke(main, ["trace", "cat.png"], obj=run)

        assert traced.exit_code == Exit.OK
        assert EXPRESS in traced.stdout

    def test_without_the_local_stacks_aws_the_option_that_names_it_is_said(
        self, easel: CommandLine
    ) -> None:
        class Down:
            def get_paginator(self, operation: str) -> None:
                raise EndpointConnectionError(endpoint_url="http://127.0.0.1:8081/")

        arn = EXPRESS.replace(":express:", ":execution:")
        run = Run(http=easel.api.request, account=Account(lambda *_: Down(), "us-east-1"))

        traced = CliRunner().invoke(main, ["trace", arn], obj=run)

        assert traced.exit_code == Exit.UNREACHABLE
        assert "--aws-endpoint or EASEL_AWS_ENDPOINT" in traced.stderr

    @pytest.mark.parametrize(("width", "bar"), [(80, 31), (50, 23)])
    def test_bars_and_errors_fit_a_narrow_terminal(
        self, monkeypatch: pytest.MonkeyPatch, width: int, bar: int
    ) -> None:
        deployed = Deployed()
        lines = [log_line(number, *event) for number, event in enumerate(RETRIED, 1)]
        deployed.has_logs(*lines, since=None)
        run = Run(http=FakeApi().request, account=deployed.account)
        monkeypatch.setattr(display, "terminal_width", lambda: width)

        traced = CliRunner().invoke(main, ["trace", EXPRESS], obj=run)

        _, timeline = traced.stdout.split("\n\n")
        assert max(map(len, timeline.splitlines())) <= width
        assert f"  {'█' * bar}\n" in timeline
        assert (
            "3 attempts; ThrottledError after 0.200 (busy); waited 1.000; "
            "States.Timeout after 1.000; waited 0.500"
        ) in " ".join(timeline.split())

    def test_the_command_draws_the_timeline(self) -> None:
        deployed = Deployed()
        lines = [log_line(number, *event) for number, event in enumerate(RETRIED, 1)]
        deployed.has_logs(*lines, since=None)
        run = Run(http=FakeApi().request, account=deployed.account)

        traced = CliRunner().invoke(main, ["trace", EXPRESS], obj=run)

        assert traced.exit_code == Exit.OK
        assert "3 attempts; ThrottledError after 0.200 (busy); waited 1.000" in traced.stdout
        assert "█" in traced.stdout
        assert "log_execution_data" not in traced.stderr

    def test_the_command_says_why_a_log_without_data_names_no_error(self) -> None:
        deployed = Deployed()
        failed = (
            *RETRIED[:4],
            (4, "TaskFailed", 0.3, {}),
            (5, "TaskStateExited", 0.3, {"name": "Generate"}),
            (6, "ExecutionFailed", 0.4, {}),
        )
        lines = [log_line(number, *event) for number, event in enumerate(failed, 1)]
        deployed.has_machine(f"arn:aws:logs:eu-west-1:111122223333:log-group:{LOG_GROUP}:*")
        deployed.answers(
            "logs", "filter_log_events", {"events": [{"message": line} for line in lines]}
        )
        run = Run(http=FakeApi().request, account=deployed.account)

        traced = CliRunner().invoke(main, ["trace", EXPRESS], obj=run)

        assert traced.exit_code == Exit.OK
        assert "Failed after 0.200" in traced.stdout
        assert "log_execution_data is off" in traced.stderr
