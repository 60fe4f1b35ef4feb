"""`easel doctor` and `easel smoke`: examine an environment of cdk.json and report line by line."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from easel import display
from easel.exits import Exit
from easel.run import Run, common_options

if TYPE_CHECKING:
    from easel.environments import Environment
    from easel.findings import Finding


def _parsed(context: click.Context, option: click.Parameter, text: str | None) -> dict[str, Any]:
    try:
        return dict(json.loads(text or "{}"))
    except (ValueError, TypeError):
        raise click.UsageError(
            f'--settings is a JSON object such as {{"auth": "iam"}}, not {text}.'
        ) from None


_environment = click.argument("environment", default="local")
_settings = click.option(
    "--settings", metavar="JSON", callback=_parsed, help="Settings to change for once."
)


@click.command()
@_environment
@_settings
@click.option("--before-deploy", is_flag=True, help="Only what has to be there for a deployment.")
@common_options
@click.pass_obj
def doctor(run: Run, environment: str, settings: dict[str, Any], before_deploy: bool) -> None:
    """Whether ENVIRONMENT (of cdk.json; default local) can draw."""
    from easel.doctor.report import examine

    def examined(found: "Environment") -> Iterator["Finding"]:
        return examine(found, datetime.now(UTC), before_deploy=before_deploy)

    _report(run, environment, settings, examined)


@click.command()
@_environment
@_settings
@click.option("--yes", is_flag=True, help="Do not ask, although it costs something.")
@common_options
@click.pass_obj
def smoke(run: Run, environment: str, settings: dict[str, Any], yes: bool) -> None:
    """Whether ENVIRONMENT (of cdk.json; default local) does what it is for: draws four pictures,
    sends requests of every kind, sets off an alarm, and looks for all of it in logs and traces."""
    from easel.smoke.cost import announcement
    from easel.smoke.report import examine

    def examined(found: "Environment") -> Iterator["Finding"]:
        if not found.is_local:
            display.note(announcement(found))
            if not yes and sys.stdin.isatty():
                click.confirm("Go on?", abort=True, err=True)
        return examine(found, run)

    _report(run, environment, settings, examined)


def _report(
    run: Run,
    name: str,
    changed: dict[str, Any],
    examine: Callable[["Environment"], Iterable["Finding"]],
) -> None:
    """Reports what an examination finds, and ends with 1 if that is a problem."""
    from easel.environments import environment_of
    from easel.findings import Finding, report

    found = environment_of(
        name,
        changed,
        local_endpoint=run.target().aws_url,
        profile=run.profile,
        region=run.region,
    )
    findings = [found] if isinstance(found, Finding) else examine(found)
    if report(name, findings, as_json=run.json):
        click.get_current_context().exit(Exit.HERE)
