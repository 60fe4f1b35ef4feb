"""What the synthesized template promises, for each environment that changes it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Stage
from aws_cdk.assertions import Match

from cdk.definition import draw_seconds, task_of, worst_seconds
from cdk.gateway_responses import GATEWAY_ANSWERS
from cdk.operations import operations_for
from cdk.settings import Settings
from easel.doctor.deployment import BOOTSTRAP_VERSION
from tests.cdk.combinations import STACK_NAME, properties, stack_of, template_of
from tests.share import WHOLE

IAM = Settings()
API_KEY = Settings(auth="api_key", allow_retired_models=True)
ONE_PAGE = ("https://a.example",)
TWO_PAGES = ("https://a.example", "http://localhost:5173")
SLOW_GATEWAY = Settings(gateway_timeout_seconds=60, picture_check_seconds=8)


def at(settings: Settings, type: str, place: str) -> list[dict[str, Any]]:
    """The properties of those whose logical id is `place` and CDK's hash."""
    found = template_of(settings).find_resources(type)
    return [each["Properties"] for id, each in found.items() if id[:-8] == place]


def rules(settings: Settings) -> dict[str, Any]:
    """The lifecycle rules of all buckets, by id."""
    return {
        rule["Id"]: rule
        for bucket in properties(settings, "AWS::S3::Bucket")
        for rule in bucket["LifecycleConfiguration"]["Rules"]
    }


# A stack whose creation fails leaves nothing behind, which would be in the next one's way.
KEPT = [("retain", "RetainExceptOnCreate"), ("destroy", "Delete")]


class TestBuckets:
    @pytest.mark.parametrize("place", ["PicturesBucket", "PicturesLogBucket"])
    def test_private_encrypted_versioned_and_its_own(self, place: str) -> None:
        (bucket,) = at(IAM, "AWS::S3::Bucket", place)

        assert bucket["PublicAccessBlockConfiguration"] == {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        }
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"] == [
            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        ]
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]

    def test_staging_expires_after_a_day_and_pictures_by_setting(self) -> None:
        assert rules(IAM)["staging"]["ExpirationInDays"] == 1
        assert rules(IAM)["staging"]["Prefix"] == "staging/"
        assert "ExpirationInDays" not in rules(IAM)["output-images"]
        assert rules(Settings(image_retention_days=90))["output-images"]["ExpirationInDays"] == 90

    def test_access_logs_expire_as_other_logs_do(self) -> None:
        logs = rules(Settings(log_retention_days=14))["logs"]

        assert logs["ExpirationInDays"] == 14
        assert "Prefix" not in logs

    def test_access_to_pictures_is_logged_elsewhere(self) -> None:
        (pictures,) = at(IAM, "AWS::S3::Bucket", "PicturesBucket")
        (log_bucket,) = at(IAM, "AWS::S3::Bucket", "PicturesLogBucket")

        to = pictures["LoggingConfiguration"]["DestinationBucketName"]["Ref"]
        assert to.startswith("PicturesLogBucket")
        assert "LoggingConfiguration" not in log_bucket

    @pytest.mark.parametrize(("policy", "kept"), KEPT)
    def test_they_outlive_the_stack_unless_told_otherwise(self, policy: Any, kept: str) -> None:
        template_of(Settings(removal_policy=policy)).all_resources(
            "AWS::S3::Bucket", {"DeletionPolicy": kept}
        )


def test_the_doctor_asks_for_the_bootstrap_version_that_the_template_asks_for() -> None:
    rule = template_of(IAM).to_json()["Rules"]["CheckBootstrapVersion"]

    (too_old, _) = rule["Assertions"][0]["Assert"]["Fn::Not"][0]["Fn::Contains"]
    assert [int(version) for version in too_old] == list(range(1, BOOTSTRAP_VERSION))


