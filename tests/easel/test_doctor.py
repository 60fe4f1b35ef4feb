"""The doctor, over real clients whose answers fit the service foundation_models."""

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from botocore.stub import Stubber

from cdk.settings import Settings, SettingsError
from easel.aws import Account, Answer, Reason, Unanswered
from easel.doctor import deployment, foundation_models, quotas
from easel.doctor.findings import Finding, Level, without_answer
from easel.doctor.foundation_models import ModelCheck
from easel.doctor.report import account_of, examine
from easel.environments import settings_of
from lambdas.common.catalog import CATALOG, Legacy, Model

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SETTINGS = Settings(throttle_per_second=5)
CORE = CATALOG[SETTINGS.default_model]
OTHER = CATALOG["stability.sd3-5-large-v1:0"]
RETIRED = CATALOG["amazon.nova-canvas-v1:0"]
LEGACY = Legacy("2026-11-01", "2027-05-01", successor=OTHER.id)
ABSENT = Unanswered(Reason.ABSENT, "any:Action", "ResourceNotFoundException", "unknown")
DENIED = Unanswered(Reason.DENIED, "any:Action", "AccessDeniedException", "User: me may not")
NOT_HERE = Unanswered(Reason.NOT_HERE, "any:Action", "NotImplemented", "The local stack has none.")
AVAILABLE = {
    "modelId": CORE.id,
    "agreementAvailability": {"status": "AVAILABLE"},
    "authorizationStatus": "AUTHORIZED",
    "entitlementAvailability": "AVAILABLE",
    "regionAvailability": "AVAILABLE",
}


class StubbedAccount:
    """An account whose services give prepared answers, in order, and are asked nothing else."""

    def __init__(self) -> None:
        self._stubbers: dict[str, Stubber] = {}
        self.regions: set[tuple[str, str]] = set()
        self.account = Account(self._client, "eu-west-1")

    def answers(self, service: str, operation: str, answer: dict[str, Any]) -> None:
        self._stubber(service).add_response(operation, answer)

    def fails(self, service: str, operation: str, code: str, status: int = 400) -> None:
        self._stubber(service).add_client_error(
            operation, code, "the service's words", http_status_code=status
        )

    def assert_all_asked(self) -> None:
        for stubber in self._stubbers.values():
            stubber.assert_no_pending_responses()

    def _client(self, service: str, region: str) -> Any:
        self.regions.add((service, region))
        return self._stubber(service).client

    def _stubber(self, service: str) -> Stubber:
        if service not in self._stubbers:
            client = boto3.client(  # type: ignore[call-overload]
                service,
                region_name="eu-west-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
            self._stubbers[service] = Stubber(client)
            self._stubbers[service].activate()
        return self._stubbers[service]


def details(model: Model = CORE, **lifecycle: Any) -> dict[str, Any]:
    return {
        "modelDetails": {
            "modelArn": f"arn:aws:bedrock:us-west-2::foundation-model/{model.id}",
            "modelId": model.id,
            "modelName": "Stable Image Core 1.0",
            "inferenceTypesSupported": ["ON_DEMAND"],
            "modelLifecycle": {"status": "ACTIVE", **lifecycle},
        }
    }


def legacy_details(model: Model = CORE, until: datetime | None = None) -> dict[str, Any]:
    return details(
        model,
        status="LEGACY",
        legacyTime=datetime(2026, 11, 1, tzinfo=UTC),
        endOfLifeTime=until or datetime(2027, 5, 1, tzinfo=UTC),
    )


def function(step: str, **variables: str) -> dict[str, Any]:
    return {
        "FunctionName": step,
        "Handler": f"lambdas.{step}.handler.handler",
        "State": "Active",
        "Environment": {"Variables": variables},
    }


def quota(name: str, value: float, code: str = "L-12345678") -> dict[str, Any]:
    return {"QuotaName": name, "QuotaCode": code, "Value": value}


def limits(free: int) -> dict[str, Any]:
    return {"AccountLimit": {"ConcurrentExecutions": free, "UnreservedConcurrentExecutions": free}}


def check_model(
    model: Model = CORE,
    *,
    described: Answer | None = None,
    availability: Answer = AVAILABLE,
    settings: Settings = SETTINGS,
) -> list[Finding]:
    return ModelCheck(model, settings, described or details(model), NOW).check(availability)


def levels(findings: list[Finding]) -> list[Level]:
    return [finding.level for finding in findings]


def healthy_models(account: StubbedAccount) -> None:
    account.answers(
        "sts",
        "get_caller_identity",
        {"Account": "1" * 12, "Arn": "arn:aws:iam::111111111111:user/me", "UserId": "A" * 16},
    )
    for model in CATALOG.values():
        if model.retired:
            account.fails("bedrock", "get_foundation_model", "ResourceNotFoundException", 404)
        else:
            account.answers("bedrock", "get_foundation_model", details(model))
    for model in CATALOG.values():
        if not model.retired:
            account.answers(
                "bedrock", "get_foundation_model_availability", {**AVAILABLE, "modelId": model.id}
            )
    account.fails("bedrock-runtime", "invoke_model", "ValidationException")


def healthy_quotas(account: StubbedAccount) -> None:
    account.answers("service-quotas", "get_service_quota", {"Quota": quota("timeout", 29_000)})
    account.answers("lambda", "get_account_settings", limits(1_000))
    name = "On-demand model inference requests per minute for Stable Image Core 1.0"
    account.answers("service-quotas", "list_service_quotas", {"Quotas": [quota(name, 600)]})


def healthy_stack(account: StubbedAccount) -> None:
    account.answers(
        "cloudformation",
        "describe_stacks",
        {
            "Stacks": [
                {"StackName": "easel-dev", "CreationTime": NOW, "StackStatus": "CREATE_COMPLETE"}
            ]
        },
    )
    resources = {
        "machine": deployment.STATE_MACHINE,
        **dict.fromkeys(deployment.STEPS, deployment.FUNCTION),
        "api": deployment.API,
    }
    account.answers(
        "cloudformation",
        "list_stack_resources",
        {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": id,
                    "PhysicalResourceId": id,
                    "ResourceType": type,
                    "LastUpdatedTimestamp": NOW,
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for id, type in resources.items()
            ]
        },
    )
    account.answers(
        "stepfunctions",
        "describe_state_machine",
        {
            "stateMachineArn": "machine",
            "name": "machine",
            "definition": "{}",
            "roleArn": "role",
            "type": "EXPRESS",
            "creationDate": NOW,
            "status": "ACTIVE",
        },
    )
    for step in deployment.STEPS:
        account.answers("lambda", "get_function_configuration", function(step))
    account.answers("apigateway", "get_resources", {"items": [{"id": "r", "path": "/images"}]})
    account.answers("apigateway", "get_integration", {"timeoutInMillis": 29_000})


