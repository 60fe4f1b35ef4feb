"""Says whether an environment can draw: its models, quotas, stack and settings, line by line."""

from collections.abc import Iterator
from datetime import datetime

from easel.aws import Unanswered
from easel.doctor import deployment, foundation_models, quotas
from easel.doctor.guardrail import check_guardrail
from easel.environments import Environment, check_identity
from easel.findings import Finding, Level, warning
from lambdas.common.catalog import CATALOG


def examine(
    environment: Environment, now: datetime, *, before_deploy: bool = False
) -> Iterator[Finding]:
    """Yields everything there is to find, in the order in which it is best mended. Before a
    deployment that is nothing of the stack, but what CDK needs to make it."""
    account, settings = environment.account, environment.settings
    identity = check_identity(environment)
    yield identity
    if identity.level is Level.PROBLEM:
        return
    if settings.allow_retired_models and not environment.is_local:
        yield warning(
            "settings",
            "allow_retired_models lets callers ask for models that Bedrock serves no more",
            "leave it out: they are then answered 410 with the successor's name",
        )
    bedrock = account.at(settings.bedrock_region)
    details = {
        model: bedrock.ask("bedrock", "get_foundation_model", modelIdentifier=model)
        for model in CATALOG
    }
    yield from foundation_models.examine(bedrock, settings, details, now)
    yield check_guardrail(settings, account.region)
    stack = deployment.describe(environment)
    yield from quotas.examine(
        account,
        settings,
        details[settings.default_model],
        is_deployed=not isinstance(stack, Unanswered),
    )
    if before_deploy:
        yield deployment.check_bootstrap(account)
    else:
        yield from deployment.examine(environment, stack)
