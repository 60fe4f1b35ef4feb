"""What the API's stage logs about each call, where to, and who may write it."""

import json
from typing import Any

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.settings import LOG_RETENTIONS, Settings
from lambdas.common import telemetry

# Each value is quoted, numbers too: a variable without a value is logged as a bare hyphen. Nothing
# here is the caller's own text, so none can forge a field: the path is the route's, and
# `error.message` is left out because that of a wrong signature repeats the caller's headers. The
# request id is the execution's name. Variables: "Variables for access logging for API Gateway".
ACCESS_LOG_FIELDS = {
    "time": "$context.requestTime",
    "request_id": "$context.requestId",
    "extended_request_id": "$context.extendedRequestId",
    "caller": "$context.identity.userArn",
    "api_key_id": "$context.identity.apiKeyId",
    "ip": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "path": "$context.resourcePath",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "integration_status": "$context.integration.status",
    "integration_latency_ms": "$context.integration.latency",
    "integration_error": "$context.integration.error",
    "error_type": "$context.error.responseType",
    "trace_id": "$context.xrayTraceId",
}

# Answers of 429, whoever gives them: the stage's throttle, a key's quota or the workflow. REST APIs
# have no metric of their own for them, and of an excess of them neither metrics nor logs for sure
# ("Monitor REST APIs in API Gateway").
THROTTLED_REQUESTS = telemetry.Metric("ThrottledRequests", dimension_sets=(("stack",),))

# What API Gateway wants of the role, no less: those of AmazonAPIGatewayPushToCloudWatchLogs.
WRITER_ACTIONS = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:PutLogEvents",
)


class GatewayLogs(Construct):
    """Exposes `stage_options`, which have calls and what went wrong in them logged, and counts
    THROTTLED_REQUESTS among the calls."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, stage_name: str) -> None:
        super().__init__(scope, id)
        self._stage_name = stage_name
        self._retention = logs.RetentionDays(LOG_RETENTIONS[settings.log_retention_days])
        access = logs.LogGroup(
            self, "Access", retention=self._retention, removal_policy=RemovalPolicy.DESTROY
        )
        # A metric's dimension can only be a field of the log.
        fields = {"stack": Stack.of(self).stack_name, **ACCESS_LOG_FIELDS}
        logs.MetricFilter(
            self,
            "ThrottledRequests",
            log_group=access,
            filter_pattern=logs.FilterPattern.string_value("$.status", "=", "429"),
            metric_namespace=telemetry.NAMESPACE,
            metric_name=THROTTLED_REQUESTS.name,
            dimensions={"stack": "$.stack"},
            unit=cloudwatch.Unit.COUNT,
        )
        self.stage_options: dict[str, Any] = {
            "stage_name": stage_name,
            "access_log_destination": apigateway.LogGroupLogDestination(access),
            "access_log_format": apigateway.AccessLogFormat.custom(json.dumps(fields)),
            # Why a mapping failed stands nowhere else. Data tracing would log prompts.
            "logging_level": apigateway.MethodLoggingLevel.ERROR,
            "data_trace_enabled": False,
        }

    def add_to(self, api: apigateway.RestApi) -> None:
        """What has to be there before the API's stage is."""
        # The stage would make this group itself, to be kept forever and after its stack.
        execution = logs.LogGroup(
            self,
            "Execution",
            log_group_name=f"API-Gateway-Execution-Logs_{api.rest_api_id}/{self._stage_name}",
            retention=self._retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        api.deployment_stage.node.add_dependency(execution, self._account_role())

    def _account_role(self) -> apigateway.CfnAccount:
        """The one role with which API Gateway writes the logs of all APIs of account and region.

        The stack deployed last sets it, also for the APIs of others: so it may write to any of the
        region's log groups, and both it and the account's mention of it stay when its stack is
        destroyed. Its policy stands in it, or that would go.
        """
        stack = Stack.of(self)
        log_groups = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:*"
        role = iam.Role(
            self,
            "WriterRole",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            inline_policies={
                "logs": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(actions=list(WRITER_ACTIONS), resources=[log_groups])
                    ]
                )
            },
        )
        role.apply_removal_policy(RemovalPolicy.RETAIN)
        account = apigateway.CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)
        account.apply_removal_policy(RemovalPolicy.RETAIN)
        return account