def examined(account: StubbedAccount) -> list[Finding]:
    return list(examine(account.account, "dev", SETTINGS, NOW))


class TestExamine:
    def test_a_healthy_account_is_ok_in_every_line(self) -> None:
        account = StubbedAccount()
        healthy_models(account)
        healthy_quotas(account)
        healthy_stack(account)

        findings = examined(account)

        assert {finding.level for finding in findings} == {Level.OK}
        account.assert_all_asked()

    def test_bedrock_is_asked_in_its_own_region_and_the_rest_in_the_stacks(self) -> None:
        account = StubbedAccount()
        healthy_models(account)
        healthy_quotas(account)
        healthy_stack(account)

        examined(account)

        assert {region for service, region in account.regions if "bedrock" in service} == {
            "us-west-2"
        }
        assert {("cloudformation", "eu-west-1"), ("lambda", "eu-west-1")} <= account.regions
        assert {region for service, region in account.regions if service == "service-quotas"} == {
            "us-west-2",
            "eu-west-1",
        }

    @pytest.mark.parametrize("code", ["ExpiredToken", "AccessDenied", "Throttling"])
    def test_without_an_identity_nothing_more_is_asked(self, code: str) -> None:
        account = StubbedAccount()
        account.fails("sts", "get_caller_identity", code, 403)

        (finding,) = examined(account)

        assert finding.level is Level.PROBLEM
        assert finding.cure

    def test_a_model_whose_access_is_in_doubt_is_not_called(self) -> None:
        account = StubbedAccount()
        account.answers("sts", "get_caller_identity", {"Account": "1" * 12, "Arn": "a" * 20})
        for _ in CATALOG:
            account.answers("bedrock", "get_foundation_model", details())
        for model in CATALOG.values():
            if not model.retired:
                account.fails(
                    "bedrock", "get_foundation_model_availability", "AccessDeniedException", 403
                )
        healthy_quotas(account)
        healthy_stack(account)

        findings = examined(account)

        (call,) = [finding for finding in findings if finding.subject.startswith("call of")]
        assert call.level is Level.NOT_CHECKED
        assert ("bedrock-runtime", "us-west-2") not in account.regions

    def test_where_no_stack_is_the_bootstrap_is_looked_for(self) -> None:
        account = StubbedAccount()
        healthy_models(account)
        healthy_quotas(account)
        account.fails("cloudformation", "describe_stacks", "ValidationError")
        account.fails("ssm", "get_parameter", "ParameterNotFound")

        findings = examined(account)

        assert [finding.subject for finding in findings if finding.level is Level.PROBLEM] == [
            "stack easel-dev",
            "CDK bootstrap",
        ]
        assert "make deploy ENV=dev" in str(findings[-2].cure)

    def test_an_account_that_never_had_a_quota_of_its_own_has_the_default_one(self) -> None:
        account = StubbedAccount()
        healthy_models(account)
        account.fails("service-quotas", "get_service_quota", "NoSuchResourceException")
        account.answers(
            "service-quotas", "get_aws_default_service_quota", {"Quota": quota("timeout", 20_000)}
        )
        account.answers("lambda", "get_account_settings", limits(1_000))
        account.answers("service-quotas", "list_service_quotas", {"Quotas": []})
        healthy_stack(account)

        (finding,) = [each for each in examined(account) if each.level is Level.PROBLEM]

        assert finding.subject == "API Gateway's integration timeout"
        assert quotas.INTEGRATION_TIMEOUT in str(finding.cure)


