"""What the synthesized template promises, for each environment that changes it."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import botocore.session
import pytest
from aws_cdk import App
from aws_cdk.assertions import Annotations, Match, Template
from botocore.validate import ParamValidator

from cdk.api import ROUTES
from cdk.deadline import deadline_of, worst_path_seconds
from cdk.firewall import COUNTED_RULES
from cdk.functions import ROOT
from cdk.gateway_responses import GATEWAY_ANSWERS
from cdk.guardrail import CATEGORIES
from cdk.settings import DeniedTopic, Settings
from cdk.stack import EaselStack
from lambdas.common.catalog import CATALOG, Legacy

IAM = Settings()
API_KEY = Settings(auth="api_key", allow_retired_models=True)
ONE_PAGE = ("https://a.example",)
TWO_PAGES = ("https://a.example", "http://localhost:5173")
SLOW_GATEWAY = Settings(gateway_timeout_seconds=60)


@cache
def template_of(settings: Settings) -> Template:
    return Template.from_stack(EaselStack(App(), "easel-test", settings=settings))


def properties(settings: Settings, type: str) -> list[dict[str, Any]]:
    found = template_of(settings).find_resources(type)
    return [resource["Properties"] for resource in found.values()]


def statements(settings: Settings, role_part: str) -> list[dict[str, Any]]:
    """The statements of the policy of the role whose logical id has `role_part` in it."""
    (policy,) = [
        policy
        for policy in properties(settings, "AWS::IAM::Policy")
        if role_part in policy["Roles"][0]["Ref"]
    ]
    return list(policy["PolicyDocument"]["Statement"])


def granted(settings: Settings, role_part: str) -> dict[str, list[str]]:
    """Action -> the ends of the resources it is allowed on."""
    allowed: dict[str, list[str]] = {}
    for statement in statements(settings, role_part):
        assert statement["Effect"] == "Allow"
        actions = statement["Action"]
        resources = statement["Resource"]
        for action in actions if isinstance(actions, list) else [actions]:
            allowed[action] = [
                _end(resource)
                for resource in (resources if isinstance(resources, list) else [resources])
            ]
    return allowed


def _end(resource: Any) -> str:
    """A resource without the parts that deployment decides."""
    if isinstance(resource, str):
        return resource
    if "Fn::Join" in resource:
        return "".join(part for part in resource["Fn::Join"][1] if isinstance(part, str))
    logical_id = resource.get("Ref") or resource["Fn::GetAtt"][0]
    return re.sub(r"[0-9A-F]{8}$", "", str(logical_id))


class TestBucket:
    def test_private_encrypted_versioned_and_its_own(self) -> None:
        template_of(IAM).has_resource_properties(
            "AWS::S3::Bucket",
            {
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
                "BucketEncryption": Match.object_like(
                    {
                        "ServerSideEncryptionConfiguration": [
                            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
                        ]
                    }
                ),
                "VersioningConfiguration": {"Status": "Enabled"},
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            },
        )

    def test_tls_only(self) -> None:
        (policy,) = properties(IAM, "AWS::S3::BucketPolicy")

        (statement,) = policy["PolicyDocument"]["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}

    def test_staging_expires_after_a_day_and_pictures_by_setting(self) -> None:
        def rules(settings: Settings) -> dict[str, Any]:
            (bucket,) = properties(settings, "AWS::S3::Bucket")
            return {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}

        assert rules(IAM)["staging"]["ExpirationInDays"] == 1
        assert rules(IAM)["staging"]["Prefix"] == "staging/"
        assert "ExpirationInDays" not in rules(IAM)["pictures"]
        assert rules(Settings(image_retention_days=90))["pictures"]["ExpirationInDays"] == 90

    @pytest.mark.parametrize(("policy", "kept"), [("retain", "Retain"), ("destroy", "Delete")])
    def test_it_outlives_the_stack_unless_told_otherwise(self, policy: Any, kept: str) -> None:
        template_of(Settings(removal_policy=policy)).has_resource(
            "AWS::S3::Bucket", {"DeletionPolicy": kept}
        )


class TestFunctions:
    def test_three_on_arm64_with_a_current_runtime_and_tracing(self) -> None:
        functions = properties(IAM, "AWS::Lambda::Function")

        assert len(functions) == 3
        for function in functions:
            assert function["Architectures"] == ["arm64"]
            assert function["Runtime"] == "python3.14"
            assert function["TracingConfig"] == {"Mode": "Active"}

    def test_each_has_an_asset_of_its_own(self) -> None:
        keys = {function["Code"]["S3Key"] for function in properties(IAM, "AWS::Lambda::Function")}

        assert len(keys) == 3

    def test_generate_outlives_the_models_clock(self) -> None:
        (generate,) = [
            function
            for function in properties(IAM, "AWS::Lambda::Function")
            if function["Handler"] == "lambdas.generate.handler.handler"
        ]

        read_timeout = int(generate["Environment"]["Variables"]["MODEL_TIMEOUT_SECONDS"])
        assert IAM.gateway_timeout_seconds < read_timeout < generate["Timeout"]

    def test_only_so_many_draw_at_once(self) -> None:
        def reserved(settings: Settings) -> dict[str, int]:
            return {
                function["Handler"].split(".")[1]: function["ReservedConcurrentExecutions"]
                for function in properties(settings, "AWS::Lambda::Function")
                if "ReservedConcurrentExecutions" in function
            }

        assert reserved(IAM) == {"generate": 10}
        assert reserved(Settings(generate_concurrency=3)) == {"generate": 3}
        assert reserved(Settings(generate_concurrency=0)) == {}


class TestRoles:
    """Each role holds exactly this. A star stands alone only where AWS knows no resource."""

    TRACES: ClassVar[dict[str, list[str]]] = {
        "xray:PutTraceSegments": ["*"],
        "xray:PutTelemetryRecords": ["*"],
    }

    def test_validate(self) -> None:
        assert granted(IAM, "ValidateRole") == {
            "logs:CreateLogStream": ["FunctionsValidateLogs"],
            "logs:PutLogEvents": ["FunctionsValidateLogs"],
            **self.TRACES,
            "s3:ListBucket": ["PicturesBucket"],
            "s3:GetObject": ["/idempotency/*"],
            "s3:PutObject": ["/idempotency/*"],
        }

    def test_generate(self) -> None:
        assert granted(IAM, "GenerateRole") == {
            "logs:CreateLogStream": ["FunctionsGenerateLogs"],
            "logs:PutLogEvents": ["FunctionsGenerateLogs"],
            **self.TRACES,
            "bedrock:InvokeModel": [
                f"arn::bedrock:us-west-2::foundation-model/{model}" for model in IAM.models
            ],
            "s3:ListBucket": ["PicturesBucket"],
            "s3:GetObject": ["/staging/*", "/output-images/*"],
            "s3:PutObject": ["/staging/*"],
            "s3:DeleteObject": ["/staging/*.claim"],
        }

    def test_store(self) -> None:
        assert granted(IAM, "StoreRole") == {
            "logs:CreateLogStream": ["FunctionsStoreLogs"],
            "logs:PutLogEvents": ["FunctionsStoreLogs"],
            **self.TRACES,
            "s3:ListBucket": ["PicturesBucket"],
            "s3:GetObject": ["/staging/*", "/output-images/*"],
            "s3:PutObject": ["/output-images/*"],
            "bedrock:ApplyGuardrail": ["Guardrail"],
        }

    def test_gateway(self) -> None:
        assert granted(IAM, "StartExecutionRole") == {
            "states:StartSyncExecution": ["WorkflowStateMachine"]
        }

    def test_state_machine(self) -> None:
        allowed = granted(IAM, "StateMachineRole")

        assert allowed["lambda:InvokeFunction"] == [
            "FunctionsValidate",
            "FunctionsGenerate",
            "FunctionsStore",
        ]
        assert allowed["bedrock:ApplyGuardrail"] == ["Guardrail"]
        others = {action.partition(":")[0] for action in allowed} - {"lambda", "bedrock"}
        assert others == {"logs", "xray"}

    def test_no_managed_policies(self) -> None:
        assert all("ManagedPolicyArns" not in role for role in properties(IAM, "AWS::IAM::Role"))

    def test_retired_models_are_granted_only_where_they_are_allowed(self) -> None:
        text = json.dumps(granted(API_KEY, "GenerateRole"))

        assert "amazon.nova-canvas-v1:0" in text
        assert "amazon.nova-canvas-v1:0" not in json.dumps(granted(IAM, "GenerateRole"))


class TestGuardrail:
    OWN = Settings(
        denied_words=("walrus",),
        denied_topics=(DeniedTopic("Shares", "Advice on shares", ("which shares",)),),
        guardrail_strength="HIGH",
    )
    BROUGHT_ALONG = Settings(guardrail_id="abcdefgh1234", guardrail_version="7")
    OFF = Settings(guardrail="off")

    def test_it_has_the_policies_of_the_settings(self) -> None:
        (guardrail,) = properties(self.OWN, "AWS::Bedrock::Guardrail")

        filters = {each["Type"]: each for each in guardrail["ContentPolicyConfig"]["FiltersConfig"]}
        assert filters.keys() == {*CATEGORIES, "PROMPT_ATTACK"}
        for category in CATEGORIES:
            assert filters[category]["InputStrength"] == filters[category]["OutputStrength"]
            assert filters[category]["InputStrength"] == "HIGH"
            assert "TEXT" in filters[category]["InputModalities"]
            assert "IMAGE" in filters[category]["OutputModalities"]
        assert filters["PROMPT_ATTACK"]["OutputStrength"] == "NONE"
        assert guardrail["WordPolicyConfig"]["WordsConfig"] == [{"Text": "walrus"}]
        assert guardrail["TopicPolicyConfig"]["TopicsConfig"] == [
            {
                "Name": "Shares",
                "Definition": "Advice on shares",
                "Examples": ["which shares"],
                "Type": "DENY",
            }
        ]

    def test_the_service_would_accept_it(self) -> None:
        (guardrail,) = properties(self.OWN, "AWS::Bedrock::Guardrail")
        service = botocore.session.get_session().get_service_model("bedrock")
        shape: Any = service.operation_model("CreateGuardrail").input_shape

        report = ParamValidator().validate(_in_members(guardrail), shape)

        assert not report.has_errors(), report.generate_report()
        assert len(guardrail["Name"]) <= 50

    def test_other_policies_are_another_version(self) -> None:
        def description(settings: Settings) -> str:
            (version,) = properties(settings, "AWS::Bedrock::GuardrailVersion")
            return str(version["Description"])

        assert description(self.OWN) != description(IAM)
        assert description(IAM) == description(API_KEY)

    def test_one_brought_along_is_used_and_none_is_made(self) -> None:
        assert not properties(self.BROUGHT_ALONG, "AWS::Bedrock::Guardrail")
        assert granted(self.BROUGHT_ALONG, "StoreRole")["bedrock:ApplyGuardrail"] == [
            "arn::bedrock:::guardrail/abcdefgh1234"
        ]
        (machine,) = properties(self.BROUGHT_ALONG, "AWS::StepFunctions::StateMachine")
        assert machine["DefinitionSubstitutions"]["GuardrailVersion"] == "7"

    def test_with_it_off_there_is_no_state_no_grant_and_no_guardrail(self) -> None:
        (machine,) = properties(self.OFF, "AWS::StepFunctions::StateMachine")
        states = json.loads(machine["DefinitionString"])["States"]

        assert states["Validate"]["Next"] == "Generate"
        assert not {"CheckPrompt", "Verdict", "PromptBlocked", "GuardrailRefused"} & states.keys()
        assert not properties(self.OFF, "AWS::Bedrock::Guardrail")
        for role in ("StoreRole", "StateMachineRole"):
            assert "bedrock:ApplyGuardrail" not in granted(self.OFF, role)


def _in_members(value: Any) -> Any:
    """A resource's properties as the members of the service's own request."""
    if isinstance(value, list):
        return [_in_members(item) for item in value]
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: _in_members(item) for name, item in value.items()}
    return value


class TestStateMachine:
    @pytest.mark.parametrize("settings", [IAM, SLOW_GATEWAY], ids=["29 s", "60 s"])
    def test_it_ends_before_the_gateway_gives_up(self, settings: Settings) -> None:
        (machine,) = properties(settings, "AWS::StepFunctions::StateMachine")
        definition = json.loads(machine["DefinitionString"])

        (gateway_ms,) = {
            method["Integration"]["TimeoutInMillis"]
            for method in properties(settings, "AWS::ApiGateway::Method")
            if method["HttpMethod"] == "POST"
        }
        assert gateway_ms == settings.gateway_timeout_seconds * 1_000
        assert worst_path_seconds(definition, deadline_of(definition)) < gateway_ms / 1_000

    def test_generate_is_told_the_clock_of_its_own_state_machine(self) -> None:
        (machine,) = properties(SLOW_GATEWAY, "AWS::StepFunctions::StateMachine")
        deadline = deadline_of(json.loads(machine["DefinitionString"]))

        (variables,) = [
            function["Environment"]["Variables"]
            for function in properties(SLOW_GATEWAY, "AWS::Lambda::Function")
            if function["Handler"] == "lambdas.generate.handler.handler"
        ]
        assert variables["ANSWER_UNTIL_SECONDS"] == str(deadline.answer_until_seconds)
        assert variables["RETRY_WAIT_SECONDS"] == str(deadline.retry_wait_seconds)

    def test_express_traced_and_logged_whole(self) -> None:
        template_of(IAM).has_resource_properties(
            "AWS::StepFunctions::StateMachine",
            {
                "StateMachineType": "EXPRESS",
                "TracingConfiguration": {"Enabled": True},
                "LoggingConfiguration": Match.object_like(
                    {"Level": "ALL", "IncludeExecutionData": True}
                ),
            },
        )
        template_of(IAM).has_resource_properties(
            "AWS::Logs::LogGroup", {"LogGroupName": Match.string_like_regexp("^/aws/vendedlogs/")}
        )

    def test_prompts_stay_out_of_the_logs_where_the_setting_says_so(self) -> None:
        (machine,) = properties(
            Settings(log_execution_data=False), "AWS::StepFunctions::StateMachine"
        )

        assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False

    def test_every_place_of_the_file_is_filled(self) -> None:
        (machine,) = properties(IAM, "AWS::StepFunctions::StateMachine")

        places = set(re.findall(r"\$\{(\w+)\}", machine["DefinitionString"]))
        assert places == set(machine["DefinitionSubstitutions"])


class TestApi:
    @pytest.mark.parametrize("waf", [False, True], ids=["bare", "waf"])
    @pytest.mark.parametrize("origins", [(), ONE_PAGE, TWO_PAGES], ids=["0", "1", "2"])
    @pytest.mark.parametrize(
        ("auth", "authorization", "key"), [("iam", "AWS_IAM", False), ("api_key", "NONE", True)]
    )
    def test_no_method_is_open_but_those_that_answer_preflights(
        self, auth: Any, authorization: str, key: bool, origins: tuple[str, ...], waf: bool
    ) -> None:
        settings = Settings(auth=auth, allowed_origins=origins, waf=waf)
        methods = properties(settings, "AWS::ApiGateway::Method")

        paths = len(ROUTES) + len(["openapi.json"])
        preflights = [method for method in methods if method["HttpMethod"] == "OPTIONS"]
        others = [method for method in methods if method["HttpMethod"] != "OPTIONS"]
        assert len(others) == paths
        for method in others:
            assert method["AuthorizationType"] == authorization
            assert method.get("ApiKeyRequired", False) is key
        assert len(preflights) == (paths if origins else 0)
        for method in preflights:
            assert method["Integration"]["Type"] == "MOCK"
            assert not {"Uri", "Credentials"} & method["Integration"].keys()

    def test_methods_validate_bodies_and_pass_nothing_through(self) -> None:
        posts = [
            method
            for method in properties(IAM, "AWS::ApiGateway::Method")
            if method["HttpMethod"] == "POST"
        ]
        assert len(posts) == len(ROUTES)
        for method in posts:
            assert "RequestValidatorId" in method
            assert method["RequestModels"].keys() == {"application/json"}
            assert method["Integration"]["PassthroughBehavior"] == "NEVER"
            assert method["Integration"]["RequestTemplates"].keys() == {"application/json"}
            assert method["Integration"]["TimeoutInMillis"] == 29_000

    def test_a_key_has_a_throttle_and_a_quota(self) -> None:
        template_of(API_KEY).has_resource_properties(
            "AWS::ApiGateway::UsagePlan",
            {
                "Quota": {"Limit": 1_000, "Period": "DAY"},
                "Throttle": {"BurstLimit": 10, "RateLimit": 1},
            },
        )

    def test_the_stage_is_traced_and_throttled(self) -> None:
        (stage,) = properties(IAM, "AWS::ApiGateway::Stage")

        assert stage["TracingEnabled"] is True
        (throttled,) = stage["MethodSettings"]
        assert (throttled["ResourcePath"], throttled["HttpMethod"]) == ("/*", "*")
        assert throttled["ThrottlingRateLimit"] == 1
        assert throttled["ThrottlingBurstLimit"] == 10

    def test_what_the_gateway_says_itself_is_in_the_envelope(self) -> None:
        responses = properties(IAM, "AWS::ApiGateway::GatewayResponse")

        assert len(responses) == len(GATEWAY_ANSWERS)
        for response in responses:
            body = json.loads(response["ResponseTemplates"]["application/json"])
            assert body.keys() == {"error", "execution_arn"}
            assert body["error"].keys() == {"message", "type", "param", "code"}

    @pytest.mark.parametrize(
        ("origins", "fixed"),
        [((), None), (ONE_PAGE, "'https://a.example'"), (TWO_PAGES, "'*'")],
        ids=["0", "1", "2"],
    )
    def test_what_the_gateway_says_itself_can_be_read_by_allowed_pages(
        self, origins: tuple[str, ...], fixed: str | None
    ) -> None:
        settings = Settings(allowed_origins=origins)
        for response in properties(settings, "AWS::ApiGateway::GatewayResponse"):
            headers = response["ResponseParameters"]

            prefix = "gatewayresponse.header."
            assert headers.get(f"{prefix}Access-Control-Allow-Origin") == fixed
            exposed = headers.get(f"{prefix}Access-Control-Expose-Headers")
            assert exposed == (fixed and "'Retry-After,x-should-retry'")

    def test_without_pages_nothing_of_cors_is_in_the_template(self) -> None:
        assert "Access-Control" not in json.dumps(template_of(IAM).to_json())

    def test_the_outputs_name_what_an_operator_needs(self) -> None:
        outputs = template_of(API_KEY).to_json()["Outputs"]

        assert {"ApiUrl", "StateMachineArn", "BucketName", "ApiKeyId"} <= outputs.keys()


class TestLifecycle:
    def test_a_legacy_default_model_is_a_warning_that_names_the_successor(self) -> None:
        legacy = Legacy("2026-11-01", "2027-05-01", successor="stability.sd3-5-large-v1:0")
        model = replace(CATALOG[IAM.default_model], legacy=legacy)

        stack = EaselStack(App(), "easel-test", settings=IAM, catalog={**CATALOG, model.id: model})

        Annotations.from_stack(stack).has_warning(
            "/easel-test",
            Match.string_like_regexp(
                f"default_model {model.id} is legacy since 2026-11-01 and draws until 2027-05-01, "
                ".*use stability.sd3-5-large-v1:0"
            ),
        )

    def test_an_active_default_model_is_no_warning(self) -> None:
        stack = EaselStack(App(), "easel-test", settings=IAM)

        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


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

    def test_its_log_group_has_the_name_that_waf_wants(self) -> None:
        (logging,) = properties(self.WAF, "AWS::WAFv2::LoggingConfiguration")

        (destination,) = logging["LogDestinationConfigs"]
        assert _end(destination).endswith(":log-group:aws-waf-logs-easel-test")
        template_of(self.WAF).has_resource_properties(
            "AWS::Logs::LogGroup", {"LogGroupName": "aws-waf-logs-easel-test"}
        )


def test_a_synth_says_what_an_hour_can_cost(tmp_path: Path) -> None:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]

    made = subprocess.run(
        [sys.executable, "-m", "cdk.app"],
        cwd=ROOT,
        env={
            **os.environ,
            "CDK_OUTDIR": str(tmp_path),
            "CDK_CONTEXT_JSON": json.dumps({**context, "environment": "dev"}),
        },
        capture_output=True,
        text=True,
        check=True,
    )

    assert made.stderr.startswith("An hour can cost $")
