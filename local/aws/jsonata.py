"""Evaluates JSONata in moto's Step Functions, which parses state machines in JSONata but has no
evaluator for their expressions.

`fill_gap()` puts one in: JSONata 2.0.6 with the functions that Step Functions adds. Source:
"Transforming data with JSONata in Step Functions" in its developer guide. A failed expression is
States.QueryEvaluationError and an EvaluationFailed event in the history.
"""

import copy
import hashlib
import json
import random
import uuid
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from jsonata import Jsonata
from jsonata.functions import Functions
from jsonata.utils import Utils
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name import (
    failure_event,
    states_error_name,
    states_error_name_type,
)
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata


class EvaluationError(Exception):
    """An expression that fails or has no value; the text says which, and why."""


class _Encoder(Functions.Encoder):  # type: ignore[misc]
    """Writes every character as it is, as JSONata does, where this library escapes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "ensure_ascii": False})


Functions.Encoder = _Encoder


def fill_gap() -> None:
    StringJSONata._eval_body = _evaluate_string  # type: ignore[method-assign, assignment]


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    """Returns the value of an expression, which is given without its `{% %}`.

    `variables` are named without their `$`; a function among them can be called. Raises
    EvaluationError.
    """
    names = {
        name: Jsonata.JLambda(value) if callable(value) else value
        for name, value in {**_FUNCTIONS, **variables}.items()
    }
    try:
        parsed = copy.copy(_parsed(expression))
        # The interpreter looks for the time of $millis() at the instance that it saw last.
        Jsonata.CURRENT.jsonata = parsed
        value = parsed.evaluate(None, names)
    except Exception as error:  # the interpreter's own, and Python's from within it
        raise EvaluationError(f"The expression '{expression}' failed: {error}") from error
    if value is None:
        raise EvaluationError(f"The expression '{expression}' returned nothing (undefined).")
    try:
        # A copy without anything of the interpreter, which can be no function either.
        return json.loads(json.dumps(Utils.convert_nulls(value), allow_nan=False))
    except (TypeError, ValueError):
        raise EvaluationError(f"The expression '{expression}' returned no JSON.") from None


def _evaluate_string(string: StringJSONata, env: Any) -> None:
    """Puts an expression's value on the stack, or fails with States.QueryEvaluationError."""
    states = {
        name: value
        for name, value in env.states._states_data.items()
        if value is not None or name not in ("result", "errorOutput")
    }
    execution = states["context"]["Execution"]
    started = execution["StartTime"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    states["context"] = {**states["context"], "Execution": {**execution, "StartTime": started}}
    scope = env.variable_store
    variables = {**scope._outer_scope, **scope._inner_scope, "states": states}
    try:
        env.stack.append(evaluate(string.expression, variables))
    except EvaluationError as error:
        raise _evaluation_failed(str(error), env) from error


def _evaluation_failed(cause: str, env: Any) -> failure_event.FailureEventException:
    """Returns the error, after an event of its own in the history."""
    error = states_error_name_type.StatesErrorNameType.StatesQueryEvaluationError
    name = states_error_name.StatesErrorName(error)
    kind = HistoryEventType.EvaluationFailed
    details: Any = {"evaluationFailedEventDetails": {"error": name.error_name, "cause": cause}}
    event = failure_event.FailureEvent(env, name, kind, details)
    failed = failure_event.FailureEventException(event)
    named: Any = {"evaluationFailedEventDetails": failed.get_evaluation_failed_event_details()}
    env.event_manager.add_event(
        context=env.event_history_context, event_type=kind, event_details=named
    )
    return failed


@cache
def _parsed(expression: str) -> Jsonata:
    parsed = Jsonata(expression)
    parsed.set_output_convert_nulls(False)  # so that null is not taken for undefined
    return parsed


def _hash(text: str, algorithm: str) -> str:
    name = algorithm.replace("-", "").lower()
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "parse": json.loads,
    "partition": lambda items, size: [items[at : at + size] for at in range(0, len(items), size)],
    "range": lambda first, last, step: list(range(first, last + (1 if step > 0 else -1), step)),
    "hash": _hash,
    "random": lambda seed=None: random.Random(seed).random(),
    "uuid": lambda: str(uuid.uuid4()),
}