class TestFunctions:
    def test_four_on_arm64_with_a_current_runtime_and_tracing(self) -> None:
        functions = properties(IAM, "AWS::Lambda::Function")

        assert len(functions) == 4
        for function in functions:
            assert function["Architectures"] == ["arm64"]
            assert function["Runtime"] == "python3.14"
            assert function["TracingConfig"] == {"Mode": "Active"}

    def test_each_has_an_asset_of_its_own(self) -> None:
        keys = {function["Code"]["S3Key"] for function in properties(IAM, "AWS::Lambda::Function")}

        assert len(keys) == 4

    def test_each_asset_has_the_packages_that_its_function_needs(self) -> None:
        stage = Stage.of(stack_of(IAM))
        assert stage is not None

        packages = {}
        for function in properties(IAM, "AWS::Lambda::Function"):
            asset = f"asset.{function['Code']['S3Key'].removesuffix('.zip')}"
            found = (Path(stage.outdir) / asset / "lambdas").iterdir()
            name = function["Handler"].split(".")[1]
            packages[name] = {each.name for each in found if each.is_dir()}

        assert packages == {
            "validate": {"common", "validate"},
            "generate": {"common", "picture", "generate"},
            "store": {"common", "picture", "store"},
            "library": {"common", "library"},
        }

    def test_generate_outlives_the_models_clock(self) -> None:
        (generate,) = [
            function
            for function in properties(IAM, "AWS::Lambda::Function")
            if function["Handler"] == "lambdas.generate.handler.handler"
        ]

        read_timeout = int(generate["Environment"]["Variables"]["MODEL_TIMEOUT_SECONDS"])
        assert IAM.gateway_timeout_seconds < read_timeout < generate["Timeout"]

    @pytest.mark.parametrize("settings", [IAM, SLOW_GATEWAY], ids=["29 s", "60 s"])
    def test_all_others_may_run_as_long_as_their_tasks_wait(self, settings: Settings) -> None:
        (machine,) = properties(settings, "AWS::StepFunctions::StateMachine")
        definition = json.loads(machine["DefinitionString"])
        functions = properties(settings, "AWS::Lambda::Function")

        seconds = {each["Handler"].split(".")[1]: each["Timeout"] for each in functions}
        for name in seconds.keys() - {"generate"}:
            assert task_of(definition, name.title())["TimeoutSeconds"] < seconds[name]

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
        store = worst_seconds(task_of(definition, "Store", "publish"))
        assert draw_seconds(definition) + store < gateway_ms / 1_000

    def test_drawing_ends_by_the_moment_of_its_own_state_machine(self) -> None:
        (machine,) = properties(SLOW_GATEWAY, "AWS::StepFunctions::StateMachine")
        definition = json.loads(machine["DefinitionString"])

        moment = definition["States"]["Validate"]["Assign"]["draw_until"]
        assert f"+ 1000 * {draw_seconds(definition)})" in moment

    def test_express_traced_and_logged_whole(self) -> None:
        template_of(IAM).has_resource_properties(
            "AWS::StepFunctions::StateMachine",
            {
                "StateMachineType": "EXPRESS",
                "TracingConfiguration": {"Enabled": True},
                "LoggingConfiguration": Match.object_like(
                    {"Level": "ALL", "IncludeExecutionData": False}
                ),
            },
        )

    def test_its_log_group_is_of_this_stack_alone_so_that_one_that_was_kept_is_not_in_its_way(
        self,
    ) -> None:
        named = [
            each["LogGroupName"]["Fn::Join"][1]
            for each in properties(IAM, "AWS::Logs::LogGroup")
            if "/aws/vendedlogs/" in json.dumps(each.get("LogGroupName"))
        ]

        ((name, of_stack),) = named
        assert name.startswith("/aws/vendedlogs/states/")
        assert of_stack == {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}

    @pytest.mark.parametrize(("policy", "kept"), KEPT)
    def test_logs_are_kept_where_pictures_are(self, policy: Any, kept: str) -> None:
        template = template_of(Settings(removal_policy=policy))

        template.all_resources("AWS::Logs::LogGroup", {"DeletionPolicy": kept})

    def test_prompts_are_in_the_logs_only_where_the_setting_says_so(self) -> None:
        (machine,) = properties(
            Settings(log_execution_data=True), "AWS::StepFunctions::StateMachine"
        )

        assert machine["LoggingConfiguration"]["IncludeExecutionData"] is True

    def test_every_place_of_the_file_is_filled(self) -> None:
        (machine,) = properties(IAM, "AWS::StepFunctions::StateMachine")

        places = set(re.findall(r"\$\{(\w+)\}", machine["DefinitionString"]))
        assert places == set(machine["DefinitionSubstitutions"])


