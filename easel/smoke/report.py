"""Says whether a deployed environment does what it is for, line by line."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from easel import display
from easel.aws import Unanswered
from easel.doctor.deployment import check_status, describe
from easel.environments import Environment, check_identity
from easel.findings import Finding, Level
from easel.run import Run
from easel.smoke import alarms, drawing, guardrail, requests, traces
from easel.smoke.deployed import Deployed, deployed_of
from easel.stack import outputs_of

# What a person is told meanwhile, and what is done. What takes long to arrive comes last.
_GROUPS: tuple[tuple[str, Callable[[Deployed], Iterator[Finding]]], ...] = (
    ("Asking the guardrail", guardrail.examine),
    ("Drawing", drawing.examine),
    ("Sending requests of every kind", requests.examine),
    ("Waiting for alarms and metrics", alarms.examine),
    ("Waiting for logs and traces", traces.examine),
)


def examine(environment: Environment, run: Run) -> Iterator[Finding]:
    """Yields a finding for each check. Without a stack that works there are few."""
    identity = check_identity(environment)
    yield identity
    if identity.level is Level.PROBLEM:
        return
    described = describe(environment)
    status = check_status(environment, described)
    if isinstance(described, Unanswered):
        yield replace(status, level=Level.PROBLEM)
        return
    yield status
    if status.level is Level.PROBLEM:
        return
    deployed = deployed_of(environment, outputs_of(described["Stacks"][0]), run)
    if isinstance(deployed, Finding):
        yield deployed
        return
    for text, examined in _GROUPS:
        findings = examined(deployed)
        while finding := _next(findings, text):
            yield finding


def _next(findings: Iterator[Finding], text: str) -> Finding | None:
    with display.progress(text):
        return next(findings, None)
