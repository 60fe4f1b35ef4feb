"""Whether an environment's stack is there, whole, and deployed with its present settings."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cdk.settings import Settings
from easel.aws import Account, Answer, Reason, Unanswered
from easel.environments import Environment
from easel.findings import Finding, Level, not_checked, ok, problem, warning, without_answer
from easel.stack import (
    API,
    STATE_MACHINE,
    by_step,
    functions_of,
    ids_of,
    outputs_of,
    resources_of,
)
from lambdas.common.environment import ENVIRONMENTS

ROUTE = "/images"

# CloudFormation does not make again what went without it.
REBUILD = "make destroy, then make deploy"


# CloudFormation's only code for a stack that is not there.
_NO_STACK = "ValidationError"

# What CDK bootstraps an account and region with, unless it is told another qualifier.
_BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"

# The first version with which CDK's templates can be deployed.
BOOTSTRAP_VERSION = 6


def describe(environment: Environment) -> Answer:
    """Asks for an environment's stack."""
    return environment.account.ask(
        "cloudformation", "describe_stacks", StackName=environment.stack_name
    )


def examine(environment: Environment, described: Answer) -> Iterator[Finding]:
    """Yields findings on the stack, as it was described, and what is in it."""
    account, settings = environment.account, environment.settings
    status = check_status(environment, described)
    yield status
    if isinstance(described, Unanswered):
        if status.level is Level.PROBLEM:
            yield check_bootstrap(account)
        return
    resources = resources_of(account, environment.stack_name)
    if isinstance(resources, Unanswered):
        yield without_answer("resources of the stack", resources)
        return
    machines = [
        account.ask("stepfunctions", "describe_state_machine", stateMachineArn=arn)
        for arn in ids_of(resources, STATE_MACHINE)
    ]
    yield check_state_machine(machines)
    yield from check_functions(settings, functions_of(account, resources))
    if environment.is_local:
        yield not_checked("API", "The local gateway reads it from the template.")
    else:
        yield check_api(settings, [_integration(account, api) for api in ids_of(resources, API)])


def check_status(environment: Environment, answer: Answer) -> Finding:
    """Says what DescribeStacks answered."""
    subject, region = f"stack {environment.stack_name}", environment.account.region
    deploy = f"make deploy ENV={environment.name}"
    if isinstance(answer, Unanswered):
        if answer.code == _NO_STACK:
            return problem(
                subject, f"not deployed in {region}", f"{deploy}; or set AWS_REGION to where it is"
            )
        return without_answer(subject, answer)
    stack = answer["Stacks"][0]
    status = stack["StackStatus"]
    found = " ".join(filter(None, (status, outputs_of(stack).get("ApiUrl"))))
    if status.endswith("_IN_PROGRESS"):
        return warning(subject, found, "ask again when it has ended")
    if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"):
        return ok(subject, found)
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return warning(
            subject, f"{found}: the last deployment failed", f"read its events, then {deploy}"
        )
    return problem(
        subject, found, f"read its events; make destroy ENV={environment.name}, {deploy}"
    )


def check_bootstrap(account: Account) -> Finding:
    """Says whether what CDK needs before it deploys is there."""
    subject, region = "CDK bootstrap", account.region
    answer = account.ask("ssm", "get_parameter", Name=_BOOTSTRAP_VERSION)
    bootstrap = f"npx cdk bootstrap aws://ACCOUNT/{region}"
    if not isinstance(answer, Unanswered):
        version = answer["Parameter"]["Value"]
        if int(version) < BOOTSTRAP_VERSION:
            found = f"version {version} of {region} is too old: {BOOTSTRAP_VERSION} is needed"
            return problem(subject, found, bootstrap)
        return ok(subject, f"version {version}")
    if answer.reason is Reason.ABSENT:
        found = f"account and region {region} are not bootstrapped for CDK"
        return problem(subject, found, f"{bootstrap}, once")
    return without_answer(subject, answer)


def check_state_machine(answers: Sequence[Answer]) -> Finding:
    subject = "state machine"
    for answer in answers:
        if isinstance(answer, Unanswered):
            return _missing(subject, answer)
        if answer.get("status", "ACTIVE") == "ACTIVE":
            return ok(subject, f"active: {answer['name']}")
    return problem(subject, "the stack has none that is active", REBUILD)


def steps_of(settings: Settings) -> list[str]:
    """Returns the names of the functions that the stack has."""
    return [step for step in ENVIRONMENTS if step != "delete" or settings.allow_deletion]


def check_functions(settings: Settings, answers: Sequence[Answer]) -> list[Finding]:
    """Compares each function's environment with the settings."""
    findings: list[Finding] = [
        _missing("functions", answer) for answer in answers if isinstance(answer, Unanswered)
    ]
    found, steps = by_step(answers), steps_of(settings)
    for step in steps:
        if step in found:
            findings += _check_function(step, settings, found[step])
        elif not findings:
            findings.append(problem(f"function {step}", "the stack has none", "make deploy"))
    return findings or [ok("functions", f"{', '.join(steps)} are active, with these settings")]


def check_api(settings: Settings, integrations: Sequence[Answer]) -> Finding:
    """Compares the gateway timeout that is deployed with the one in the settings."""
    subject = "API"
    for integration in integrations:
        if isinstance(integration, Unanswered):
            return _missing(subject, integration)
        deployed = integration["timeoutInMillis"] / 1_000
        wanted = settings.gateway_timeout_seconds
        found = f"POST {ROUTE} waits {deployed:g} s, gateway_timeout_seconds is {wanted}"
        return ok(subject, found) if deployed == wanted else warning(subject, found, "make deploy")
    return problem(subject, "the stack has none", REBUILD)


def _check_function(step: str, settings: Settings, function: Mapping[str, Any]) -> list[Finding]:
    subject = f"function {step}"
    if function.get("State", "Active") not in ("Active", "Inactive"):
        reason = function.get("StateReason", "no reason given")
        return [problem(subject, f"{function['State']}: {reason}", "make deploy")]
    variables = function.get("Environment", {}).get("Variables", {})
    return [
        warning(
            subject,
            f"deployed with {name}={variables.get(name, '')}, the settings say {wanted}",
            "make deploy",
        )
        for name, wanted in _wanted(step, settings).items()
        if variables.get(name, "") != wanted
    ]


def _wanted(step: str, settings: Settings) -> dict[str, str]:
    """Returns the settings that a function has in its environment, without those that are empty:
    the stack fills in its own guardrail."""
    known = {name: value for name, value in vars(settings).items() if value != ""}
    return ENVIRONMENTS[step].variables(known)


def _integration(account: Account, api: str) -> Answer:
    """Returns what POST /images is answered by."""
    resources = account.ask_all("apigateway", "get_resources", "items", restApiId=api)
    if isinstance(resources, Unanswered):
        return resources
    for resource in resources:
        if resource["path"] == ROUTE:
            asked = {"restApiId": api, "resourceId": resource["id"], "httpMethod": "POST"}
            return account.ask("apigateway", "get_integration", **asked)
    return Unanswered(Reason.ABSENT, "apigateway:GET", "NotFound", f"it has no {ROUTE}")


def _missing(subject: str, answer: Unanswered) -> Finding:
    if answer.reason is Reason.ABSENT:
        return problem(subject, f"gone: {answer.message}", REBUILD)
    return without_answer(subject, answer)