class TestApi:
    @pytest.mark.parametrize("waf", [False, True] if WHOLE else [True])
    @pytest.mark.parametrize("origins", [(), ONE_PAGE, TWO_PAGES], ids=["0", "1", "2"])
    @pytest.mark.parametrize(
        ("auth", "authorization", "key"), [("iam", "AWS_IAM", False), ("api_key", "NONE", True)]
    )
    def test_no_method_is_open_but_those_that_answer_preflights(
        self, auth: Any, authorization: str, key: bool, origins: tuple[str, ...], waf: bool
    ) -> None:
        settings = Settings(auth=auth, allowed_origins=origins, waf=waf)
        methods = properties(settings, "AWS::ApiGateway::Method")

        document = ("GET", "/openapi.json")
        rows = {(each.http_method, each.route) for each in operations_for(settings)} | {document}
        routes = {route for _, route in rows}
        preflights = [method for method in methods if method["HttpMethod"] == "OPTIONS"]
        others = [method for method in methods if method["HttpMethod"] != "OPTIONS"]
        assert len(others) == len(rows) + len(routes) + 1
        for method in others:
            assert method["AuthorizationType"] == authorization
            assert method.get("ApiKeyRequired", False) is key
        assert len(preflights) == (len(routes) if origins else 0)
        for method in (each for each in methods if each["HttpMethod"] in ("OPTIONS", "ANY")):
            assert method["Integration"]["Type"] == "MOCK"
            assert not {"Uri", "Credentials"} & method["Integration"].keys()

    def test_methods_validate_bodies_and_pass_nothing_through(self) -> None:
        executing = [
            method
            for method in properties(IAM, "AWS::ApiGateway::Method")
            if method["Integration"]["Type"] == "AWS"
        ]
        assert len(executing) == len(operations_for(IAM))
        for method in executing:
            assert "RequestValidatorId" in method
            if method["HttpMethod"] == "POST":
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

    def test_calls_are_logged_as_json_without_what_callers_wrote(self) -> None:
        (stage,) = properties(IAM, "AWS::ApiGateway::Stage")

        logged = json.loads(stage["AccessLogSetting"]["Format"])
        assert {"request_id", "caller", "api_key_id", "status", "trace_id"} <= logged.keys()
        assert logged.pop("stack") == STACK_NAME
        for variable in logged.values():
            assert re.fullmatch(r"\$context\.[\w.]+", variable)
        assert not {
            "$context.path",
            "$context.requestId",
            "$context.error.message",
            "$context.error.validationErrorString",
            "$context.identity.apiKey",
            "$context.identity.userAgent",
        } & set(logged.values())

    def test_failures_are_logged_without_data_and_not_kept_longer_than_the_setting_says(
        self,
    ) -> None:
        settings = Settings(log_retention_days=14)
        (stage,) = properties(settings, "AWS::ApiGateway::Stage")
        (execution,) = at(settings, "AWS::Logs::LogGroup", "ApiLogsExecution")

        (method,) = stage["MethodSettings"]
        assert (method["LoggingLevel"], method["DataTraceEnabled"]) == ("ERROR", False)
        prefix, _, suffix = execution["LogGroupName"]["Fn::Join"][1]
        assert (prefix, suffix) == ("API-Gateway-Execution-Logs_", f"/{stage['StageName']}")
        for group in properties(settings, "AWS::Logs::LogGroup"):
            assert group["RetentionInDays"] == 14

    def test_the_stage_waits_for_its_logs(self) -> None:
        (stage,) = template_of(IAM).find_resources("AWS::ApiGateway::Stage").values()

        assert {each[:-8] for each in stage["DependsOn"]} == {"ApiLogsAccount", "ApiLogsExecution"}

    @pytest.mark.parametrize("auth", ["iam", "api_key"])
    def test_what_the_gateway_says_itself_is_in_the_envelope(self, auth: Any) -> None:
        responses = properties(Settings(auth=auth), "AWS::ApiGateway::GatewayResponse")

        types = [response["ResponseType"] for response in responses]
        assert sorted(types) == sorted(
            {each.response_type.response_type for each in GATEWAY_ANSWERS if each.response_type}
        )
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

        assert {
            "ApiUrl",
            "StateMachineArn",
            "BucketName",
            "LogBucketName",
            "ApiKeyId",
        } <= outputs.keys()
