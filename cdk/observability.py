"""A dashboard for the operator, alarms, and the SNS topic that the alarms go to."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cdk.gateway_logs import THROTTLED_REQUESTS
from cdk.guardrail import Guardrail
from cdk.settings import Settings
from lambdas.common import telemetry
from lambdas.common.errors import CLASSES

_FIVE_MINUTES = Duration.minutes(5)

# The part of the gateway's timeout after which an answer counts as late.
_LATE = 0.8
# Throttles in five minutes: more than the state machine's retries absorb.
_MANY_THROTTLES = 5
# Answers of 429 in five minutes: more than callers' own retries absorb.
_MANY_THROTTLED_REQUESTS = 20

_WIDTH = 24
_IN_A_ROW = 3


class Observability(Construct):
    """Exposes `topic` and `dashboard_url`. Names begin with the stack's, which is unique in its
    account and region."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        api: apigateway.RestApi,
        state_machine: sfn.StateMachine,
        functions: Mapping[str, lambda_.Function],
        guardrail: Guardrail | None,
    ) -> None:
        super().__init__(scope, id)
        self._stack = Stack.of(self)
        self._settings = settings
        self._api = api
        self._state_machine = state_machine
        self._functions = functions
        self._guardrail = guardrail
        self.topic = self._topic()
        self._alarms = self._add_alarms()
        self.dashboard_url = self._add_dashboard()

    def _topic(self) -> sns.Topic:
        """Returns a topic that is encrypted with the key of the settings or with its own, because
        CloudWatch may not use the default key of SNS ("Key management", SNS guide)."""
        alarms_of_stack = {
            "StringEquals": {"aws:SourceAccount": self._stack.account},
            "ArnLike": {
                "aws:SourceArn": f"arn:{self._stack.partition}:cloudwatch:{self._stack.region}"
                f":{self._stack.account}:alarm:{self._stack.stack_name}-*"
            },
        }
        cloudwatch_service = iam.ServicePrincipal("cloudwatch.amazonaws.com")
        topic = sns.Topic(
            self, "Topic", master_key=self._topic_key(cloudwatch_service), enforce_ssl=True
        )
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[cloudwatch_service],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions=alarms_of_stack,
            )
        )
        if self._settings.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(self._settings.alarm_email))
        return topic

    def _topic_key(self, cloudwatch_service: iam.ServicePrincipal) -> kms.IKey:
        if self._settings.kms_key_arn:
            return kms.Key.from_key_arn(self, "Key", self._settings.kms_key_arn)
        key = kms.Key(
            self, "TopicKey", enable_key_rotation=True, removal_policy=RemovalPolicy.DESTROY
        )
        # Without conditions, as in that guide's example: not every service hands its alarm's ARN
        # on to KMS, and then no alarm would arrive. The key is this topic's alone.
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[cloudwatch_service],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
            )
        )
        return key

    def _add_alarms(self) -> list[cloudwatch.Alarm]:
        late_ms = _LATE * (self._settings.gateway_timeout_seconds * 1_000)
        dear_usd = self._settings.alarm_cost_usd_per_hour
        # Each of these watches one metric, without arithmetic: CloudWatch does not say what that
        # makes of a metric that was never published.
        rows: tuple[tuple[str, str, cloudwatch.IMetric, float, int], ...] = (
            ("failed-executions",
             "Executions failed by a fault of the service's side.",
             self._states("ExecutionsFailed"), 1, 1),
            ("broken",
             "A permission, setting, template or function is broken: the logs name the error.",
             self._own(telemetry.BROKEN), 1, 1),
            ("timed-out-executions",
             "Executions ran into the workflow's timeout, which no path of it should reach.",
             self._states("ExecutionsTimedOut"), 1, 1),
            *((f"throttled-{name}",
               f"Lambda throttles {name}: the account's or the function's concurrency is used up.",
               self._function(name, "Throttles"), _MANY_THROTTLES, 1) for name in self._functions),
            ("throttled-models",
             "Bedrock throttles model calls, or a quota is used up.",
             self._own(telemetry.THROTTLED), _MANY_THROTTLES, 1),
            # Not all 4XXs: anybody can cause those for missing credentials.
            ("throttled-requests",
             "Callers are told to come later: the stage's throttle, a key's quota or Bedrock's. "
             "The access log says which, and whose requests they are.",
             self._own(THROTTLED_REQUESTS), _MANY_THROTTLED_REQUESTS, 1),
            ("latency",
             "One in twenty answers comes close to what the gateway waits.",
             self._gateway("Latency", "p95"), late_ms, 3),
            ("cost",
             f"Model calls of an hour are listed at {dear_usd} USD or more.",
             self._hourly_cost(), dear_usd, 1),
        )  # fmt: skip
        return [self._alarm(*row) for row in rows]

    def _alarm(
        self, name: str, description: str, metric: cloudwatch.IMetric, at_least: float, periods: int
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            name.title().replace("-", ""),
            alarm_name=f"{self._stack.stack_name}-{name}",
            alarm_description=description,
            metric=metric,
            threshold=at_least,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        action = actions.SnsAction(self.topic)
        alarm.add_alarm_action(action)
        alarm.add_ok_action(action)
        return alarm

    def _add_dashboard(self) -> str:
        """Adds the dashboard and returns its address in the console."""
        name, region = self._stack.stack_name, self._stack.region
        alarms = cloudwatch.AlarmStatusWidget(
            title="Alarms", alarms=self._alarms, width=_WIDTH, height=3
        )
        graphs = [_graph(title, metrics) for title, metrics in self._graphs().items()]
        dashboard = cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=name, default_interval=Duration.hours(12)
        )
        dashboard.add_widgets(alarms)
        for first in range(0, len(graphs), _IN_A_ROW):
            dashboard.add_widgets(*graphs[first : first + _IN_A_ROW])
        return (
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
            f"#dashboards/dashboard/{name}"
        )

    def _graphs(self) -> Mapping[str, Sequence[cloudwatch.IMetric]]:
        """Returns the metrics of each graph, by its title."""
        models, functions = self._settings.models, self._functions
        own, gateway, states, function = self._own, self._gateway, self._states, self._function
        percentiles = ("p50", "p95", "p99")
        graphs: dict[str, Sequence[cloudwatch.IMetric]] = {
            "Requests": [
                gateway("Count", "SampleCount"),
                gateway("4XXError"),
                own(THROTTLED_REQUESTS),
                gateway("5XXError"),
                states("ExecutionsStarted"),
            ],
            "Executions": [
                states(f"Executions{ending}") for ending in ("Succeeded", "Failed", "TimedOut")
            ],
            "Errors by class": [own(telemetry.ERRORS, error=name) for name in sorted(CLASSES)],
            "Answer time, ms": [gateway("Latency", each) for each in percentiles],
            "Execution time, ms": [states("ExecutionTime", each) for each in percentiles],
            "Model latency, ms": [
                own(telemetry.MODEL_LATENCY, each, model=model)
                for model in models
                for each in percentiles[:2]
            ],
            "Pictures": [
                own(telemetry.PICTURES),
                own(telemetry.REUSED),
                own(telemetry.FILTERED),
                own(telemetry.RETRIES),
            ],
            "Pictures by model": [own(telemetry.PICTURES, model=model) for model in models],
            "Estimated cost by hour, USD at list price": [
                self._hourly_cost(),
                *(self._hourly_cost(model=model) for model in models),
            ],
            "Function errors": [function(name, "Errors") for name in functions],
            "Function durations, p95, ms": [
                function(name, "Duration", "p95") for name in functions
            ],
            "Functions at once, and throttled": [
                *(function(name, "ConcurrentExecutions", "Maximum") for name in functions),
                *(function(name, "Throttles") for name in functions),
            ],
            f"Bedrock in {self._settings.bedrock_region}, the whole account": [
                self._bedrock(name, model)
                for model in models
                for name in ("Invocations", "InvocationThrottles", "InvocationServerErrors")
            ],
        }
        if self._guardrail is not None:
            # An existing guardrail may count other users' calls too.
            graphs["Guardrail: prompts and pictures, and those it blocked"] = _guardrail_metrics(
                self._guardrail
            )
        return graphs

    def _own(
        self, metric: telemetry.Metric, statistic: str = "Sum", **of: str
    ) -> cloudwatch.Metric:
        """Returns a metric of Easel's own. `of` names the one model or error to count, if any."""
        return _metric(
            telemetry.NAMESPACE,
            metric.name,
            {"stack": self._stack.stack_name, **of},
            statistic=statistic,
            label=_label(next(iter(of.values()), metric.name), statistic),
        )

    def _hourly_cost(self, **of: str) -> cloudwatch.Metric:
        return self._own(telemetry.ESTIMATED_COST, **of).with_(period=Duration.hours(1))

    def _gateway(self, name: str, statistic: str = "Sum") -> cloudwatch.Metric:
        stage = self._api.deployment_stage.stage_name
        dimensions = {"ApiName": self._api.rest_api_name, "Stage": stage}
        return _metric("AWS/ApiGateway", name, dimensions, statistic=statistic)

    def _states(self, name: str, statistic: str = "Sum") -> cloudwatch.Metric:
        dimensions = {"StateMachineArn": self._state_machine.state_machine_arn}
        return _metric("AWS/States", name, dimensions, statistic=statistic)

    def _function(self, function: str, name: str, statistic: str = "Sum") -> cloudwatch.Metric:
        dimensions = {"FunctionName": self._functions[function].function_name}
        label = f"{function} {name}"
        return _metric("AWS/Lambda", name, dimensions, statistic=statistic, label=label)

    def _bedrock(self, name: str, model: str) -> cloudwatch.Metric:
        return _metric(
            "AWS/Bedrock",
            name,
            {"ModelId": model},
            statistic="SampleCount" if name == "Invocations" else "Sum",
            label=f"{model} {name}",
            region=self._settings.bedrock_region,
        )


def _guardrail_metrics(guardrail: Guardrail) -> list[cloudwatch.IMetric]:
    dimensions = {"GuardrailArn": guardrail.arn, "GuardrailVersion": guardrail.version}
    return [
        _metric("AWS/Bedrock/Guardrails", name, dimensions)
        for name in (
            "Invocations",
            "InvocationsIntervened",
            "InvocationThrottles",
            "InvocationServerErrors",
        )
    ]


def _metric(
    namespace: str,
    name: str,
    dimensions: Mapping[str, str],
    *,
    statistic: str = "Sum",
    label: str | None = None,
    region: str | None = None,
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=_FIVE_MINUTES,
        label=label or _label(name, statistic),
        region=region,
    )


def _label(name: str, statistic: str) -> str:
    return f"{name} {statistic}" if statistic.startswith("p") else name


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=list(metrics),
        width=_WIDTH // _IN_A_ROW,
        height=6,
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
    )