class TestModel:
    @pytest.mark.parametrize(
        ("model", "level"),
        [(CORE, Level.PROBLEM), (OTHER, Level.WARNING)],
        ids=["default", "other"],
    )
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"regionAvailability": "NOT_AVAILABLE"}, "not available in us-west-2"),
            ({"authorizationStatus": "NOT_AUTHORIZED"}, "not authorized"),
            ({"agreementAvailability": {"status": "NOT_AVAILABLE"}}, "no subscription"),
            ({"agreementAvailability": {"status": "ERROR", "errorMessage": "no card"}}, "no card"),
            ({"entitlementAvailability": "NOT_AVAILABLE"}, "not entitled"),
        ],
        ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
    )
    def test_what_is_not_accessible_is_a_problem_of_the_default_model_only(
        self, change: dict[str, Any], said: str, model: Model, level: Level
    ) -> None:
        (finding,) = check_model(model, availability={**AVAILABLE, **change})

        assert finding.level is level
        assert said in finding.found
        assert finding.cure

    def test_a_subscription_that_is_being_made_is_a_warning(self) -> None:
        pending = {**AVAILABLE, "agreementAvailability": {"status": "PENDING"}}

        (finding,) = check_model(availability=pending)

        assert finding.level is Level.WARNING
        assert not foundation_models.has_access(pending)

    def test_a_model_that_bedrock_does_not_know_is_a_problem_where_the_catalog_has_it(self) -> None:
        invalid = replace(ABSENT, reason=Reason.REFUSED, code="ValidationException")

        assert levels(check_model(described=ABSENT)) == [Level.PROBLEM]
        assert levels(check_model(described=invalid)) == [Level.PROBLEM]
        assert levels(check_model(OTHER, described=ABSENT)) == [Level.WARNING]
        assert levels(check_model(replace(OTHER, regions=()), described=ABSENT)) == [Level.OK]

    def test_a_region_that_the_catalog_lacks_is_a_warning(self) -> None:
        (finding,) = check_model(replace(OTHER, regions=("eu-west-1",)))

        assert finding.level is Level.WARNING
        assert "the catalog does not" in finding.found

    def test_a_model_for_inference_profiles_only_cannot_be_the_default(self) -> None:
        described = details()
        described["modelDetails"]["inferenceTypesSupported"] = ["PROVISIONED"]

        (finding,) = check_model(described=described)

        assert finding.level is Level.PROBLEM
        assert "inference profile" in finding.found

    @pytest.mark.parametrize(
        ("legacy", "described", "said"),
        [
            (None, legacy_details(), "until 2027-05-01, the catalog calls it active"),
            (LEGACY, legacy_details(), "as the catalog says"),
            (LEGACY, details(), "Bedrock calls it active, the catalog calls it legacy"),
            (
                LEGACY,
                legacy_details(until=datetime(2027, 2, 1, tzinfo=UTC)),
                "until 2027-02-01, the catalog calls it legacy since 2026-11-01 until 2027-05-01",
            ),
        ],
        ids=["new", "known", "taken back", "other date"],
    )
    def test_a_lifecycle_that_differs_from_the_catalogs_is_a_warning(
        self, legacy: Legacy | None, described: Mapping[str, Any], said: str
    ) -> None:
        (finding,) = check_model(replace(CORE, legacy=legacy), described=described)

        assert finding.level is Level.WARNING
        assert said in finding.found

    def test_legacy_names_the_day_from_which_it_may_be_dearer(self) -> None:
        described = legacy_details()
        described["modelDetails"]["modelLifecycle"]["publicExtendedAccessTime"] = datetime(
            2027, 2, 1, tzinfo=UTC
        )

        (finding,) = check_model(described=described)

        assert "dearer from 2027-02-01" in finding.found

    def test_a_life_that_has_ended_is_a_problem(self) -> None:
        (finding,) = check_model(described=legacy_details(until=NOW))

        assert finding.level is Level.PROBLEM
        assert "ended on 2026-11-20" in finding.found

    @pytest.mark.parametrize(
        ("settings", "described", "level"),
        [
            (SETTINGS, ABSENT, Level.OK),
            (SETTINGS, legacy_details(RETIRED, until=NOW), Level.OK),
            (SETTINGS, legacy_details(RETIRED), Level.WARNING),
            (SETTINGS, DENIED, Level.WARNING),
            (
                Settings(default_model=RETIRED.id, allow_retired_models=True),
                ABSENT,
                Level.PROBLEM,
            ),
        ],
        ids=["unknown", "ended", "still legacy", "denied", "default"],
    )
    def test_a_retired_model(self, settings: Settings, described: Answer, level: Level) -> None:
        assert RETIRED.retired is not None

        finding = ModelCheck(RETIRED, settings, described, NOW).check_retired(RETIRED.retired)

        assert finding.level is level


