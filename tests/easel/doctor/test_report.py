"""The whole examination of an account."""

import shutil
import subprocess
from pathlib import Path

import pytest

from easel import display
from easel.doctor import deployment, quotas
from easel.doctor.report import examine
from easel.environments import Environment
from easel.findings import Finding, Level, problem
from easel.stack import API, FUNCTION, STATE_MACHINE
from lambdas.common.catalog import CATALOG
from tests.easel.doctor.answers import AVAILABLE, NOW, SETTINGS, details, function, limits, quota
from tests.easel.stubbed_account import StubbedAccount

ROOT = Path(__file__).parents[3]


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
        "machine": STATE_MACHINE,
        **dict.fromkeys(deployment.steps_of(SETTINGS), FUNCTION),
        "api": API,
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
    for step in deployment.steps_of(SETTINGS):
        account.answers("lambda", "get_function_configuration", function(step))
    account.answers("apigateway", "get_resources", {"items": [{"id": "r", "path": "/images"}]})
    account.answers("apigateway", "get_integration", {"timeoutInMillis": 29_000})


def examined(account: StubbedAccount, *, before_deploy: bool = False) -> list[Finding]:
    environment = Environment("dev", SETTINGS, account.account)
    return list(examine(environment, NOW, before_deploy=before_deploy))


def test_a_finding_goes_on_below_itself_in_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(display, "terminal_width", lambda: 40)

    said = str(problem("stack easel-dev", "not deployed in us-west-2", "make deploy ENV=dev, once"))

    assert said.splitlines() == [
        "problem      stack easel-dev: not",
        "             deployed in us-west-2",
        "             -> make deploy ENV=dev,",
        "                once",
    ]


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
        assert {("cloudformation", "eu-central-1"), ("lambda", "eu-central-1")} <= account.regions
        assert {region for service, region in account.regions if service == "service-quotas"} == {
            "us-west-2",
            "eu-central-1",
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

    @pytest.mark.parametrize(
        ("version", "problems"), [("5", ["CDK bootstrap"]), ("6", []), ("21", [])]
    )
    def test_before_a_deployment_only_what_needs_no_stack_is_asked(
        self, version: str, problems: list[str]
    ) -> None:
        account = StubbedAccount()
        healthy_models(account)
        healthy_quotas(account)
        account.fails("cloudformation", "describe_stacks", "ValidationError")
        account.answers("ssm", "get_parameter", {"Parameter": {"Value": version}})

        findings = examined(account, before_deploy=True)

        assert [each.subject for each in findings if each.level is not Level.OK] == problems
        subjects = " ".join(finding.subject for finding in findings)
        for part in (
            "account",
            "call of",
            "guardrails in",
            "concurrent executions",
            "CDK bootstrap",
        ):
            assert part in subjects
        account.assert_all_asked()

    @pytest.mark.parametrize(
        ("options", "deploys"),
        [("", False), ("FORCE=1", True), ("FORCE=1 APPROVAL=never", True)],
        ids=["it stops", "unless forced", "without asking"],
    )
    def test_make_deploy_asks_before_it_deploys(
        self, tmp_path: Path, options: str, deploys: bool
    ) -> None:
        """With commands in place of Python and of cdk: the doctor finds a problem."""
        for name, ends in (("bin/python", "exit 1"), ("cdk", "exit 0")):
            command = tmp_path / name
            command.parent.mkdir(exist_ok=True)
            command.write_text(f'#!/bin/sh\necho "{name} $*"\n{ends}\n')
            command.chmod(0o755)
        given = (f"VENV={tmp_path}", f"CDK={tmp_path}/cdk", "RUNNABLE=", "NODE=", "ENV=dev")

        done = subprocess.run(
            [str(shutil.which("make")), "-o", "node_modules", "deploy", *given, *options.split()],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip

        first, *rest = [
            line for line in done.stdout.splitlines() if line.startswith(("bin", "cdk"))
        ]
        assert first.startswith("bin/python -m easel doctor dev --before-deploy")
        assert [line.split()[1] for line in rest] == (["deploy"] if deploys else [])
        assert (done.returncode == 0) == deploys
        asks_nothing = any(line.endswith(" --require-approval never") for line in rest)
        assert asks_nothing == ("APPROVAL=never" in options)

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
