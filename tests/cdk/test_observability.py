"""Dashboard, alarms and their topic, and that every metric that they refer to exists."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from cdk.gateway_logs import THROTTLED_REQUESTS
from cdk.settings import Settings
from lambdas.common.catalog import CATALOG
from lambdas.common.telemetry import BROKEN, NAMESPACE, THROTTLED, Metric
from tests.cdk import combinations
from tests.lambdas.test_errors import CLASSES
from tests.lambdas.test_telemetry import everything_that_is_recorded

Reference = tuple[str, str, frozenset[str]]

STACK = combinations.STACK_NAME
PLAIN = Settings()

BEDROCK = frozenset(
    {
        "Invocations",
        "InvocationLatency",
        "InvocationClientErrors",
        "InvocationServerErrors",
        "InvocationThrottles",
    }
)

# Metrics that AWS documents, by namespace: those that are of use here, and the dimensions that
# they are found by.
DOCUMENTED: dict[str, tuple[str, frozenset[str], frozenset[str]]] = {
    "AWS/ApiGateway": (
        "apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html",
        frozenset({"Count", "4XXError", "5XXError", "Latency", "IntegrationLatency"}),
        frozenset({"ApiName", "Stage"}),
    ),
    "AWS/Bedrock": (
        "bedrock/latest/userguide/monitoring-runtime-metrics.html",
        BEDROCK | {"OutputImageCount"},
        frozenset({"ModelId"}),
    ),
    "AWS/Bedrock/Guardrails": (
        "bedrock/latest/userguide/monitoring-guardrails-cw-metrics.html",
        BEDROCK | {"InvocationsIntervened", "TextUnitCount"},
        frozenset({"GuardrailArn", "GuardrailVersion"}),
    ),
    "AWS/Lambda": (
        "lambda/latest/dg/monitoring-metrics-types.html",
        frozenset({"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"}),
        frozenset({"FunctionName"}),
    ),
    "AWS/States": (
        "step-functions/latest/dg/procedure-cw-metrics.html",
        frozenset(
            {
                "ExecutionTime",
                "ExecutionsStarted",
                "ExecutionsSucceeded",
                "ExecutionsFailed",
                "ExecutionsTimedOut",
            }
        ),
        frozenset({"StateMachineArn"}),
    ),
}


@dataclass(frozen=True)
class Used:
    """A metric that a dashboard or an alarm refers to."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]

    @property
    def reference(self) -> Reference:
        return self.namespace, self.name, frozenset(key for key, _ in self.dimensions)


@cache
def template_of(settings: Settings) -> dict[str, Any]:
    return dict(combinations.template_of(settings).to_json())


def properties(document: dict[str, Any], type: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in document["Resources"].values() if each["Type"] == type]


