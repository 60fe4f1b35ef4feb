"""Says whether an environment can draw: its models, quotas, stack and settings, line by line."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError

from cdk.settings import Settings, SettingsError
from easel.aws import Account, Reason, Unanswered, session_of
from easel.doctor import deployment, foundation_models, quotas
from easel.doctor.findings import Finding, Level, ok, problem, warning, without_answer
from easel.environments import settings_of
from lambdas.common.catalog import CATALOG

# The environment that make run serves.
LOCAL = "local"


def report(environment: str, findings: Iterable[Finding], *, as_json: bool) -> int:
    """Prints findings as they come, or all as JSON. Returns how many problems there are."""
    found = []
    for finding in findings:
        found.append(finding)
        if not as_json:
            print(finding, flush=True)
    levels = [finding.level for finding in found]
    problems = levels.count(Level.PROBLEM)
    if as_json:
        answer = {
            "environment": environment,
            "problems": problems,
            "findings": [asdict(finding) for finding in found],
        }
        print(json.dumps(answer, indent=2))
    else:
        print(f"\nproblems: {problems}, warnings: {levels.count(Level.WARNING)}")
    return problems


def findings_of(
    environment: str,
    changed: Mapping[str, Any],
    *,
    local_endpoint: str,
    profile: str | None = None,
    region: str | None = None,
) -> Iterator[Finding]:
    """Yields everything there is to find of an environment of cdk.json, in the account of the
    profile or of the environment variables."""
    try:
        settings = settings_of(environment, changed)
        account = account_of(
            local_endpoint if environment == LOCAL else None, profile=profile, region=region
        )
    except FileNotFoundError as error:
        found = f"there is no {error.filename}, which has the environments"
        yield problem("settings", found, "use Easel from its checkout: make doctor")
    except SettingsError as error:
        yield problem("settings", str(error), "correct cdk.json; cdk/settings.py says what may be")
    except BotoCoreError as error:
        yield problem("account", str(error), "set AWS_PROFILE to one that `aws configure` made")
    else:
        if account is None:
            yield problem("account", "no region is set", "set AWS_REGION to the stack's")
        else:
            yield from examine(account, environment, settings, datetime.now(UTC))


def examine(
    account: Account, environment: str, settings: Settings, now: datetime
) -> Iterator[Finding]:
    """Yields everything there is to find, in the order in which it is best mended."""
    local = environment == LOCAL
    caller = account.ask("sts", "get_caller_identity")
    if isinstance(caller, Unanswered):
        if local and caller.reason is Reason.UNREACHABLE:
            yield problem("account", caller.message, "start the local stack: make run")
        else:
            yield replace(without_answer("account", caller), level=Level.PROBLEM)
        return
    yield ok("account", f"{caller['Account']} in {account.region}, as {caller['Arn']}")
    if settings.allow_retired_models and not local:
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
    yield from quotas.examine(account, settings, details[settings.default_model])
    yield from deployment.examine(account, environment, settings, local=local)


def account_of(
    local_endpoint: str | None, *, profile: str | None = None, region: str | None = None
) -> Account | None:
    """Returns the local stack's account, or the one of a deployment; None without a region.

    Raises BotoCoreError where the profile is not there.
    """
    session = session_of(local=local_endpoint is not None, profile=profile, region=region)
    found = session.get_config_variable("region")
    return Account.of(session, found, local_endpoint) if found else None
