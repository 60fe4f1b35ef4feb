"""What web pages may read, the firewall in front of the stage, and what a synth says of costs."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from cdk.app import main
from cdk.firewall import COUNTED_RULES
from cdk.settings import Settings
from tests.cdk.combinations import COMBINATIONS, properties, template_of

ROOT = Path(__file__).parents[2]
IAM = Settings()


def test_pages_that_may_call_the_api_may_read_the_pictures() -> None:
    pages = ["https://a.example", "https://b.example"]
    _, bucket = properties(Settings(allowed_origins=tuple(pages)), "AWS::S3::Bucket")

    (rule,) = bucket["CorsConfiguration"]["CorsRules"]
    assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == (pages, ["GET", "HEAD"])
    for without in properties(IAM, "AWS::S3::Bucket"):
        assert "CorsConfiguration" not in without


@pytest.mark.parametrize(
    ("settings", "visibility"), [(IAM, "team"), (COMBINATIONS["private"], "caller")]
)
def test_every_function_that_shows_pictures_is_told_to_whom(
    settings: Settings, visibility: str
) -> None:
    told = [
        function["Environment"]["Variables"].get("VISIBILITY")
        for function in properties(settings, "AWS::Lambda::Function")
    ]

    assert told.count(visibility) == 3
    assert set(told) == {visibility, None}


class TestFirewall:
    WAF = Settings(waf=True, throttle_per_second=2, throttle_burst=9)

    def rules(self) -> dict[str, dict[str, Any]]:
        (acl,) = properties(self.WAF, "AWS::WAFv2::WebACL")
        return {rule["Name"]: rule for rule in acl["Rules"]}

    def test_there_is_none_unless_asked_for(self) -> None:
        assert "AWS::WAFv2" not in json.dumps(template_of(IAM).to_json())

    def test_it_is_in_front_of_the_stage(self) -> None:
        (stage,) = template_of(self.WAF).find_resources("AWS::ApiGateway::Stage")
        (association,) = properties(self.WAF, "AWS::WAFv2::WebACLAssociation")

        (acl,) = properties(self.WAF, "AWS::WAFv2::WebACL")
        assert acl["Scope"] == "REGIONAL"
        arn = association["ResourceArn"]["Fn::Join"][1]
        assert arn[-1] == {"Ref": stage}
        assert "/restapis/" in json.dumps(arn)

    def test_what_would_refuse_prompts_only_counts(self) -> None:
        common = self.rules()["AWSManagedRulesCommonRuleSet"]

        overrides = common["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
        assert {each["Name"] for each in overrides} == set(COUNTED_RULES)
        assert all(each["ActionToUse"] == {"Count": {}} for each in overrides)
        assert common["OverrideAction"] == {"None": {}}

    def test_known_bad_inputs_are_blocked(self) -> None:
        group = self.rules()["AWSManagedRulesKnownBadInputsRuleSet"]

        assert group["OverrideAction"] == {"None": {}}
        assert "RuleActionOverrides" not in group["Statement"]["ManagedRuleGroupStatement"]

    def test_an_address_over_what_the_stage_lets_through_is_blocked(self) -> None:
        rule = self.rules()["rate-by-address"]

        assert rule["Action"] == {"Block": {}}
        assert rule["Statement"]["RateBasedStatement"] == {
            "AggregateKeyType": "IP",
            "EvaluationWindowSec": 300,
            "Limit": 2 * 300 + 9,
        }

    def test_its_log_holds_neither_bodies_nor_queries_nor_secrets(self) -> None:
        (acl,) = properties(self.WAF, "AWS::WAFv2::WebACL")

        protected = {
            each["Field"]["FieldType"]: each["Field"].get("FieldKeys")
            for each in acl["DataProtectionConfig"]["DataProtections"]
        }
        assert protected == {
            "BODY": None,
            "QUERY_STRING": None,
            "SINGLE_HEADER": ["authorization", "x-api-key", "x-amz-security-token"],
        }

    def test_its_log_group_has_the_name_that_waf_wants_and_one_that_was_kept_is_not_in_its_way(
        self,
    ) -> None:
        (logging,) = properties(self.WAF, "AWS::WAFv2::LoggingConfiguration")
        (acl,) = template_of(self.WAF).find_resources("AWS::WAFv2::WebACL")
        id = {"Fn::GetAtt": [acl, "Id"]}

        (destination,) = logging["LogDestinationConfigs"]
        *_, name, of_acl = destination["Fn::Join"][1]
        assert (name, of_acl) == (":log-group:aws-waf-logs-easel-test-", id)
        template_of(self.WAF).has_resource_properties(
            "AWS::Logs::LogGroup",
            {"LogGroupName": {"Fn::Join": ["", ["aws-waf-logs-easel-test-", id]]}},
        )


def test_a_synth_says_what_an_hour_can_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]

    main(App(outdir=str(tmp_path), context={**context, "environment": "dev"}))

    _, said = capsys.readouterr().err.splitlines()
    assert said.startswith("An hour can cost $")


def test_what_a_month_costs_is_told_of_what_the_template_has() -> None:
    told = (ROOT / "docs" / "operations.md").read_text()
    alarms = len(properties(IAM, "AWS::CloudWatch::Alarm"))
    (acl,) = properties(Settings(waf=True), "AWS::WAFv2::WebACL")
    rules = len(acl["Rules"])

    assert f"| {alarms}: {alarms * 0.1:.2f} a month |" in told
    assert f"| {rules} rules: {5 + rules:.2f} a month |" in told
    assert len(properties(IAM, "AWS::CloudWatch::Dashboard")) == 1
    assert len(properties(IAM, "AWS::KMS::Key")) == 1
