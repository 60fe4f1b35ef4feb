"""Each check of alarms and metrics, with a CloudWatch where all is well, and where something is
broken."""

import json
from datetime import UTC, datetime
from typing import Any
from unittest.mock import ANY

import pytest

from easel.findings import Level
from easel.smoke import alarms
from easel.smoke.deployed import Deployed
from tests.easel.smoke.stand_in import ALARMS, deployed
from tests.easel.stubbed_account import StubbedAccount

NOW = datetime(2026, 11, 20, tzinfo=UTC)
BROKEN, COST = ALARMS


def alarm(name: str = BROKEN, state: str = "OK", **watched: Any) -> dict[str, Any]:
    metric = {
        "Namespace": "Easel",
        "MetricName": "Broken",
        "Dimensions": [{"Name": "stack", "Value": "easel-dev"}],
        "Period": 300,
        "Statistic": "Sum",
    }
    return {"AlarmName": name, "StateValue": state, **(watched or metric)}


def acted(state: str = "Succeeded", **changes: Any) -> dict[str, Any]:
    return {
        "AlarmName": BROKEN,
        "HistoryItemType": "Action",
        "Timestamp": NOW,
        "HistorySummary": f"{state}: arn:aws:sns:eu-west-1:111111111111:topic",
        "HistoryData": json.dumps({"actionState": state}),
        **changes,
    }


def account_with(
    *found: dict[str, Any], history: list[dict[str, Any]] | None = None, was: str = "OK"
) -> StubbedAccount:
    """A CloudWatch with these alarms, one of which is set off and set back to what it was."""
    account = StubbedAccount()
    account.answers(
        "cloudwatch", "describe_alarms", {"MetricAlarms": found}, {"AlarmNames": list(ALARMS)}
    )
    if history is not None:
        account.answers("cloudwatch", "set_alarm_state", {}, state("ALARM"))
        asked = {"AlarmName": BROKEN, "HistoryItemType": "Action", "StartDate": NOW}
        items = {"AlarmHistoryItems": history}
        account.answers("cloudwatch", "describe_alarm_history", items, asked)
        account.answers("cloudwatch", "set_alarm_state", {}, state(was))
    return account


def state(value: str) -> dict[str, Any]:
    return {"AlarmName": BROKEN, "StateValue": value, "StateReason": alarms._REASON}


def with_data(
    account: StubbedAccount, *values: float, status: str = "Complete", queries: Any = ANY
) -> StubbedAccount:
    series = {"Id": "watched", "StatusCode": status, "Values": list(values)}
    asked = {"MetricDataQueries": queries, "StartTime": ANY, "EndTime": ANY}
    account.answers("cloudwatch", "get_metric_data", {"MetricDataResults": [series]}, asked)
    return account


def query(name: str, period: int, statistic: str) -> list[dict[str, Any]]:
    """What GetMetricData is asked of one of this stack's own metrics."""
    stack = [{"Name": "stack", "Value": "easel-dev"}]
    metric = {"Namespace": "Easel", "MetricName": name, "Dimensions": stack}
    stat = {"Metric": metric, "Period": period, "Stat": statistic}
    return [{"Id": "watched", "MetricStat": stat}]


def begun_now(account: StubbedAccount) -> Deployed:
    stack = deployed(account=account)
    stack.started = NOW
    return stack


