"""What the functions tell their operator: one line of JSON for each thing that happened.

CloudWatch reads the metrics out of such lines by itself ("Embedded metric format specification",
CloudWatch user guide), so that nothing has to be called for them or packaged.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from lambdas.common.errors import (
    CallerError,
    EaselError,
    InternalError,
    PictureBlockedError,
    PromptBlockedError,
    TooLateToRetryError,
)
from lambdas.common.recipe import Recipe

NAMESPACE = "Easel"

DimensionSets = tuple[tuple[str, ...], ...]

_BY_MODEL: DimensionSets = (("stack",), ("stack", "model"))
_BY_ERROR: DimensionSets = (("stack",), ("stack", "error"))


@dataclass(frozen=True)
class Metric:
    """`unit` is one of CloudWatch's; a value counts once in each of the dimension sets whose
    dimensions its line has."""

    name: str
    unit: str = "Count"
    dimension_sets: DimensionSets = _BY_MODEL


# Drawn by the model and staged; found without a call; refused by a content filter.
PICTURES = Metric("Pictures")
REUSED = Metric("Reused")
FILTERED = Metric("Filtered")

# Invocations of Generate that the state machine made again.
RETRIES = Metric("Retries")

# Of calls that reached the model, and what those are listed at. Bedrock does not say which calls
# it charges: what was filtered or broken, or ended after it was sent, is counted too.
MODEL_LATENCY = Metric("ModelLatency", unit="Milliseconds")
ESTIMATED_COST = Metric("EstimatedCost", unit="None")

# Invocations that ended in an error, whosever fault it was; each attempt counts.
ERRORS = Metric("Errors", dimension_sets=_BY_ERROR)

METRICS = (PICTURES, REUSED, FILTERED, RETRIES, MODEL_LATENCY, ESTIMATED_COST, ERRORS)

_FILTERED_ERRORS = (PromptBlockedError, PictureBlockedError)


@dataclass(frozen=True)
class Environment:
    """`log_execution_data`: whether prompts, and words of services that may quote them, may
    stand in the log."""

    stack: str
    log_execution_data: bool

    @classmethod
    def from_env(cls) -> "Environment":
        return cls(
            stack=os.environ["STACK_NAME"],
            log_execution_data=os.environ["LOG_EXECUTION_DATA"] == "true",
        )


def _print(line: str) -> None:
    print(line, flush=True)


class Log:
    """The lines of one invocation. What is noted stands in each line that follows."""

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
        """For the invocation's last line."""
        self._metrics[metric] = value

    def write(
        self, event: str, *, level: str = "INFO", metrics: Mapping[Metric, float], **facts: Any
    ) -> None:
        """One line. `event` says in plain words what happened."""
        line: dict[str, Any] = {"level": level, "event": event, "stack": self._environment.stack}
        line |= self._noted | facts
        if metrics:
            line |= {metric.name: value for metric, value in metrics.items()}
            line["_aws"] = {
                "Timestamp": int(time.time() * 1_000),
                "CloudWatchMetrics": _directives(metrics, line),
            }
        self._write(json.dumps(line))

    def end(self, error: Exception | None, duration_ms: float) -> None:
        """The invocation's last line."""
        duration = round(duration_ms, 1)
        if error is None:
            self.write(self.event, metrics=self._metrics, duration_ms=duration, outcome="succeeded")
            return
        refused = isinstance(error, CallerError)
        facts: dict[str, Any] = {"error": type(error).__name__}
        if isinstance(error, EaselError):
            facts |= {"code": error.code, "detail": error.detail}
        if self._environment.log_execution_data:
            facts["message"] = getattr(error, "message", str(error))
        self.count(ERRORS)
        if isinstance(error, _FILTERED_ERRORS):
            self.count(FILTERED)
        self.write(
            "request refused" if refused else f"{self._noted['function']} failed",
            level="WARNING" if refused else "ERROR",
            metrics=self._metrics,
            duration_ms=duration,
            outcome="refused" if refused else "failed",
            **facts,
        )


@contextmanager
def invocation(
    function: str,
    execution_arn: str,
    *,
    environment: Environment | None = None,
    write: Callable[[str], None] = _print,
) -> Iterator[Log]:
    """The log of one invocation, whose last line says how it ended.

    Errors pass. One that is none of Easel's, whose text might quote the request, passes as an
    InternalError that only names its class, unless the log may have everything.
    """
    environment = environment or log_environment()
    log = Log(environment, write=write, function=function, execution_arn=execution_arn)
    started = time.perf_counter()

    def end(error: Exception | None = None) -> None:
        log.end(error, (time.perf_counter() - started) * 1_000)

    try:
        yield log
    except TooLateToRetryError as error:
        end(error.__cause__ if isinstance(error.__cause__, EaselError) else error)
        raise
    except EaselError as error:
        end(error)
        raise
    except Exception as error:
        end(error)
        if environment.log_execution_data:
            raise
        # The runtime logs the text of what it is raised, and the trace, whose lines hold no data.
        named = InternalError(detail=type(error).__name__)
        raise named.with_traceback(error.__traceback__) from None
    else:
        end()


log_environment = cache(Environment.from_env)


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
