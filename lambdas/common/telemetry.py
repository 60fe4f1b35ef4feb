"""The functions' log: one line of JSON for each event, with its metrics.

CloudWatch reads the metrics from these lines by itself ("Embedded metric format specification",
CloudWatch user guide), so no service has to be called for them and no library packaged.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from lambdas.common.environment import Environment
from lambdas.common.errors import (
    CallerError,
    EaselError,
    InternalError,
    PictureBlockedError,
    PromptBlockedError,
    QuotaExceededError,
    ThrottledError,
)
from lambdas.common.recipe import Recipe

NAMESPACE = "Easel"

DimensionSets = tuple[tuple[str, ...], ...]

_BY_MODEL: DimensionSets = (("stack",), ("stack", "model"))
_BY_ERROR: DimensionSets = (("stack",), ("stack", "error"))
_OF_STACK: DimensionSets = (("stack",),)


@dataclass(frozen=True)
class Metric:
    """A CloudWatch metric and its unit. A value counts in each of the dimension sets whose
    dimensions are all in its line."""

    name: str
    unit: str = "Count"
    dimension_sets: DimensionSets = _BY_MODEL


# Pictures drawn by the model and staged; found without a call; refused by a content filter.
PICTURES = Metric("Pictures")
REUSED = Metric("Reused")
FILTERED = Metric("Filtered")

# Invocations of Generate that are retries of the state machine.
RETRIES = Metric("Retries")

# Times and list prices of calls that reached the model. Bedrock does not say which calls it
# charges: calls that were filtered, or that failed after they were sent, count too.
MODEL_LATENCY = Metric("ModelLatency", unit="Milliseconds")
ESTIMATED_COST = Metric("EstimatedCost", unit="None")

# Invocations that ended in an error, the caller's or the service's. Each attempt counts.
ERRORS = Metric("Errors", dimension_sets=_BY_ERROR)

# Of those, what alarms watch, because nobody knows the class of every bug beforehand. BROKEN is for
# the operator: a permission, a setting or a function is wrong; the API counts its answers of 500 in
# it too. THROTTLED are the model's throttles and quotas.
BROKEN = Metric("Broken", dimension_sets=_OF_STACK)
THROTTLED = Metric("Throttled", dimension_sets=_OF_STACK)

_print = partial(print, flush=True)


class Log:
    """Writes the lines of one invocation. Facts that are noted are in every later line."""

    def __init__(
        self, environment: Environment, *, write: Callable[[str], None] = _print, **noted: Any
    ) -> None:
        self._environment = environment
        self._write = write
        self._noted = noted
        self._metrics: dict[Metric, float] = {}
        self.event = ""

    def note(self, **facts: Any) -> None:
        self._noted |= facts

    def note_recipe(self, recipe: Recipe, *, picture_id: str) -> None:
        self.note(picture_id=picture_id, model=recipe.model)
        if self._environment.log_execution_data:
            self.note(recipe=recipe.to_dict())

    def count(self, metric: Metric, value: float = 1) -> None:
        """Sets a metric of the invocation's last line."""
        self._metrics[metric] = value

    def write(
        self, event: str, *, level: str = "INFO", metrics: Mapping[Metric, float], **facts: Any
    ) -> None:
        """Writes one line. `event` says in plain words what happened."""
        stack = self._environment.stack_name
        line: dict[str, Any] = {"level": level, "event": event, "stack": stack}
        line |= self._noted | facts
        if metrics:
            line |= {metric.name: value for metric, value in metrics.items()}
            line["_aws"] = {
                "Timestamp": int(time.time() * 1_000),
                "CloudWatchMetrics": _directives(metrics, line),
            }
        self._write(json.dumps(line))

    def end(self, error: Exception | None, duration_ms: float) -> None:
        """Writes the invocation's last line."""
        facts: dict[str, Any] = {"duration_ms": round(duration_ms, 1)}
        if error is None:
            self.write(self.event, metrics=self._metrics, outcome="succeeded", **facts)
            return
        facts["error"] = type(error).__name__
        if isinstance(error, EaselError):
            facts |= {"code": error.code, "detail": error.detail}
        if self._environment.log_execution_data:
            facts["message"] = getattr(error, "message", str(error))
        self.count(ERRORS)
        if not isinstance(error, EaselError) or error.status == InternalError.status:
            self.count(BROKEN)
        if isinstance(error, ThrottledError | QuotaExceededError):
            self.count(THROTTLED)
        if isinstance(error, PromptBlockedError | PictureBlockedError):
            self.count(FILTERED)
        event, level, outcome = f"{self._noted['function']} failed", "ERROR", "failed"
        if isinstance(error, CallerError):
            event, level, outcome = "request refused", "WARNING", "refused"
        self.write(event, level=level, metrics=self._metrics, outcome=outcome, **facts)


@contextmanager
def invocation(
    function: str,
    execution_arn: str,
    *,
    environment: Environment,
    write: Callable[[str], None] = _print,
) -> Iterator[Log]:
    """Yields the log of one invocation, and writes its last line when that ends.

    Easel's own errors are raised again. Others might quote the request: they are raised as an
    InternalError that names only their class, unless the log may hold execution data.
    """
    log = Log(environment, write=write, function=function, execution_arn=execution_arn)
    started = time.perf_counter()

    def end(error: Exception | None = None) -> None:
        log.end(error, (time.perf_counter() - started) * 1_000)

    try:
        yield log
    except EaselError as error:
        end(error)
        raise
    except Exception as error:
        end(error)
        if environment.log_execution_data:
            raise
        # The runtime logs an error's text and its traceback. The traceback's lines hold no data.
        masked = InternalError(detail=type(error).__name__)
        raise masked.with_traceback(error.__traceback__) from None
    else:
        end()


def _directives(metrics: Iterable[Metric], line: Mapping[str, Any]) -> list[dict[str, Any]]:
    by_dimensions: dict[DimensionSets, list[Metric]] = {}
    for metric in metrics:
        sets = tuple(each for each in metric.dimension_sets if line.keys() >= set(each))
        by_dimensions.setdefault(sets, []).append(metric)
    return [
        {
            "Namespace": NAMESPACE,
            "Dimensions": [list(each) for each in sets],
            "Metrics": [{"Name": metric.name, "Unit": metric.unit} for metric in alike],
        }
        for sets, alike in by_dimensions.items()
    ]
