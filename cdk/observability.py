"""What an operator sees and is told: a dashboard, alarms, and the topic that alarms go to."""

import inspect
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
from lambdas.common import errors, telemetry
from lambdas.common.errors import EaselError, QuotaExceededError, ThrottledError

_FIVE_MINUTES = Duration.minutes(5)
_HOUR = Duration.hours(1)

# Of what the gateway waits: an answer that takes longer was close to being none.
_LATE = 0.8
# Throttling that the state machine's retries do not absorb, in five minutes.
_MANY_THROTTLES = 5
# Answers of 429 that callers' own retries do not absorb, in five minutes.
_MANY_THROTTLED_REQUESTS = 20

_WIDTH = 24

_ERROR_CLASSES = [
    name
    for name, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, EaselError) and not each.__subclasses__()
]

# What no retry and no other request mends.
_BROKEN = [name for name in _ERROR_CLASSES if getattr(errors, name).status == 500]


class Observability(Construct):
    """Exposes `topic` and `dashboard_url`. Names carry the stack's, which is one of its account
    and region."""

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
        """Encrypted with a key of its own: CloudWatch may not use the one that SNS brings ("Key
        management", SNS guide)."""
        alarms_of_stack = {
            "StringEquals": {"aws:SourceAccount": self._stack.account},
            "ArnLike": {
                "aws:SourceArn": f"arn:{self._stack.partition}:cloudwatch:{self._stack.region}"
                f":{self._stack.account}:alarm:{self._stack.stack_name}-*"
            },
        }
        cloudwatch_service = iam.ServicePrincipal("cloudwatch.amazonaws.com")
        key = kms.Key(
            self, "TopicKey", enable_key_rotation=True, removal_policy=RemovalPolicy.DESTROY
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[cloudwatch_service],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions=alarms_of_stack,
            )
        )
        topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
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

    def _add_alarms(self) -> list[cloudwatch.Alarm]:
        gateway_ms = self._settings.gateway_timeout_seconds * 1_000
        return [
            self._alarm(
                "failed-executions",
                "Executions failed by a fault of the service's side.",
                self._states("ExecutionsFailed"),
                at_least=1,
            ),
            # A request for several pictures succeeds with those that were drawn.
            self._alarm(
                "broken",
                "A permission, a setting or a function is broken: the log lines name the error.",
                _sum_of([self._errors(name) for name in _BROKEN]),
                at_least=1,
            ),
            self._alarm(
                "timed-out-executions",
                "Executions ran into the workflow's timeout, which no path of it should reach.",
                self._states("ExecutionsTimedOut"),
                at_least=1,
            ),
            self._alarm(
                "throttled-functions",
                "Lambda throttles: the account's or a function's concurrency is used up.",
                _sum_of([self._function(name, "Throttles") for name in self._functions]),
                at_least=_MANY_THROTTLES,
            ),
            self._alarm(
                "throttled-models",
                "Bedrock throttles model calls, or a quota is used up.",
                _sum_of(
                    [self._errors(each.__name__) for each in (ThrottledError, QuotaExceededError)]
                ),
                at_least=_MANY_THROTTLES,
            ),
            # Not of all 4XXs: those without credentials are anybody's to cause.
            self._alarm(
                "throttled-requests",
                "Callers are told to come later: the stage's throttle, a key's quota or Bedrock's. "
                "The access log says which, and whose requests they are.",
                self._own(THROTTLED_REQUESTS),
                at_least=_MANY_THROTTLED_REQUESTS,
            ),
            self._alarm(
                "latency",
                "One in twenty answers comes close to what the gateway waits.",
                self._gateway("Latency", statistic="p95"),
                at_least=_LATE * gateway_ms,
                periods=3,
            ),
            self._alarm(
                "cost",
                f"Model calls of an hour are listed at {self._settings.alarm_cost_usd_per_hour} "
                "USD or more.",
                self._own(telemetry.ESTIMATED_COST, period=_HOUR),
                at_least=self._settings.alarm_cost_usd_per_hour,
            ),
        ]

    def _alarm(
        self,
        name: str,
        description: str,
        metric: cloudwatch.IMetric,
        *,
        at_least: float,
        periods: int = 1,
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
        """Its address in the console."""
        name = self._stack.stack_name
        dashboard = cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=name,
            default_interval=Duration.hours(12),
        )
        for row in self._rows():
            dashboard.add_widgets(*row)
        region = self._stack.region
        return (
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
            f"#dashboards/dashboard/{name}"
        )

    def _rows(self) -> Sequence[Sequence[cloudwatch.IWidget]]:
        models = self._settings.models
        return [
            [
                cloudwatch.AlarmStatusWidget(
                    title="Alarms", alarms=self._alarms, width=_WIDTH, height=3
                )
            ],
            [
                _graph(
                    "Requests",
                    [
                        self._gateway("Count", statistic="SampleCount"),
                        self._gateway("4XXError"),
                        self._own(THROTTLED_REQUESTS),
                        self._gateway("5XXError"),
                        self._states("ExecutionsStarted"),
                    ],
                ),
                _graph(
                    "Executions",
                    [
                        self._states("ExecutionsSucceeded"),
                        self._states("ExecutionsFailed"),
                        self._states("ExecutionsTimedOut"),
                    ],
                ),
                _graph("Errors by class", [self._errors(each) for each in _ERROR_CLASSES]),
            ],
            [
                _graph(
                    "Answer time, ms",
                    [self._gateway("Latency", statistic=each) for each in ("p50", "p95", "p99")],
                ),
                _graph(
                    "Execution time, ms",
                    [
                        self._states("ExecutionTime", statistic=each)
                        for each in ("p50", "p95", "p99")
                    ],
                ),
                _graph(
                    "Model latency, ms",
                    [
                        self._own(telemetry.MODEL_LATENCY, model=model, statistic=each)
                        for model in models
                        for each in ("p50", "p95")
                    ],
                ),
            ],
            [
                _graph(
                    "Pictures",
                    [
                        self._own(each)
                        for each in (
                            telemetry.PICTURES,
                            telemetry.REUSED,
                            telemetry.FILTERED,
                            telemetry.RETRIES,
                        )
                    ],
                ),
                _graph(
                    "Pictures by model",
                    [self._own(telemetry.PICTURES, model=model) for model in models],
                ),
                _graph(
                    "Estimated cost by hour, USD at list price",
                    [
                        self._own(telemetry.ESTIMATED_COST, period=_HOUR),
                        *(
                            self._own(telemetry.ESTIMATED_COST, model=model, period=_HOUR)
                            for model in models
                        ),
                    ],
                ),
            ],
            [
                _graph(
                    "Function errors", [self._function(name, "Errors") for name in self._functions]
                ),
                _graph(
                    "Function durations, p95, ms",
                    [self._function(name, "Duration", statistic="p95") for name in self._functions],
                ),
                _graph(
                    "Functions at once, and throttled",
                    [
                        *(
                            self._function(name, "ConcurrentExecutions", statistic="Maximum")
                            for name in self._functions
                        ),
                        *(self._function(name, "Throttles") for name in self._functions),
                    ],
                ),
            ],
            [
                _graph(
                    f"Bedrock in {self._settings.bedrock_region}, the whole account",
                    [
                        self._bedrock(name, model)
                        for model in models
                        for name in ("Invocations", "InvocationThrottles", "InvocationServerErrors")
                    ],
                    width=_WIDTH if self._guardrail is None else 2 * _WIDTH // 3,
                ),
                *([] if self._guardrail is None else [self._guardrail_graph(self._guardrail)]),
            ],
        ]

    def _guardrail_graph(self, guardrail: Guardrail) -> cloudwatch.GraphWidget:
        """Prompts and pictures; a guardrail that was brought along may have other users too."""
        return _graph(
            "Guardrail: prompts and pictures, and those it blocked",
            [
                cloudwatch.Metric(
                    namespace="AWS/Bedrock/Guardrails",
                    metric_name=name,
                    dimensions_map={
                        "GuardrailArn": guardrail.arn,
                        "GuardrailVersion": guardrail.version,
                    },
                    statistic="Sum",
                    period=_FIVE_MINUTES,
                    label=name,
                )
                for name in (
                    "Invocations",
                    "InvocationsIntervened",
                    "InvocationThrottles",
                    "InvocationServerErrors",
                )
            ],
        )

    def _own(
        self,
        metric: telemetry.Metric,
        *,
        model: str | None = None,
        statistic: str = "Sum",
        period: Duration = _FIVE_MINUTES,
    ) -> cloudwatch.Metric:
        dimensions = {"stack": self._stack.stack_name}
        return cloudwatch.Metric(
            namespace=telemetry.NAMESPACE,
            metric_name=metric.name,
            dimensions_map=dimensions | ({"model": model} if model else {}),
            statistic=statistic,
            period=period,
            label=_label(model or metric.name, statistic),
        )

    def _errors(self, error: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=telemetry.NAMESPACE,
            metric_name=telemetry.ERRORS.name,
            dimensions_map={"stack": self._stack.stack_name, "error": error},
            statistic="Sum",
            period=_FIVE_MINUTES,
            label=error,
        )

    def _gateway(self, name: str, *, statistic: str = "Sum") -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/ApiGateway",
            metric_name=name,
            dimensions_map={
                "ApiName": self._api.rest_api_name,
                "Stage": self._api.deployment_stage.stage_name,
            },
            statistic=statistic,
            period=_FIVE_MINUTES,
            label=_label(name, statistic),
        )

    def _states(self, name: str, *, statistic: str = "Sum") -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/States",
            metric_name=name,
            dimensions_map={"StateMachineArn": self._state_machine.state_machine_arn},
            statistic=statistic,
            period=_FIVE_MINUTES,
            label=_label(name, statistic),
        )

    def _function(self, function: str, name: str, *, statistic: str = "Sum") -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name=name,
            dimensions_map={"FunctionName": self._functions[function].function_name},
            statistic=statistic,
            period=_FIVE_MINUTES,
            label=f"{function} {name}",
        )

    def _bedrock(self, name: str, model: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/Bedrock",
            metric_name=name,
            dimensions_map={"ModelId": model},
            statistic="SampleCount" if name == "Invocations" else "Sum",
            period=_FIVE_MINUTES,
            region=self._settings.bedrock_region,
            label=f"{model} {name}",
        )


def _sum_of(metrics: Sequence[cloudwatch.Metric]) -> cloudwatch.MathExpression:
    """Of metrics that have a value only where there is something to count."""
    names = {f"m{index}": metric for index, metric in enumerate(metrics)}
    return cloudwatch.MathExpression(
        expression=" + ".join(f"FILL({name}, 0)" for name in names),
        using_metrics=names,
        period=_FIVE_MINUTES,
        label="throttled",
    )


def _label(name: str, statistic: str) -> str:
    return f"{name} {statistic}" if statistic.startswith("p") else name


def _graph(
    title: str, metrics: Sequence[cloudwatch.IMetric], *, width: int = _WIDTH // 3
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=list(metrics),
        width=width,
        height=6,
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
    )
