"""The web application firewall in front of the API's stage, and its log.

Sources: "Baseline rule groups" and "Rate-based rule statement" of the WAF guide, and the service
model of wafv2. What it blocks, the gateway answers as WAF_FILTERED, in Easel's envelope.
"""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from cdk.settings import LOG_RETENTIONS, Settings

# Rules of the common group that only count here, each for its reason. WAF ignores a name that it
# does not know, so these have to be right to the letter.
COUNTED_RULES = {
    "SizeRestrictions_BODY": "blocks bodies above 8 KB; a prompt may have 10,000 characters",
    "CrossSiteScripting_BODY": "takes words in angle brackets for scripts; prompts may have them",
    "GenericLFI_BODY": "takes ../ for a path; prompts are never used as one",
    "GenericRFI_BODY": "blocks URLs with an IP address; prompts may quote any, none is fetched",
    "EC2MetaDataSSRF_BODY": "blocks the metadata address; nothing here fetches what prompts name",
}

RATE_WINDOW_SECONDS = 300

# Kept out of the log and of sampled requests.
_SECRET_HEADERS = ("authorization", "x-api-key", "x-amz-security-token")


class Firewall(Construct):
    """Blocks known attacks, and addresses that send more than the stage lets through."""

    def __init__(
        self, scope: Construct, id: str, *, settings: Settings, stage: apigateway.Stage
    ) -> None:
        super().__init__(scope, id)
        acl = wafv2.CfnWebACL(
            self,
            "WebAcl",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visibility("easel"),
            rules=[
                self._rate_rule(0, settings),
                _managed_rule(1, "AWSManagedRulesCommonRuleSet", counted=tuple(COUNTED_RULES)),
                _managed_rule(2, "AWSManagedRulesKnownBadInputsRuleSet"),
            ],
            data_protection_config=_protection(),
        )
        wafv2.CfnWebACLAssociation(
            self, "Association", resource_arn=stage.stage_arn, web_acl_arn=acl.attr_arn
        )
        self._add_log(settings, acl)

    def _rate_rule(self, priority: int, settings: Settings) -> wafv2.CfnWebACL.RuleProperty:
        """By address: what one method lets through in five minutes, its burst included."""
        return wafv2.CfnWebACL.RuleProperty(
            name="rate-by-address",
            priority=priority,
            action=wafv2.CfnWebACL.RuleActionProperty(block={}),
            statement=wafv2.CfnWebACL.StatementProperty(
                rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                    aggregate_key_type="IP",
                    evaluation_window_sec=RATE_WINDOW_SECONDS,
                    limit=settings.throttle_per_second * RATE_WINDOW_SECONDS
                    + settings.throttle_burst,
                )
            ),
            visibility_config=_visibility("rate-by-address"),
        )

    def _add_log(self, settings: Settings, acl: wafv2.CfnWebACL) -> None:
        """WAF writes only to log groups whose names begin so; it makes their policy itself."""
        name = f"aws-waf-logs-{Stack.of(self).stack_name}"
        group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=name,
            retention=logs.RetentionDays(LOG_RETENTIONS[settings.log_retention_days]),
            removal_policy=RemovalPolicy.DESTROY,
        )
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


def _managed_rule(
    priority: int, group: str, *, counted: tuple[str, ...] = ()
) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name=group,
        priority=priority,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS",
                name=group,
                rule_action_overrides=[
                    wafv2.CfnWebACL.RuleActionOverrideProperty(
                        name=name, action_to_use=wafv2.CfnWebACL.RuleActionProperty(count={})
                    )
                    for name in counted
                ]
                or None,
            )
        ),
        visibility_config=_visibility(group),
    )


def _protection() -> wafv2.CfnWebACL.DataProtectionConfigProperty:
    """Bodies and queries stay out of log and samples.

    A logging configuration's own redaction knows no bodies, and bodies can be seen there in what
    a rule matched.
    """
    fields = [
        wafv2.CfnWebACL.FieldToProtectProperty(field_type="BODY"),
        wafv2.CfnWebACL.FieldToProtectProperty(field_type="QUERY_STRING"),
        wafv2.CfnWebACL.FieldToProtectProperty(
            field_type="SINGLE_HEADER", field_keys=list(_SECRET_HEADERS)
        ),
    ]
    return wafv2.CfnWebACL.DataProtectionConfigProperty(
        data_protections=[
            wafv2.CfnWebACL.DataProtectProperty(field=field, action="SUBSTITUTION")
            for field in fields
        ]
    )


def _visibility(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, sampled_requests_enabled=True, metric_name=name
    )