class TestCall:
    @pytest.mark.parametrize(
        ("code", "reason", "level"),
        [
            ("ValidationException", Reason.REFUSED, Level.OK),
            ("AccessDeniedException", Reason.DENIED, Level.PROBLEM),
            ("ResourceNotFoundException", Reason.ABSENT, Level.PROBLEM),
            ("ThrottlingException", Reason.REFUSED, Level.WARNING),
        ],
    )
    def test_an_empty_request_tells_by_its_error(
        self, code: str, reason: Reason, level: Level
    ) -> None:
        answer = Unanswered(reason, "bedrock:InvokeModel", code, "words")

        assert foundation_models.check_call(CORE, answer).level is level

    def test_a_picture_for_an_empty_request_is_suspicious(self) -> None:
        assert foundation_models.check_call(CORE, {"body": io.BytesIO()}).level is Level.WARNING


class TestQuotas:
    def test_a_gateway_timeout_above_the_quota_is_a_problem(self) -> None:
        settings = Settings(gateway_timeout_seconds=60)
        answer = {"Quota": quota("Maximum integration timeout in milliseconds", 29_000)}

        finding = quotas.check_integration_timeout(settings, answer)

        assert finding.level is Level.PROBLEM
        assert "gateway_timeout_seconds is 60, the account's quota 29 s" in finding.found
        assert quotas.check_integration_timeout(SETTINGS, answer).level is Level.OK

    def test_a_quota_without_a_value_is_not_checked(self) -> None:
        answer = {"Quota": {"ErrorReason": {"ErrorMessage": "try later"}}}

        finding = quotas.check_integration_timeout(SETTINGS, answer)

        assert finding.level is Level.NOT_CHECKED
        assert "try later" in finding.found

    def test_too_few_concurrent_executions_are_a_warning_that_says_how_many_it_takes(self) -> None:
        finding = quotas.check_concurrency(
            replace(SETTINGS, generate_concurrency=0), CORE, limits(10)
        )

        assert finding.level is Level.WARNING
        assert "takes 25" in finding.found
        assert "throttle_per_second to 2" in str(finding.cure)

    def test_a_reservation_that_lambda_may_refuse_is_a_warning_before_the_deployment(self) -> None:
        finding = quotas.check_concurrency(SETTINGS, CORE, limits(100))

        assert finding.level is Level.WARNING
        assert "leaves 90" in finding.found
        assert "generate_concurrency to 0" in str(finding.cure)

    @pytest.mark.parametrize(
        ("name", "value", "level"),
        [
            ("On-demand model inference requests per minute for Stable Image Core 1.0", 300, "ok"),
            ("On-demand InvokeModel requests per minute for Stable Image Core 1.0", 60, "warning"),
            (
                "Cross-region InvokeModel requests per minute for Stable Image Core 1.0",
                60,
                "not checked",
            ),
            (
                "On-demand InvokeModel tokens per minute for Stable Image Core 1.0",
                60,
                "not checked",
            ),
            ("On-demand InvokeModel requests per minute for Another", 60, "not checked"),
        ],
    )
    def test_a_models_quota_is_found_by_its_name(self, name: str, value: int, level: str) -> None:
        finding = quotas.check_requests_per_minute(SETTINGS, CORE, details(), [quota(name, value)])

        assert finding.level == level

    def test_a_model_without_a_name_has_no_quota_to_be_found(self) -> None:
        finding = quotas.check_requests_per_minute(SETTINGS, CORE, ABSENT, [])

        assert finding.level is Level.NOT_CHECKED


