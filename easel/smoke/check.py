"""A check: a function that says what it found, or raises what is wrong and what to do."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from easel.aws import Reason, Unanswered
from easel.exits import CommandError
from easel.findings import (
    Finding,
    Level,
    not_checked,
    ok,
    problem,
    problem_without_answer,
    without_answer,
)

if TYPE_CHECKING:
    from easel.smoke.deployed import Deployed

P = ParamSpec("P")
T = TypeVar("T")

# What returns a T of the stack that is tested, and of more arguments.
_Of = Callable[Concatenate["Deployed", P], T]

# The part of a timeout above which a slower day will be too slow.
NEAR = 0.6

# What is no fault of the stack's.
_HARMLESS = (Reason.DENIED, Reason.NOT_HERE)


class NotOkError(Exception):
    """Ends a check with something else than that all is well."""

    def __init__(self, found: str, cure: str, level: Level = Level.PROBLEM) -> None:
        super().__init__(found)
        self.found = found
        self.cure = cure
        self.level = level


class UnansweredError(Exception):
    """Ends a check because AWS did not answer it."""

    def __init__(self, answer: Unanswered) -> None:
        super().__init__(answer.message)
        self.answer = answer


def check(subject: str, *, not_local: str = "") -> Callable[[_Of[P, str]], _Of[P, Finding]]:
    """Makes a finding of what a function returns or raises. `subject` is what the check proves,
    `not_local` why a local stack cannot be checked for it."""

    def decorate(function: _Of[P, str]) -> _Of[P, Finding]:
        def checked(deployed: "Deployed", /, *args: P.args, **kwargs: P.kwargs) -> Finding:
            if not_local and deployed.environment.is_local:
                return not_checked(subject, not_local)
            try:
                return ok(subject, function(deployed, *args, **kwargs))
            except NotOkError as error:
                return Finding(error.level, subject, error.found, error.cure)
            except CommandError as error:
                return problem(subject, error.message, "docs/api.md lists errors by their codes")
            except UnansweredError as error:
                harmless = error.answer.reason in _HARMLESS
                found_of = without_answer if harmless else problem_without_answer
                return found_of(subject, error.answer)
            except (LookupError, TypeError, ValueError) as error:
                found = f"an answer has another form than known: {type(error).__name__}: {error}"
                return problem(subject, found, "report it, with the answer if you can get it")

        return checked

    return decorate


def require(condition: object, found: str, cure: str, level: Level = Level.PROBLEM) -> None:
    """Raises NotOkError unless the condition holds."""
    if not condition:
        raise NotOkError(found, cure, level)


def require_in_time(what: str, seconds: float, limit: float, cure: str) -> None:
    """Raises NotOkError if something took longer than it may, or nearly."""
    found = f"{what} took {seconds:.2f} of the {limit:g} s that it has"
    require(seconds <= limit, found, cure)
    require(seconds <= NEAR * limit, found, cure, Level.WARNING)
