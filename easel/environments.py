"""The environments of cdk.json: their settings, and the accounts that they are deployed to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError

from cdk.settings import Settings, SettingsError
from easel.aws import Account, Reason, Unanswered, session_of
from easel.findings import Finding, ok, problem, problem_without_answer

CDK_JSON = Path(__file__).parent.parent / "cdk.json"

# The environment that make run serves.
LOCAL = "local"


@dataclass(frozen=True)
class Environment:
    """An environment with the account and region that its stack is in, or is to be in."""

    name: str
    settings: Settings
    account: Account

    @property
    def is_local(self) -> bool:
        return self.name == LOCAL

    @property
    def stack_name(self) -> str:
        return f"easel-{self.name}"


def settings_of(environment: str, changed: Mapping[str, Any] | None = None) -> Settings:
    """Returns an environment's settings, with those replaced that are changed for once.

    Raises SettingsError, and FileNotFoundError outside a checkout.
    """
    environments = json.loads(CDK_JSON.read_text())["context"]["environments"]
    if environment not in environments:
        raise SettingsError(
            f"no environment {environment!r} in cdk.json; known: {', '.join(environments)}"
        )
    return Settings.from_context({**environments[environment], **(changed or {})})


def environment_of(
    name: str,
    changed: Mapping[str, Any],
    *,
    local_endpoint: str,
    profile: str | None = None,
    region: str | None = None,
) -> Environment | Finding:
    """Returns an environment of cdk.json, in the account of the profile or of the environment
    variables, or what is wrong with one of them."""
    try:
        settings = settings_of(name, changed)
        account = account_of(
            local_endpoint if name == LOCAL else None, profile=profile, region=region
        )
    except FileNotFoundError as error:
        found = f"there is no {error.filename}, which has the environments"
        return problem("settings", found, "use Easel from its checkout, by make")
    except SettingsError as error:
        return problem("settings", str(error), "correct cdk.json; cdk/settings.py says what may be")
    except BotoCoreError as error:
        return problem("account", str(error), "set AWS_PROFILE to one that `aws configure` made")
    if account is None:
        return problem("account", "no region is set", "set AWS_REGION to the stack's")
    return Environment(name, settings, account)


def account_of(
    local_endpoint: str | None, *, profile: str | None = None, region: str | None = None
) -> Account | None:
    """Returns the local stack's account, or the one of a deployment; None without a region.

    Raises BotoCoreError where the profile is not there.
    """
    session = session_of(local=local_endpoint is not None, profile=profile, region=region)
    found = session.get_config_variable("region")
    return Account.of(session, found, local_endpoint) if found else None


def check_identity(environment: Environment) -> Finding:
    """Says whose credentials these are; it is a problem if they are nobody's."""
    account = environment.account
    caller = account.ask("sts", "get_caller_identity")
    if not isinstance(caller, Unanswered):
        return ok("account", f"{caller['Account']} in {account.region}, as {caller['Arn']}")
    if environment.is_local and caller.reason is Reason.UNREACHABLE:
        return problem("account", caller.message, "start the local stack: make run")
    return problem_without_answer("account", caller)