class TestStack:
    @pytest.mark.parametrize(
        ("status", "level"),
        [
            ("CREATE_COMPLETE", Level.OK),
            ("UPDATE_COMPLETE", Level.OK),
            ("UPDATE_IN_PROGRESS", Level.WARNING),
            ("UPDATE_ROLLBACK_COMPLETE", Level.WARNING),
            ("ROLLBACK_COMPLETE", Level.PROBLEM),
            ("UPDATE_ROLLBACK_FAILED", Level.PROBLEM),
        ],
    )
    def test_status(self, status: str, level: Level) -> None:
        answer = {"Stacks": [{"StackStatus": status}]}

        assert deployment.check_status("dev", "eu-west-1", answer).level is level

    def test_settings_that_were_not_deployed_are_warnings(self) -> None:
        functions = [
            function("validate", DEFAULT_MODEL=OTHER.id, BEDROCK_REGION="us-west-2"),
            function("generate", MODEL_TIMEOUT_SECONDS="60"),
            function("store"),
        ]

        findings = deployment.check_functions(SETTINGS, functions)

        assert [(finding.level, finding.subject) for finding in findings] == [
            (Level.WARNING, "function validate"),
            (Level.WARNING, "function generate"),
        ]
        assert f"DEFAULT_MODEL={OTHER.id}" in findings[0].found

    def test_a_function_that_went_is_a_problem(self) -> None:
        gone = deployment.check_functions(
            SETTINGS, [ABSENT, function("generate"), function("store")]
        )
        never_there = deployment.check_functions(
            SETTINGS, [function("generate"), function("store")]
        )

        assert levels(gone) == [Level.PROBLEM]
        assert levels(never_there) == [Level.PROBLEM]

    def test_a_function_that_failed_to_start_is_a_problem(self) -> None:
        failed = {**function("generate"), "State": "Failed", "StateReason": "no role"}

        findings = deployment.check_functions(
            SETTINGS, [function("validate"), failed, function("store")]
        )

        assert [str(finding.found) for finding in findings] == ["Failed: no role"]

    @pytest.mark.parametrize(
        ("milliseconds", "level"), [(29_000, Level.OK), (60_000, Level.WARNING)]
    )
    def test_the_deployed_gateway_timeout_is_compared(
        self, milliseconds: int, level: Level
    ) -> None:
        assert deployment.check_api(SETTINGS, [{"timeoutInMillis": milliseconds}]).level is level

    def test_without_an_api_or_a_state_machine_there_is_a_problem(self) -> None:
        assert deployment.check_api(SETTINGS, []).level is Level.PROBLEM
        assert deployment.check_state_machine([]).level is Level.PROBLEM
        assert deployment.check_state_machine([ABSENT]).level is Level.PROBLEM