def written_out(value: Any) -> str:
    """Text with each reference as its logical id."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return "".join(map(written_out, value["Fn::Join"][1]))
    return str(value.get("Ref") or value["Fn::GetAtt"][0])


def alarms(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["AlarmName"]: each for each in properties(document, "AWS::CloudWatch::Alarm")}


def widgets(document: dict[str, Any]) -> list[dict[str, Any]]:
    (dashboard,) = properties(document, "AWS::CloudWatch::Dashboard")
    return list(json.loads(written_out(dashboard["DashboardBody"]))["widgets"])


def used_by_alarms(document: dict[str, Any]) -> Iterator[Used]:
    for alarm in alarms(document).values():
        for query in alarm["Metrics"]:
            if "MetricStat" in query:
                metric = query["MetricStat"]["Metric"]
                yield Used(
                    metric["Namespace"],
                    metric["MetricName"],
                    tuple(
                        (each["Name"], written_out(each["Value"])) for each in metric["Dimensions"]
                    ),
                )


def used_by_dashboard(document: dict[str, Any]) -> Iterator[Used]:
    for widget in widgets(document):
        for metric in widget["properties"].get("metrics", []):
            namespace, name, *rest = metric
            pairs = rest[:-1] if isinstance(rest[-1], dict) else rest
            yield Used(namespace, name, tuple(zip(pairs[::2], pairs[1::2], strict=True)))


def used(document: dict[str, Any]) -> list[Used]:
    return [*used_by_alarms(document), *used_by_dashboard(document)]


def known() -> set[Reference]:
    """What the functions record, found out by running their code, what the gateway's log is
    counted for, and what AWS documents."""
    documented = {
        (namespace, name, dimensions)
        for namespace, (_, names, dimensions) in DOCUMENTED.items()
        for name in names
    }
    counted = {
        (NAMESPACE, THROTTLED_REQUESTS.name, frozenset(dimensions))
        for dimensions in THROTTLED_REQUESTS.dimension_sets
    }
    return documented | counted | {each.reference for each in everything_that_is_recorded()}


def unknown(document: dict[str, Any]) -> set[Reference]:
    return {each.reference for each in used(document)} - known()


def test_every_metric_that_is_shown_or_watched_is_one_that_exists() -> None:
    document = template_of(PLAIN)

    assert len(list(used_by_alarms(document))) >= 10
    assert len(list(used_by_dashboard(document))) >= 30
    assert unknown(document) == set()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("ExecutionsFailed", "ExecutionFailed"),
        ("Throttles", "Throttled"),
        ("EstimatedCost", "Cost"),
        ("ModelLatency", "Latencies"),
        ("ThrottledRequests", "RequestsThrottled"),
        ("InvocationsIntervened", "InvocationsBlocked"),
        ("GuardrailVersion", "Version"),
        ("AWS/ApiGateway", "AWS/APIGateway"),
        ("StateMachineArn", "StateMachineARN"),
        ("stack", "Stack"),
    ],
)
def test_one_wrong_name_is_found(right: str, wrong: str) -> None:
    text = json.dumps(template_of(PLAIN))
    changed = re.sub(rf'(?<=["\\]){right}(?=["\\])', wrong, text)
    assert changed != text

    assert any(wrong in str(each) for each in unknown(json.loads(changed)))


def test_dimensions_have_the_values_of_this_stack() -> None:
    document = template_of(PLAIN)
    functions = {
        logical_id
        for logical_id, each in document["Resources"].items()
        if each["Type"] == "AWS::Lambda::Function"
    }
    (machine,) = (
        logical_id
        for logical_id, each in document["Resources"].items()
        if each["Type"] == "AWS::StepFunctions::StateMachine"
    )
    values: dict[str, set[str]] = {}
    for each in used(document):
        for name, value in each.dimensions:
            values.setdefault(name, set()).add(value)

    (api,) = properties(document, "AWS::ApiGateway::RestApi")
    assert values["stack"] == {STACK}
    assert values["FunctionName"] == functions
    assert values["StateMachineArn"] == {machine}
    assert values["ApiName"] == {api["Name"]}
    assert values["model"] == values["ModelId"] == set(PLAIN.models) <= set(CATALOG)
    assert values["error"] == {each.__name__ for each in CLASSES}


@pytest.mark.parametrize(("status", "metric"), [("429", THROTTLED_REQUESTS), ("500", BROKEN)])
def test_answers_are_counted_by_fields_that_the_gateway_logs(status: str, metric: Metric) -> None:
    document = template_of(PLAIN)

    # A text, for the log quotes every value.
    (filter_,) = [
        each
        for each in properties(document, "AWS::Logs::MetricFilter")
        if each["FilterPattern"] == f'{{ $.status = "{status}" }}'
    ]
    (counted,) = filter_["MetricTransformations"]
    (stage,) = properties(document, "AWS::ApiGateway::Stage")
    logged = json.loads(stage["AccessLogSetting"]["Format"])
    assert logged["status"] == "$context.status"
    assert logged["stack"] == STACK
    assert counted == {
        "MetricNamespace": NAMESPACE,
        "MetricName": metric.name,
        "MetricValue": "1",
        "Unit": "Count",
        "Dimensions": [{"Key": "stack", "Value": "$.stack"}],
    }
    access_log = stage["AccessLogSetting"]["DestinationArn"]
    assert filter_["LogGroupName"]["Ref"] in json.dumps(access_log)


def test_functions_record_under_the_name_of_their_stack() -> None:
    for function in properties(template_of(PLAIN), "AWS::Lambda::Function"):
        variables = function["Environment"]["Variables"]
        assert variables["STACK_NAME"] == STACK
        assert variables["LOG_EXECUTION_DATA"] == "false"


def test_prompts_are_in_the_functions_logs_only_where_the_setting_says_so() -> None:
    document = template_of(Settings(log_execution_data=True))

    for function in properties(document, "AWS::Lambda::Function"):
        assert function["Environment"]["Variables"]["LOG_EXECUTION_DATA"] == "true"


class TestAlarms:
    def test_each_reports_to_the_topic_and_takes_silence_for_health(self) -> None:
        (topic,) = (
            logical_id
            for logical_id, each in template_of(PLAIN)["Resources"].items()
            if each["Type"] == "AWS::SNS::Topic"
        )

        for alarm in alarms(template_of(PLAIN)).values():
            assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]
            assert alarm["TreatMissingData"] == "notBreaching"
            assert alarm["AlarmDescription"]

    def test_names_carry_the_stacks(self) -> None:
        assert set(alarms(template_of(PLAIN))) == {
            f"{STACK}-{name}"
            for name in (
                "failed-executions",
                "broken",
                "timed-out-executions",
                "throttled-validate",
                "throttled-generate",
                "throttled-store",
                "throttled-library",
                "throttled-models",
                "throttled-requests",
                "latency",
                "cost",
            )
        }

    def test_each_watches_one_metric_that_is_published_whatever_went_wrong(self) -> None:
        """CloudWatch does not say what arithmetic makes of a metric that was never published, and a
        metric for each class of error misses the classes that nobody thought of."""
        watched = alarms(template_of(PLAIN))

        for alarm in watched.values():
            (query,) = alarm["Metrics"]
            assert "Expression" not in query
        for name, metric in (("broken", BROKEN), ("throttled-models", THROTTLED)):
            (query,) = watched[f"{STACK}-{name}"]["Metrics"]
            found = query["MetricStat"]["Metric"]
            assert (found["Namespace"], found["MetricName"]) == (NAMESPACE, metric.name)
            assert found["Dimensions"] == [{"Name": "stack", "Value": STACK}]

    def test_latency_is_measured_by_what_the_gateway_waits(self) -> None:
        slow = template_of(Settings(gateway_timeout_seconds=100))

        assert alarms(template_of(PLAIN))[f"{STACK}-latency"]["Threshold"] == 23_200
        assert alarms(slow)[f"{STACK}-latency"]["Threshold"] == 80_000

    def test_cost_is_that_of_an_hour_by_setting(self) -> None:
        alarm = alarms(template_of(Settings(alarm_cost_usd_per_hour=3)))[f"{STACK}-cost"]

        assert alarm["Threshold"] == 3
        assert alarm["Metrics"][0]["MetricStat"]["Period"] == 3_600

    def test_only_metrics_of_this_region_are_watched(self) -> None:
        """An alarm cannot watch another region, and the models' may be another."""
        namespaces = {each.namespace for each in used_by_alarms(template_of(PLAIN))}

        assert "AWS/Bedrock" not in namespaces