class TestData:
    def test_alarms_on_a_metric_and_on_an_expression_are_read(self) -> None:
        expression = [{"Id": "sum", "Expression": "SUM(METRICS())", "Period": 300}]
        account = account_with(alarm(), alarm(COST, Metrics=expression))
        with_data(with_data(account), 1.0)

        finding = alarms.check_data(deployed(account=account))

        assert finding.level is Level.OK
        assert "2 alarms, 1 of them with data" in finding.found
        account.assert_all_asked()

    def test_an_alarm_on_a_percentile_is_read(self) -> None:
        latency = {**alarm(), "ExtendedStatistic": "p95"}
        del latency["Statistic"]
        account = with_data(account_with(latency, alarm(COST)), queries=query("Broken", 300, "p95"))
        with_data(account, 1.0)

        assert alarms.check_data(deployed(account=account)).level is Level.OK

    def test_alarms_none_of_which_ever_has_data_are_a_problem(self) -> None:
        account = with_data(with_data(account_with(alarm(), alarm(COST))))

        finding = alarms.check_data(deployed(account=account))

        assert finding.level is Level.PROBLEM
        assert "2 alarms, 0 of them with data" in finding.found

    def test_a_metric_that_cannot_be_read_is_a_problem(self) -> None:
        account = with_data(account_with(alarm(), alarm(COST)), status="InternalError")

        finding = alarms.check_data(deployed(account=account))

        assert (finding.level, finding.found) == (Level.PROBLEM, f"{BROKEN}: InternalError")

    def test_an_expression_that_is_refused_is_a_problem(self) -> None:
        account = account_with(alarm(), alarm(COST))
        account.fails("cloudwatch", "get_metric_data", "ValidationError")

        finding = alarms.check_data(deployed(account=account))

        assert finding.level is Level.PROBLEM
        assert "cloudwatch:GetMetricData failed: ValidationError" in finding.found

    def test_a_stack_without_alarms_is_a_problem(self) -> None:
        stack = deployed()
        stack.resources = []

        assert alarms.check_data(stack).found == "the stack has no alarms"

    def test_an_alarm_that_went_is_a_problem(self) -> None:
        finding = alarms.check_data(deployed(account=account_with(alarm())))

        assert (finding.level, finding.found) == (Level.PROBLEM, f"gone: {COST}")
        assert "make deploy" in str(finding.cure)


class TestAction:
    @pytest.mark.parametrize("was", ["OK", "INSUFFICIENT_DATA"])
    def test_an_alarm_is_set_off_seen_and_set_back(self, was: str) -> None:
        account = account_with(alarm(state=was), alarm(COST), history=[acted()], was=was)

        finding = alarms.check_action(begun_now(account))

        assert finding.level is Level.OK
        account.assert_all_asked()

    @pytest.mark.parametrize(
        ("history", "level", "found"),
        [
            ([], "problem", "took no action"),
            ([acted(), acted("Failed")], "problem", "Failed: arn:aws:sns"),
            ([acted(HistoryData="{}")], "warning", "Succeeded: arn:aws:sns"),
            ([acted(HistoryData="cut sh")], "warning", "Succeeded: arn:aws:sns"),
        ],
        ids=["no action", "failed", "unknown form", "no JSON"],
    )
    def test_an_action_that_is_not_known_to_succeed_is_told_and_the_alarm_is_set_back(
        self, history: list[dict[str, Any]], level: str, found: str
    ) -> None:
        account = account_with(alarm(), alarm(COST), history=history)

        finding = alarms.check_action(begun_now(account))

        assert finding.level == level
        assert found in finding.found
        assert finding.cure
        account.assert_all_asked()

    def test_an_alarm_is_set_back_though_its_history_cannot_be_read(self) -> None:
        account = account_with(alarm(), alarm(COST))
        account.answers("cloudwatch", "set_alarm_state", {}, state("ALARM"))
        account.fails("cloudwatch", "describe_alarm_history", "AccessDenied", 403)
        account.answers("cloudwatch", "set_alarm_state", {}, state("OK"))

        finding = alarms.check_action(deployed(account=account))

        assert finding.level is Level.WARNING
        assert "cloudwatch:DescribeAlarmHistory" in str(finding.cure)
        account.assert_all_asked()

    def test_an_alarm_that_fires_by_itself_is_left_alone(self) -> None:
        account = account_with(alarm(state="ALARM"), alarm(COST, state="ALARM"))

        finding = alarms.check_action(deployed(account=account))

        assert finding.level is Level.WARNING
        assert "dashboard" in str(finding.cure)


class TestPictures:
    @pytest.mark.parametrize(
        ("values", "level"),
        [([1.0, 3.0], Level.OK), ([3.0], Level.PROBLEM), ([], Level.PROBLEM)],
        ids=["all", "one is not counted", "none"],
    )
    def test_the_metric_is_compared_with_what_was_drawn(
        self, values: list[float], level: Level
    ) -> None:
        account = with_data(StubbedAccount(), *values, queries=query("Pictures", 60, "Sum"))

        finding = alarms.check_pictures(deployed(account=account, drawn=4))

        assert finding.level is level
        assert "this run drew 4" in finding.found


def test_on_this_machine_there_is_nothing_to_check_and_each_line_says_so() -> None:
    findings = list(alarms.examine(deployed(name="local")))

    assert [finding.level for finding in findings] == [Level.NOT_CHECKED] * 3
    assert len({finding.subject for finding in findings}) == 3