class TestAccount:
    @pytest.mark.parametrize(
        ("code", "status", "reason"),
        [
            ("AccessDeniedException", 403, Reason.DENIED),
            ("ResourceNotFoundException", 404, Reason.ABSENT),
            ("ExpiredTokenException", 403, Reason.CREDENTIALS),
            ("UnrecognizedClientException", 403, Reason.CREDENTIALS),
            ("NotImplemented", 501, Reason.NOT_HERE),
            ("ThrottlingException", 429, Reason.REFUSED),
        ],
    )
    def test_a_refusal_has_its_reason_and_the_permission(
        self, code: str, status: int, reason: Reason
    ) -> None:
        account = StubbedAccount()
        account.fails("bedrock", "get_foundation_model", code, status)

        answer = account.account.ask("bedrock", "get_foundation_model", modelIdentifier=CORE.id)

        assert answer == Unanswered(
            reason, "bedrock:GetFoundationModel", code, "the service's words"
        )

    @pytest.mark.parametrize(
        ("service", "operation", "request_", "action"),
        [
            ("apigateway", "get_integration", ("restApiId", "resourceId", "httpMethod"), "GET"),
            (
                "service-quotas",
                "get_service_quota",
                ("ServiceCode", "QuotaCode"),
                "GetServiceQuota",
            ),
            ("stepfunctions", "describe_state_machine", ("stateMachineArn",), ""),
        ],
    )
    def test_permissions_are_named_as_iam_names_them(
        self, service: str, operation: str, request_: tuple[str, ...], action: str
    ) -> None:
        prefix = {"service-quotas": "servicequotas", "stepfunctions": "states"}.get(
            service, service
        )
        account = StubbedAccount()
        account.fails(service, operation, "AccessDeniedException", 403)

        answer = account.account.ask(service, operation, **dict.fromkeys(request_, "abc"))

        assert isinstance(answer, Unanswered)
        assert answer.action == f"{prefix}:{action or 'DescribeStateMachine'}"

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (NoCredentialsError(), Reason.CREDENTIALS),
            (EndpointConnectionError(endpoint_url="https://x"), Reason.UNREACHABLE),
        ],
        ids=["no credentials", "no network"],
    )
    def test_what_never_reached_a_service_has_a_reason(
        self, error: Exception, reason: Reason
    ) -> None:
        class Broken:
            def get_caller_identity(self) -> None:
                raise error

        answer = Account(lambda service, region: Broken(), "eu-west-1").ask(
            "sts", "get_caller_identity"
        )

        assert isinstance(answer, Unanswered)
        assert answer.reason is reason

    @pytest.mark.parametrize(
        ("reason", "level"),
        [
            (Reason.NOT_HERE, Level.NOT_CHECKED),
            (Reason.DENIED, Level.WARNING),
            (Reason.CREDENTIALS, Level.PROBLEM),
            (Reason.UNREACHABLE, Level.PROBLEM),
            (Reason.REFUSED, Level.WARNING),
        ],
    )
    def test_no_answer_is_a_line(self, reason: Reason, level: Level) -> None:
        finding = without_answer("anything", Unanswered(reason, "a:B", "Code", "words"))

        assert finding.level is level
        assert str(finding).startswith(f"{level:<12} anything: ")


class TestEnvironment:
    def test_settings_are_those_of_cdk_json_less_what_is_changed_for_once(self) -> None:
        assert settings_of("dev", {"gateway_timeout_seconds": 60}).gateway_timeout_seconds == 60
        assert settings_of("dev", {}).log_retention_days == 7

    @pytest.mark.parametrize(
        ("environment", "changed", "named"),
        [("nowhere", {}, "nowhere"), ("dev", {"bedrock_region": "eu-west-1"}, "bedrock_region")],
    )
    def test_wrong_settings_are_refused(
        self, environment: str, changed: dict[str, Any], named: str
    ) -> None:
        with pytest.raises(SettingsError, match=named):
            settings_of(environment, changed)

    @pytest.mark.parametrize(
        ("variables", "region"),
        [
            ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
            ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
            ({}, None),
        ],
    )
    def test_the_region_is_the_one_that_cdk_deploys_to(
        self, variables: dict[str, str], region: str | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

        account = account_of(None)

        assert (account.region if account else None) == region
