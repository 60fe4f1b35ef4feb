"""Log groups: they keep logs as long as the settings say, and are retained where buckets are."""

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.settings import Settings


def add_log_group(
    scope: Construct, id: str, settings: Settings, *, name: str | None = None
) -> logs.LogGroup:
    removal_policy = RemovalPolicy(settings.removal_policy.upper())
    group = logs.LogGroup(scope, id, log_group_name=name, removal_policy=removal_policy)
    resource = cast(logs.CfnLogGroup, group.node.default_child)
    resource.retention_in_days = settings.log_retention_days
    return group
