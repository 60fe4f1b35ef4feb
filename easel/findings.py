"""What doctor and smoke find: a finding is one line, with its cure if there is one."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from easel.aws import Reason, Unanswered
from easel.display import wrapped

_INDENT = " " * 13


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Finding:
    """`found` says what is, `cure` what to do about it."""

    level: Level
    subject: str
    found: str
    cure: str | None = None

    def __str__(self) -> str:
        line = wrapped(f"{self.level:<12} {self.subject}: {self.found}", rest=_INDENT)
        cure = wrapped(self.cure or "", first=f"{_INDENT}-> ", rest=f"{_INDENT}   ")
        return f"{line}\n{cure}" if cure else line


def ok(subject: str, found: str) -> Finding:
    return Finding(Level.OK, subject, found)


def warning(subject: str, found: str, cure: str) -> Finding:
    return Finding(Level.WARNING, subject, found, cure)


def problem(subject: str, found: str, cure: str) -> Finding:
    return Finding(Level.PROBLEM, subject, found, cure)


def not_checked(subject: str, found: str, cure: str | None = None) -> Finding:
    return Finding(Level.NOT_CHECKED, subject, found, cure)


def without_answer(subject: str, answer: Unanswered) -> Finding:
    """Says why a question has no answer."""
    match answer.reason:
        case Reason.NOT_HERE:
            return not_checked(subject, answer.message)
        case Reason.DENIED:
            return warning(
                subject,
                f"not checked: these credentials may not call {answer.action}",
                f"allow {answer.action} to whoever runs this",
            )
        case Reason.CREDENTIALS:
            return problem(
                subject,
                f"the credentials are not good: {answer.message}",
                "log in again, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            )
        case Reason.UNREACHABLE:
            return problem(
                subject,
                f"no answer: {answer.message}",
                "check the network, and that the region exists and is enabled for the account",
            )
        case _:
            return warning(
                subject, f"{answer.action} failed: {answer.code}: {answer.message}", "try again"
            )


def problem_without_answer(subject: str, answer: Unanswered) -> Finding:
    """Says why a question has no answer, without which nothing more can be found."""
    return replace(without_answer(subject, answer), level=Level.PROBLEM)


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
