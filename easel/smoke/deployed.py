"""The stack that is tested, and what its checks use and leave for each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from easel.api import Answer, Api
from easel.aws import Unanswered
from easel.environments import Environment
from easel.findings import Finding, problem, problem_without_answer
from easel.run import Run
from easel.smoke.check import UnansweredError, require
from easel.stack import Resources, by_step, functions_of, resources_of
from easel.target import Target, target_of

T = TypeVar("T")

_POLL_SECONDS = 5
# What AWS calls the present may be the past here.
_CLOCK_SKEW = timedelta(minutes=1)


@dataclass
class Deployed:
    """`functions` are configurations by step. `drawn` counts the pictures that were paid for,
    `first` is the answer with the first one. Log lines, traces, metrics and an alarm's history
    arrive within `patience_seconds`."""

    environment: Environment
    api: Api
    resources: Resources
    functions: Mapping[str, Mapping[str, Any]]
    sleep: Callable[[float], None]
    patience_seconds: int = 180
    started: datetime = field(default_factory=lambda: datetime.now(UTC) - _CLOCK_SKEW)
    drawn: int = 0
    first: Answer | None = None

    def ask(self, service: str, operation: str, **request: Any) -> Mapping[str, Any]:
        """Makes one call of AWS. Raises UnansweredError."""
        return _answered(self.environment.account.ask(service, operation, **request))

    def ask_all(
        self, service: str, operation: str, member: str, **request: Any
    ) -> Sequence[Mapping[str, Any]]:
        """Returns a list that comes in pages. Raises UnansweredError."""
        return _answered(self.environment.account.ask_all(service, operation, member, **request))

    def count(self, answer: Answer) -> dict[str, Any]:
        """Returns an answer's body, after it has counted the pictures that were paid for it."""
        body = answer.body
        self.drawn += sum(not picture["reused"] for picture in body.get("pictures", [body]))
        return body

    def require_refusal(self, answer: Answer, status: int, code: str, cure: str) -> None:
        """Raises NotOkError unless an answer has this status and code. What was drawn in spite of
        it was paid."""
        if answer.status == 200:
            self.count(answer)
        found = f"the answer is {answer.status} {answer.text}"
        require((answer.status, answer.code) == (status, code), found, cure)

    def eventually(self, ask: Callable[[], T], enough: Callable[[T], object] = bool) -> T:
        """Asks until an answer is enough, or until nothing more will come. Returns the last."""
        for _ in range(self.patience_seconds // _POLL_SECONDS):
            if enough(answer := ask()):
                return answer
            self.sleep(_POLL_SECONDS)
        return ask()


def deployed_of(
    environment: Environment, outputs: Mapping[str, str], run: Run
) -> Deployed | Finding:
    """Returns the stack of an environment, or what keeps it from being tested."""
    target = run.target() if environment.is_local else _target(environment, outputs, run)
    if isinstance(target, Unanswered):
        return problem_without_answer("API key", target)
    resources = resources_of(environment.account, environment.stack_name)
    if isinstance(resources, Unanswered):
        return problem_without_answer("resources of the stack", resources)
    functions = by_step(functions_of(environment.account, resources))
    if "store" not in functions:
        return problem("functions", "that of store does not answer", "make doctor says why")
    api = Api(target, run.http, run.wait, run.sleep)
    return Deployed(environment, api, resources, functions, run.sleep)


def _target(environment: Environment, outputs: Mapping[str, str], run: Run) -> Target | Unanswered:
    """Returns the deployed API, with the stack's own key if callers need one."""
    key = None
    if "ApiKeyId" in outputs:
        asked = {"apiKey": outputs["ApiKeyId"], "includeValue": True}
        answer = environment.account.ask("apigateway", "get_api_key", **asked)
        if isinstance(answer, Unanswered):
            return answer
        key = answer["value"]
    return target_of({}, outputs["ApiUrl"], key, run.profile, environment.account.region)


def _answered(answer: T | Unanswered) -> T:
    if isinstance(answer, Unanswered):
        raise UnansweredError(answer)
    return answer
