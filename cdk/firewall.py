"""The web application firewall in front of the API's stage, and its log.

Sources: "Baseline rule groups" and "Rate-based rule statement" of the WAF guide, and the service
model of wafv2. The gateway answers blocked requests as WAF_FILTERED, in Easel's envelope.
"""

from collections.abc import Iterable

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from cdk.log_groups import add_log_group
from cdk.settings import Settings

_Acl = wafv2.CfnWebACL

# Rules of the common group that only count matches here, with the reasons. WAF ignores a name
# that it does not know, so these must be spelt exactly.
COUNTED_RULES = {
    "SizeRestrictions_BODY": "blocks bodies above 8 KB; a prompt may have 10,000 characters",
    "CrossSiteScripting_BODY": "takes words in angle brackets for scripts; prompts may have them",
    "GenericLFI_BODY": "takes ../ for a path; prompts are never used as one",
    "GenericRFI_BODY": "blocks URLs with an IP address; prompts may quote any, none is fetched",
    "EC2MetaDataSSRF_BODY": "blocks the metadata address; nothing here fetches what prompts name",
}

RATE_WINDOW_SECONDS = 300

# Kept out of the log and of sampled requests.
_SECRET_HEADERS = ["authorization", "x-api-key", "x-amz-security-token"]


class Firewall(Construct):
    """Blocks known attacks, and addresses that send more than the stage lets through."""

    def __init__(
        self, scope: Construct, id: str, *, settings: Settings, stage: apigateway.Stage
    ) -> None:
        super().__init__(scope, id)
        acl = _Acl(
            self,
            "WebAcl",
            scope="REGIONAL",
            default_action=_Acl.DefaultActionProperty(allow={}),
            visibility_config=_visibility("easel"),
            rules=[
                _rate_rule(0, settings),
                _managed_rule(1, "AWSManagedRulesCommonRuleSet", counted=COUNTED_RULES),
                _managed_rule(2, "AWSManagedRulesKnownBadInputsRuleSet"),
            ],
            data_protection_config=_data_protection(),
        )
        wafv2.CfnWebACLAssociation(
            self, "Association", resource_arn=stage.stage_arn, web_acl_arn=acl.attr_arn
        )
        self._add_log(settings, acl)

    def _add_log(self, settings: Settings, acl: _Acl) -> None:
        """Adds a log group with the prefix that WAF requires. WAF makes the policy itself.

        The ACL's id is in the name, because a log group that is retained keeps its name.
        """
        name = f"aws-waf-logs-{Stack.of(self).stack_name}-{acl.attr_id}"
        group = add_log_group(self, "Logs", settings, name=name)
        configuration = wafv2.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=acl.attr_arn,
            # Not the group's own ARN attribute, which ends in ":*".
            log_destination_configs=[
                Stack.of(self).format_arn(
                    service="logs",
                    resource="log-group",
                    resource_name=name,
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
            ],
        )
        configuration.node.add_dependency(group)


def _rate_rule(priority: int, settings: Settings) -> _Acl.RuleProperty:
    """Blocks an address that sends more in five minutes than one method lets through with its
    burst."""
    rate = _Acl.RateBasedStatementProperty(
        aggregate_key_type="IP",
        evaluation_window_sec=RATE_WINDOW_SECONDS,
        limit=settings.throttle_per_second * RATE_WINDOW_SECONDS + settings.throttle_burst,
    )
    return _Acl.RuleProperty(
        name="rate-by-address",
        priority=priority,
        action=_Acl.RuleActionProperty(block={}),
        statement=_Acl.StatementProperty(rate_based_statement=rate),
        visibility_config=_visibility("rate-by-address"),
    )


def _managed_rule(priority: int, group: str, *, counted: Iterable[str] = ()) -> _Acl.RuleProperty:
    count = _Acl.RuleActionProperty(count={})
    managed = _Acl.ManagedRuleGroupStatementProperty(
        vendor_name="AWS",
        name=group,
        rule_action_overrides=[
            _Acl.RuleActionOverrideProperty(name=name, action_to_use=count) for name in counted
        ]
        or None,
    )
    return _Acl.RuleProperty(
        name=group,
        priority=priority,
        override_action=_Acl.OverrideActionProperty(none={}),
        statement=_Acl.StatementProperty(managed_rule_group_statement=managed),
        visibility_config=_visibility(group),
    )


def _data_protection() -> _Acl.DataProtectionConfigProperty:
    """Keeps bodies, queries and secret headers out of log and samples.

    A logging configuration cannot redact bodies, and a rule's matches can quote them.
    """
    fields = [
        _Acl.FieldToProtectProperty(field_type="BODY"),
        _Acl.FieldToProtectProperty(field_type="QUERY_STRING"),
        _Acl.FieldToProtectProperty(field_type="SINGLE_HEADER", field_keys=_SECRET_HEADERS),
    ]
    return _Acl.DataProtectionConfigProperty(
        data_protections=[
            _Acl.DataProtectProperty(field=field, action="SUBSTITUTION") for field in fields
        ]
    )


def _visibility(name: str) -> _Acl.VisibilityConfigProperty:
    return _Acl.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, sampled_requests_enabled=True, metric_name=name
    )