class TestTopic:
    def test_encrypted_with_a_key_that_alarms_may_use(self) -> None:
        document = template_of(PLAIN)

        (topic,) = properties(document, "AWS::SNS::Topic")
        (key,) = properties(document, "AWS::KMS::Key")
        assert "KmsMasterKeyId" in topic
        assert key["EnableKeyRotation"] is True
        (statement,) = [
            each
            for each in key["KeyPolicy"]["Statement"]
            if each["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        ]
        assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
        assert "Condition" not in statement

    def test_tls_only_and_for_the_alarms_of_this_stack(self) -> None:
        (policy,) = properties(template_of(PLAIN), "AWS::SNS::TopicPolicy")

        deny, allow = policy["PolicyDocument"]["Statement"]
        assert deny["Effect"] == "Deny"
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        source = written_out(allow["Condition"]["ArnLike"]["aws:SourceArn"])
        assert source.endswith(f":alarm:{STACK}-*")

    def test_an_address_is_subscribed_where_there_is_one(self) -> None:
        with_address = template_of(Settings(alarm_email="operator@example.com"))

        assert properties(template_of(PLAIN), "AWS::SNS::Subscription") == []
        (subscription,) = properties(with_address, "AWS::SNS::Subscription")
        assert subscription["Endpoint"] == "operator@example.com"


class TestDashboard:
    def test_it_is_named_after_the_stack_and_its_address_is_an_output(self) -> None:
        (dashboard,) = properties(template_of(PLAIN), "AWS::CloudWatch::Dashboard")
        outputs = template_of(PLAIN)["Outputs"]

        assert dashboard["DashboardName"] == STACK
        assert written_out(outputs["DashboardUrl"]["Value"]).endswith(f"/dashboard/{STACK}")
        assert "AlarmTopicArn" in outputs

    def test_bedrocks_own_metrics_are_those_of_its_region(self) -> None:
        (widget,) = [
            each for each in widgets(template_of(PLAIN)) if '"AWS/Bedrock"' in json.dumps(each)
        ]

        assert all(
            metric[-1]["region"] == PLAIN.bedrock_region
            for metric in widget["properties"]["metrics"]
        )

    def test_what_the_guardrail_blocks_is_shown_by_the_guardrail_that_checks(self) -> None:
        brought_along = Settings(guardrail_id="abcdefgh1234", guardrail_version="7")

        def shown(settings: Settings) -> dict[str, dict[str, str]]:
            return {
                each.name: dict(each.dimensions)
                for each in used_by_dashboard(template_of(settings))
                if each.namespace == "AWS/Bedrock/Guardrails"
            }

        (own,) = [
            logical_id
            for logical_id, each in template_of(PLAIN)["Resources"].items()
            if each["Type"] == "AWS::Bedrock::Guardrail"
        ]
        assert shown(PLAIN)["InvocationsIntervened"]["GuardrailArn"] == own
        blocked = shown(brought_along)["InvocationsIntervened"]
        assert blocked["GuardrailArn"].endswith(":guardrail/abcdefgh1234")
        assert blocked["GuardrailVersion"] == "7"
        assert shown(Settings(guardrail="off")) == {}
