"""Alarms and metrics: all alarms asked for data, one set off, and the pictures of this run counted.

SetAlarmState is temporary: CloudWatch sets an alarm back by itself (its API reference).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from easel.findings import Finding, Level
from easel.smoke.check import check, require
from easel.smoke.deployed import Deployed
from easel.stack import ids_of
from lambdas.common import telemetry

_ALARM = "AWS::CloudWatch::Alarm"
_NOT_LOCAL = "no CloudWatch watches this machine"
_REASON = "easel smoke sets this alarm off for a moment, to see that its action arrives"
_LOOK_BACK = timedelta(hours=3)
_READABLE = ("Complete", "PartialData")

Items = Sequence[Mapping[str, Any]]


def examine(deployed: Deployed) -> Iterator[Finding]:
    """Yields findings on the stack's alarms and on the metric that counts pictures."""
    yield check_data(deployed)
    yield check_action(deployed)
    yield check_pictures(deployed)


@check("what every alarm watches can be read", not_local=_NOT_LOCAL)
def check_data(deployed: Deployed) -> str:
    """This run's requests alone make data for some."""
    alarms = _alarms(deployed)
    with_data = deployed.eventually(lambda: sum(_has_data(deployed, each) for each in alarms))
    found = f"{len(alarms)} alarms, {with_data} of them with data of the last three hours"
    require(with_data, found, "compare an alarm's metric with those in CloudWatch; make deploy")
    return found


@check("an alarm's action succeeds", not_local=_NOT_LOCAL)
def check_action(deployed: Deployed) -> str:
    """Sets one alarm to ALARM, looks for its action in its history, and sets it back."""
    quiet = [each for each in _alarms(deployed) if each["StateValue"] != "ALARM"]
    require(quiet, "every alarm is in ALARM by itself", "see the dashboard", Level.WARNING)
    name, state = quiet[0]["AlarmName"], quiet[0]["StateValue"]
    _set(deployed, name, "ALARM")
    try:
        asked = {"AlarmName": name, "HistoryItemType": "Action", "StartDate": deployed.started}
        actions = deployed.eventually(
            lambda: deployed.ask_all(
                "cloudwatch", "describe_alarm_history", "AlarmHistoryItems", **asked
            )
        )
    finally:
        _set(deployed, name, state)
    require(actions, f"{name} was set to ALARM and took no action", "make deploy")
    said = f"{name}: {' '.join(each['HistorySummary'] for each in actions)}"
    states = {_action_state(each["HistoryData"]) for each in actions}
    require(
        "Failed" not in states,
        said,
        "compare the policies of the topic and its key with cdk/observability.py; make deploy",
    )
    require(states == {"Succeeded"}, said, "this has to say that it succeeded", Level.WARNING)
    return f"{name} was set to ALARM and back, and its topic has the message"


@check("the metric Pictures counts what was drawn", not_local=_NOT_LOCAL)
def check_pictures(deployed: Deployed) -> str:
    dimensions = [{"Name": "stack", "Value": deployed.environment.stack_name}]
    query = _query(
        telemetry.NAMESPACE, telemetry.PICTURES.name, dimensions, period=60, statistic="Sum"
    )
    since = deployed.started.replace(second=0, microsecond=0)
    counted = deployed.eventually(
        lambda: sum(sum(each["Values"]) for each in _data(deployed, [query], since)),
        lambda counted: counted >= deployed.drawn,
    )
    found = f"{counted:g} since {since:%H:%M} UTC, this run drew {deployed.drawn}"
    require(counted >= deployed.drawn, found, "see the log of generate: its lines need _aws")
    return found


def _alarms(deployed: Deployed) -> Items:
    """Returns the stack's alarms, which all have to be there."""
    names = ids_of(deployed.resources, _ALARM)
    require(names, "the stack has no alarms", "make deploy")
    alarms = deployed.ask_all("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNames=names)
    gone = sorted({*names} - {alarm["AlarmName"] for alarm in alarms})
    require(not gone, f"gone: {', '.join(gone)}", "make destroy, then make deploy")
    return alarms


def _has_data(deployed: Deployed, alarm: Mapping[str, Any]) -> bool:
    """Raises NotOkError if what an alarm watches cannot be read."""
    series = _data(deployed, _watched(alarm), datetime.now(UTC) - _LOOK_BACK)
    failed = [each["StatusCode"] for each in series if each["StatusCode"] not in _READABLE]
    require(not failed, f"{alarm['AlarmName']}: {', '.join(failed)}", "see it in CloudWatch")
    return any(each["Values"] for each in series)


def _watched(alarm: Mapping[str, Any]) -> Items:
    """Returns what an alarm watches as GetMetricData asks for it: an expression or one metric."""
    if alarm.get("Metrics"):
        return list(alarm["Metrics"])
    statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
    metric = (alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"])
    return [_query(*metric, period=alarm["Period"], statistic=statistic)]


def _query(
    namespace: str, name: str, dimensions: Items, *, period: int, statistic: str
) -> dict[str, Any]:
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
    return {"Id": "watched", "MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}}


def _data(deployed: Deployed, queries: Items, since: datetime) -> Items:
    asked = {"MetricDataQueries": queries, "StartTime": since, "EndTime": datetime.now(UTC)}
    return deployed.ask_all("cloudwatch", "get_metric_data", "MetricDataResults", **asked)


def _action_state(history_data: str) -> str | None:
    """Reads how an action ended. Which fields this JSON has is not documented."""
    try:
        return str(json.loads(history_data)["actionState"])
    except (ValueError, LookupError, TypeError):
        return None


def _set(deployed: Deployed, name: str, state: str) -> None:
    asked = {"AlarmName": name, "StateValue": state, "StateReason": _REASON}
    deployed.ask("cloudwatch", "set_alarm_state", **asked)
