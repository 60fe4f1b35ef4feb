"""A whole run on a deployed stack, what it may ask for, and what it says before it begins."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cdk.settings import Settings
from easel import aws, environments
from easel.api import Answer
from easel.cli import main
from easel.environments import Environment
from easel.findings import Finding, Level
from easel.run import Run
from easel.smoke import cost, report, requests
from easel.stack import FUNCTION
from lambdas.common.catalog import CATALOG
from tests.easel.command_line import terminal
from tests.easel.smoke.stand_in import (
    ALARMS,
    EXECUTION,
    Planned,
    answer,
    deployed,
    function,
    machine,
    picture,
    refusal,
    resources,
)
from tests.easel.smoke.test_alarms import acted, alarm
from tests.easel.smoke.test_guardrail import PICTURES, TEXTS
from tests.easel.smoke.test_traces import DRAWING, SEGMENTS, TRACE, entry, logged
from tests.easel.stubbed_account import StubbedAccount

DOCS = Path(cost.__file__).parents[2] / "docs"
OPERATIONS = (DOCS / "operations.md").read_text()
SMOKE_TEST = (
    (DOCS / "deployment.md").read_text().partition("## Smoke test")[2].partition("\n## ")[0]
)
URL = "https://abc.execute-api.eu-west-1.amazonaws.com/v1/images"
IDENTITY = {"Account": "1" * 12, "Arn": "arn:aws:iam::111111111111:user/me", "UserId": "A" * 16}


class Recorder(StubbedAccount):
    """Remembers which permissions its prepared answers need. One may be denied."""

    def __init__(self, denied: str = "") -> None:
        super().__init__()
        self.permissions: set[str] = set()
        self._denied = denied

    def answers(self, service: str, operation: str, *rest: Any) -> None:
        self.permissions.add(aws._action(service, operation))
        if f"{service}:{operation}" == self._denied:
            self.fails(service, operation, "AccessDenied", 403)
        else:
            super().answers(service, operation, *rest)


def healthy(
    account: Recorder,
    status: str = "CREATE_COMPLETE",
    *,
    with_functions: bool = True,
    **outputs: str,
) -> None:
    """The stack and its functions."""
    outputs = {"ApiUrl": URL, **outputs}
    stack = {
        "StackName": "easel-dev",
        "CreationTime": 0,
        "StackStatus": status,
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
    }
    account.answers("sts", "get_caller_identity", IDENTITY)
    account.answers("cloudformation", "describe_stacks", {"Stacks": [stack]})
    summaries = [
        {**each, "LastUpdatedTimestamp": 0, "ResourceStatus": status} for each in resources()
    ]
    account.answers("cloudformation", "list_stack_resources", {"StackResourceSummaries": summaries})
    for each in resources():
        if each["ResourceType"] == FUNCTION and with_functions:
            configuration = function(each["PhysicalResourceId"])
            account.answers("lambda", "get_function_configuration", configuration)


def all_well(account: Recorder) -> None:
    healthy(account, ApiKeyId="key")
    account.answers("apigateway", "get_api_key", {"value": "secret"})
    for each in [TEXTS] * 5 + [PICTURES] * 5:
        account.answers("bedrock-runtime", "apply_guardrail", each)
    alarms = {"MetricAlarms": [alarm(name) for name in ALARMS]}
    series = {"Id": "watched", "StatusCode": "Complete", "Values": [4.0]}
    data = {"MetricDataResults": [series]}
    history = {"AlarmHistoryItems": [acted()]}
    for operation, found in (
        ("describe_alarms", alarms),
        ("get_metric_data", data),
        ("get_metric_data", data),
        ("describe_alarms", alarms),
        ("set_alarm_state", {}),
        ("describe_alarm_history", history),
        ("set_alarm_state", {}),
        ("get_metric_data", data),
    ):
        account.answers("cloudwatch", operation, found)
    account.answers("stepfunctions", "describe_state_machine", machine())
    for lines in (logged(DRAWING), [json.dumps(entry())], [json.dumps(entry())]):
        events = {"events": [{"message": line} for line in lines]}
        account.answers("logs", "filter_log_events", events)
    stage = {"accessLogSettings": {"destinationArn": "arn:aws:logs:r:1:log-group:access"}}
    for _ in range(2):
        account.answers("apigateway", "get_stage", stage)
    segments = [{"Id": "1", "Document": json.dumps(each)} for each in SEGMENTS]
    account.answers("xray", "get_trace_segment_destination", {"Destination": "XRay"})
    account.answers("xray", "batch_get_traces", {"Traces": [{"Id": TRACE, "Segments": segments}]})


def answers_of_all_kinds(seed: int, file: bytes) -> list[Answer]:
    first = picture(seed, sha256=hashlib.sha256(file).hexdigest())
    again = {**first, "reused": True}
    pair = {"pictures": [again, picture(seed + 1)], "failed": [], "execution_arn": EXECUTION}
    verdict = {"of": first["id"], "verdict": "identical_bytes"}
    recipe = dict.fromkeys(("prompt", "negative_prompt"), requests.HOSTILE)
    missing = refusal(400, "missing_parameter", EXECUTION)
    return [
        refusal(400, "moderation_blocked"),
        answer(first, headers={"x-amz-apigw-id": "Abc="}),
        answer(again),
        Answer(200, {}, file),
        answer(pair),
        answer(picture(9, rerun=verdict)),
        *(refusal(case.status, case.code) for case in requests.CASES),
        answer(picture(11)),
        answer({"manifest": {"recipe": recipe}}),
        missing,
        refusal(400, "missing_parameter", "arn:other"),
        missing,
        *[missing] * requests.BURST,
    ]


def examined(account: Recorder, http: Planned, **settings: Any) -> list[Finding]:
    environment = Environment("dev", Settings(**settings), account.account)
    return list(report.examine(environment, Run(http=http, sleep=lambda seconds: None)))


class TestExamine:
    @pytest.fixture
    def account(self, monkeypatch: pytest.MonkeyPatch) -> Recorder:
        """A deployment where all is well; its API gives the answers in `http`."""
        account = Recorder()
        all_well(account)
        monkeypatch.setattr("easel.smoke.drawing.new_seed", lambda: 7)
        monkeypatch.setattr("easel.smoke.requests.new_seed", lambda: 11)
        return account

    def test_a_deployment_where_all_is_well_is_ok_in_every_line(self, account: Recorder) -> None:
        file = b"a picture"
        http = Planned(*answers_of_all_kinds(7, file))

        findings = examined(account, http, auth="api_key")

        assert [str(each) for each in findings if each.level is not Level.OK] == []
        assert len({each.subject for each in findings}) == len(findings) == 29
        assert all(sent[2]["x-api-key"] == "secret" for sent in http.sent if "images" in sent[1])
        account.assert_all_asked()
        for finding in findings:
            assert finding.subject.partition(" is answered ")[0] in SMOKE_TEST

    def test_operators_are_told_which_permissions_it_takes(self, account: Recorder) -> None:
        told = set(re.findall(r"`([a-z-]+:[A-Z]\w+)`", SMOKE_TEST))

        assert told == {*account.permissions, "execute-api:Invoke"}

    def test_without_a_picture_the_rest_is_checked_all_the_same(self) -> None:
        account = Recorder()
        healthy(account)

        findings = examined(account, Planned(*[refusal(500, "internal_error")] * 99))

        subjects = [finding.subject for finding in findings]
        assert "a burst is answered or told to come later" in subjects
        assert findings[-1].found == "no picture was drawn"

    @pytest.mark.parametrize(
        ("status", "found"), [("ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE"), (None, "not deployed")]
    )
    def test_without_a_stack_nothing_is_drawn(self, status: str | None, found: str) -> None:
        account = Recorder()
        if status:
            healthy(account, status)
        else:
            account.answers("sts", "get_caller_identity", IDENTITY)
            account.fails("cloudformation", "describe_stacks", "ValidationError")

        findings = examined(account, Planned())

        assert findings[-1].level is Level.PROBLEM
        assert found in findings[-1].found
        assert "make deploy ENV=dev" in str(findings[-1].cure)

    @pytest.mark.parametrize(
        ("operation", "subject"),
        [
            ("cloudformation:describe_stacks", "stack easel-dev"),
            ("apigateway:get_api_key", "API key"),
            ("cloudformation:list_stack_resources", "resources of the stack"),
        ],
    )
    def test_a_run_that_may_not_even_begin_is_a_problem(self, operation: str, subject: str) -> None:
        account = Recorder(denied=operation)
        healthy(account, ApiKeyId="key")
        account.answers("apigateway", "get_api_key", {"value": "secret"})

        finding = examined(account, Planned())[-1]

        assert (finding.level, finding.subject) == (Level.PROBLEM, subject)
        assert "allow " in str(finding.cure)

    def test_a_stack_without_its_functions_is_a_problem(self) -> None:
        account = Recorder()
        healthy(account, with_functions=False)
        account.fails("lambda", "get_function_configuration", "ResourceNotFoundException", 404)

        finding = examined(account, Planned())[-1]

        assert (finding.level, finding.subject) == (Level.PROBLEM, "functions")


class TestCost:
    def test_it_is_that_of_the_pictures_and_the_guardrails_checks(self) -> None:
        said = cost.announcement(deployed().environment)

        assert "easel-dev in eu-central-1 costs about $0.17" in said
        assert "costs about $0.17" in SMOKE_TEST
        assert "4 pictures by stability.stable-image-core-v1:1" in said

    def test_a_dearer_model_costs_more_and_no_guardrail_less(self) -> None:
        ultra = "stability.stable-image-ultra-v1:1"
        said = cost.announcement(deployed(default_model=ultra, guardrail="off").environment)

        assert f"${4 * CATALOG[ultra].list_price_usd:.2f}" in said

    def test_the_prices_are_those_of_the_documents(self) -> None:
        assert f"{cost.PICTURE_CHECK_USD} for the picture" in OPERATIONS
        assert f"{cost.TEXT_CHECK_USD} for each 1,000 characters" in OPERATIONS


class TestCommand:
    """`easel smoke` in front of a stack that is not there."""

    @pytest.fixture
    def account(self, monkeypatch: pytest.MonkeyPatch) -> StubbedAccount:
        account = StubbedAccount()
        account.fails("sts", "get_caller_identity", "ExpiredToken", 403)
        monkeypatch.setattr(environments, "account_of", lambda *_, **__: account.account)
        return account

    def run(self, *options: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, ["smoke", *options], stdin, obj=Run())

    def test_the_cost_comes_first_and_a_problem_ends_with_one(
        self, account: StubbedAccount
    ) -> None:
        ended = self.run("dev")

        assert ended.exit_code == 1
        assert ended.output.startswith("Testing easel-dev in eu-central-1 costs about $")
        assert "problems: 1" in ended.stdout

    @pytest.mark.parametrize(
        ("words", "said", "code"),
        [(["dev"], "n\n", 130), (["dev"], "y\n", 1), (["dev", "--yes"], "", 1), ([], "", 1)],
        ids=["no", "yes", "--yes", "on this machine"],
    )
    def test_a_terminal_is_asked_where_something_is_paid(
        self,
        account: StubbedAccount,
        words: list[str],
        said: str,
        code: int,
    ) -> None:
        with terminal():
            ended = self.run(*words, stdin=said)

        assert ended.exit_code == code
        assert ("Go on?" in ended.output) == bool(said)

    def test_json_is_all_that_programs_get(self, account: StubbedAccount) -> None:
        ended = self.run("dev", "--json")

        answered = json.loads(ended.stdout)
        assert (answered["environment"], answered["problems"]) == ("dev", 1)
        assert answered["findings"][0]["subject"] == "account"
