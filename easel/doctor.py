"""Says whether an environment can draw: its models, quotas, stack and settings, line by line."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError

from cdk.settings import Settings, SettingsError
from easel import models, quotas, stack
from easel.account import Account, Answer, Reason, Unanswered, client_config
from easel.findings import (
    Finding,
    Level,
    count,
    not_checked,
    ok,
    problem,
    warning,
    without_answer,
)
from lambdas.common.catalog import CATALOG, Model

CDK_JSON = Path(__file__).parent.parent / "cdk.json"

# The local stack: where `make run` serves it, and the credentials that it takes.
LOCAL = "local"
LOCAL_REGION = "us-east-1"

# What CDK bootstraps an account and region with, unless it is told another qualifier.
_BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"


@dataclass(frozen=True)
class Examined:
    """An environment to examine, and the catalog to compare Bedrock with."""

    environment: str
    settings: Settings
    catalog: Mapping[str, Model]
    now: datetime

    @property
    def local(self) -> bool:
        return self.environment == LOCAL


def main() -> int:
    arguments = _arguments()
    problems = report(
        arguments.environment,
        local_endpoint=f"http://127.0.0.1:{arguments.aws_port}",
        changed=arguments.settings,
        as_json=arguments.json,
    )
    return 1 if problems else 0


def report(
    environment: str, *, local_endpoint: str, changed: Mapping[str, Any], as_json: bool
) -> int:
    """Print what there is to find of an environment. How many problems there are."""
    findings = []
    for finding in _findings(environment, local_endpoint, changed):
        findings.append(finding)
        if not as_json:
            print(finding, flush=True)
    problems = count(findings, Level.PROBLEM)
    if as_json:
        answer = {
            "environment": environment,
            "problems": problems,
            "findings": [asdict(finding) for finding in findings],
        }
        print(json.dumps(answer, indent=2))
    else:
        print(f"\nproblems: {problems}, warnings: {count(findings, Level.WARNING)}")
    return problems


def settings_from_json(text: str) -> dict[str, Any]:
    """Settings as a command takes them. ValueError, which says what they have to be."""
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError):
        raise ValueError(f'a JSON object such as {{"auth": "iam"}}, not {text}') from None


def examine(account: Account, examined: Examined) -> Iterator[Finding]:
    """Everything there is to find, in the order in which it is best mended."""
    caller = account.ask("sts", "get_caller_identity")
    if isinstance(caller, Unanswered):
        yield _no_account(caller, examined)
        return
    yield ok("account", f"{caller['Account']} in {account.region}, as {caller['Arn']}")
    settings = examined.settings
    details = {
        model: account.ask(
            "bedrock",
            "get_foundation_model",
            region=settings.bedrock_region,
            modelIdentifier=model,
        )
        for model in examined.catalog
    }
    yield from _examine_models(account, examined, details)
    yield from _examine_quotas(account, examined, details[settings.default_model])
    yield from _examine_stack(account, examined)


def _examine_models(
    account: Account, examined: Examined, details: Mapping[str, Answer]
) -> Iterator[Finding]:
    settings = examined.settings
    if settings.allow_retired_models and not examined.local:
        yield warning(
            "settings",
            "allow_retired_models lets callers ask for models that Bedrock serves no more",
            "leave it out: they are then answered 410 with the successor's name",
        )
    for model in examined.catalog.values():
        if model.retired:
            yield models.check_retired(
                model,
                model.retired,
                settings=settings,
                details=details[model.id],
                now=examined.now,
            )
            continue
        availability = account.ask(
            "bedrock",
            "get_foundation_model_availability",
            region=settings.bedrock_region,
            modelId=model.id,
        )
        findings = models.check_model(
            model,
            settings=settings,
            details=details[model.id],
            availability=availability,
            now=examined.now,
        )
        yield from findings
        if model.id == settings.default_model:
            healthy = not count(findings, Level.PROBLEM) and models.has_access(availability)
            yield _call(account, settings, model, healthy=healthy)


def _call(account: Account, settings: Settings, model: Model, *, healthy: bool) -> Finding:
    """The first call of a model may subscribe to it: none where its access is in doubt."""
    if not healthy:
        return not_checked(f"call of {model.id}", "not tried before the above is mended")
    answer = account.ask(
        "bedrock-runtime",
        "invoke_model",
        region=settings.bedrock_region,
        modelId=model.id,
        contentType="application/json",
        body=b"{}",
    )
    return models.check_call(model, answer)


def _examine_quotas(account: Account, examined: Examined, details: Answer) -> Iterator[Finding]:
    settings = examined.settings
    default = examined.catalog[settings.default_model]
    yield quotas.check_integration_timeout(settings, _integration_timeout(account))
    yield quotas.check_concurrency(settings, default, account.ask("lambda", "get_account_settings"))
    listed = account.ask_all(
        "service-quotas",
        "list_service_quotas",
        "Quotas",
        region=settings.bedrock_region,
        ServiceCode="bedrock",
    )
    yield quotas.check_requests_per_minute(settings, default, details, listed)


def _integration_timeout(account: Account) -> Answer:
    """The account's own value; where it never had one, everybody's."""
    asked = {"ServiceCode": "apigateway", "QuotaCode": quotas.INTEGRATION_TIMEOUT}
    own = account.ask("service-quotas", "get_service_quota", **asked)
    if isinstance(own, Unanswered) and own.reason is Reason.ABSENT:
        return account.ask("service-quotas", "get_aws_default_service_quota", **asked)
    return own


def _examine_stack(account: Account, examined: Examined) -> Iterator[Finding]:
    name = f"easel-{examined.environment}"
    described = account.ask("cloudformation", "describe_stacks", StackName=name)
    status = stack.check_status(examined.environment, account.region, described)
    yield status
    if isinstance(described, Unanswered):
        if status.level is Level.PROBLEM:
            bootstrap = account.ask("ssm", "get_parameter", Name=_BOOTSTRAP_VERSION)
            yield stack.check_bootstrap(account.region, bootstrap)
        return
    listed = account.ask_all(
        "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=name
    )
    if isinstance(listed, Unanswered):
        yield without_answer("resources of the stack", listed)
        return

    def physical_ids(type: str) -> list[str]:
        return [
            resource["PhysicalResourceId"]
            for resource in listed
            if resource["ResourceType"] == type
        ]

    machines = [
        account.ask("stepfunctions", "describe_state_machine", stateMachineArn=arn)
        for arn in physical_ids(stack.STATE_MACHINE)
    ]
    yield stack.check_state_machine(machines)
    functions = [
        account.ask("lambda", "get_function_configuration", FunctionName=function)
        for function in physical_ids(stack.FUNCTION)
    ]
    yield from stack.check_functions(examined.settings, functions)
    if examined.local:
        yield not_checked("API", "The local gateway reads it from the template.")
    else:
        integrations = [_integration(account, api) for api in physical_ids(stack.API)]
        yield stack.check_api(examined.settings, integrations)


def _integration(account: Account, api: str) -> Answer:
    """What POST /images is answered by."""
    resources = account.ask_all("apigateway", "get_resources", "items", restApiId=api)
    if isinstance(resources, Unanswered):
        return resources
    for resource in resources:
        if resource["path"] == stack.ROUTE:
            return account.ask(
                "apigateway",
                "get_integration",
                restApiId=api,
                resourceId=resource["id"],
                httpMethod="POST",
            )
    return Unanswered(Reason.ABSENT, "apigateway:GET", "NotFound", f"it has no {stack.ROUTE}")


def _no_account(caller: Unanswered, examined: Examined) -> Finding:
    if examined.local and caller.reason is Reason.UNREACHABLE:
        return problem("account", caller.message, "start the local stack: make run")
    return replace(without_answer("account", caller), level=Level.PROBLEM)


def _findings(
    environment: str, local_endpoint: str, changed: Mapping[str, Any]
) -> Iterator[Finding]:
    try:
        settings = settings_of(environment, changed)
    except SettingsError as error:
        yield problem("settings", str(error), "correct cdk.json; cdk/settings.py says what may be")
        return
    try:
        account = account_of(environment, local_endpoint)
    except BotoCoreError as error:
        yield problem("account", str(error), "set AWS_PROFILE to one that `aws configure` made")
        return
    if account is None:
        yield problem("account", "no region is set", "set AWS_REGION to the stack's")
        return
    yield from examine(account, Examined(environment, settings, CATALOG, datetime.now(UTC)))


def settings_of(environment: str, changed: Mapping[str, Any]) -> Settings:
    """The settings of an environment of cdk.json, less what is changed for once. SettingsError."""
    environments = json.loads(CDK_JSON.read_text())["context"]["environments"]
    if environment not in environments:
        raise SettingsError(
            f"no environment {environment!r} in cdk.json; known: {', '.join(environments)}"
        )
    return Settings.from_context({**environments[environment], **changed})


def account_of(environment: str, local_endpoint: str) -> Account | None:
    """Whose credentials the environment variables and the AWS profile name; None without a region.

    Raises BotoCoreError where the profile is not there.
    """
    if environment == LOCAL:
        session = boto3.session.Session(
            aws_access_key_id=LOCAL, aws_secret_access_key=LOCAL, region_name=LOCAL_REGION
        )
    else:
        # boto3 reads AWS_DEFAULT_REGION alone; CDK takes AWS_REGION too, and first.
        session = boto3.session.Session(region_name=os.environ.get("AWS_REGION"))
    endpoint = local_endpoint if environment == LOCAL else None

    def client_for(service: str, region: str) -> Any:
        return session.client(  # type: ignore[call-overload]
            service, region_name=region, endpoint_url=endpoint, config=client_config()
        )

    return Account(client_for, session.region_name) if session.region_name else None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m easel.doctor", description=__doc__)
    parser.add_argument("environment", help="one of cdk.json; local is what make run serves")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument(
        "--aws-port", type=int, default=8081, help="of the local AWS endpoint (default 8081)"
    )
    parser.add_argument(
        "--settings", type=_settings, default={}, help="a JSON object of settings to change"
    )
    return parser.parse_args()


def _settings(text: str) -> dict[str, Any]:
    try:
        return settings_from_json(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
