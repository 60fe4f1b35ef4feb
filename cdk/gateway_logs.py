"""The logs of the API's stage: what they hold, where they go, and who may write them."""

import json
from typing import Any

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.log_groups import add_log_group
from cdk.settings import Settings
from lambdas.common import telemetry

# Numbers are quoted too, because a variable without a value is logged as a bare hyphen. No field
# holds the caller's own text, so callers cannot forge fields: the path is the route's, and
# `error.message` is left out because for a wrong signature it repeats the caller's headers, and
# `integration.error` because it may repeat what Step Functions says of an input that it refuses.
# Callers can choose `$context.requestId`, but not the extended one, which is in the execution's
# input too. Source: "Variables for access logging for API Gateway".
ACCESS_LOG_FIELDS = {
    "time": "$context.requestTime",
    "request_id": "$context.extendedRequestId",
    "caller": "$context.identity.userArn",
    "api_key_id": "$context.identity.apiKeyId",
    "ip": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "path": "$context.resourcePath",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "integration_status": "$context.integration.status",
    "integration_latency_ms": "$context.integration.latency",
    "error_type": "$context.error.responseType",
    "trace_id": "$context.xrayTraceId",
}

# Answers with status 429, from the stage's throttle, a key's quota or the workflow. REST APIs have
# no metric for them, and may leave out both metrics and logs if there are too many ("Monitor REST
# APIs in API Gateway").
THROTTLED_REQUESTS = telemetry.Metric("ThrottledRequests", dimension_sets=(("stack",),))

# What the access log is counted for, by status. A 500 may come from no function: where a template
# fails, the workflow cannot be started, or one of its states breaks.
_COUNTED = {"429": THROTTLED_REQUESTS, "500": telemetry.BROKEN}

# API Gateway requires all of these of the role, as in AmazonAPIGatewayPushToCloudWatchLogs.
WRITER_ACTIONS = (
    "logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups",
    "logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:PutLogEvents",
)  # fmt: skip


class GatewayLogs(Construct):
    """Exposes `stage_options`, with which a stage logs its calls and their errors. Counts
    answers in that log."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, stage_name: str) -> None:
        super().__init__(scope, id)
        self._stage_name = stage_name
        self._settings = settings
        access = add_log_group(self, "Access", settings)
        # A metric's dimensions can only come from fields of the log.
        fields = {"stack": Stack.of(self).stack_name, **ACCESS_LOG_FIELDS}
        for status, metric in _COUNTED.items():
            logs.MetricFilter(
                self,
                metric.name,
                log_group=access,
                filter_pattern=logs.FilterPattern.string_value("$.status", "=", status),
                metric_namespace=telemetry.NAMESPACE,
                metric_name=metric.name,
                dimensions={"stack": "$.stack"},
                unit=cloudwatch.Unit.COUNT,
            )
        self.stage_options: dict[str, Any] = {
            "stage_name": stage_name,
            "access_log_destination": apigateway.LogGroupLogDestination(access),
            "access_log_format": apigateway.AccessLogFormat.custom(json.dumps(fields)),
            # No other log says why a mapping failed. Data tracing would log prompts.
            "logging_level": apigateway.MethodLoggingLevel.ERROR,
            "data_trace_enabled": False,
        }

    def add_to(self, api: apigateway.RestApi) -> None:
        """Adds what must exist before the API's stage."""
        # Otherwise the stage makes this group, which is kept forever, even without the stack.
        name = f"API-Gateway-Execution-Logs_{api.rest_api_id}/{self._stage_name}"
        execution = add_log_group(self, "Execution", self._settings, name=name)
        api.deployment_stage.node.add_dependency(execution, self._account_role())

    def _account_role(self) -> apigateway.CfnAccount:
        """Sets the role with which API Gateway writes the logs of an account's APIs in a region.

        There is only one, that of the last deployed stack, for all APIs. So the role may write to
        any log group of the region, and role and setting stay when the stack is destroyed. The
        policy is inline, because a separate one would be destroyed.
        """
        stack = Stack.of(self)
        log_groups = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:*"
        write = iam.PolicyStatement(actions=list(WRITER_ACTIONS), resources=[log_groups])
        role = iam.Role(
            self,
            "WriterRole",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            inline_policies={"logs": iam.PolicyDocument(statements=[write])},
        )
        role.apply_removal_policy(RemovalPolicy.RETAIN)
        account = apigateway.CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)
        account.apply_removal_policy(RemovalPolicy.RETAIN)
        return account
