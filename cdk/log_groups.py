"""Log groups, and what becomes of them and of buckets when the stack is destroyed."""

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.settings import Settings

# What a stack retains is deleted all the same if the creation of that stack fails.
_POLICIES = {
    "retain": RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    "destroy": RemovalPolicy.DESTROY,
}


def removal_policy(settings: Settings) -> RemovalPolicy:
    return _POLICIES[settings.removal_policy]


def add_log_group(
    scope: Construct, id: str, settings: Settings, *, name: str | None = None
) -> logs.LogGroup:
    """Adds a log group that keeps and encrypts logs as the settings say."""
    group = logs.LogGroup(scope, id, log_group_name=name, removal_policy=removal_policy(settings))
    resource = cast(logs.CfnLogGroup, group.node.default_child)
    resource.retention_in_days = settings.log_retention_days
    resource.kms_key_id = settings.kms_key_arn or None
    return group
