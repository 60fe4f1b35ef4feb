"""Evaluates JSONata as Step Functions does: version 2.0.6 of the language with AWS's own functions.

Source: "Transforming data with JSONata in Step Functions" in its developer guide.
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
from jsonata.utils import Utils


class EvaluationError(Exception):
    """An expression that fails or has no value; the text says which, and why."""


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    """Returns the value of an expression, which is given without its `{% %}`.

    `variables` are named without their `$`; a function among them can be called. Raises
    EvaluationError.
    """
    names = {name: _bound(value) for name, value in {**_FUNCTIONS, **variables}.items()}
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


@cache
def _parsed(expression: str) -> Jsonata:
    parsed = Jsonata(expression)
    parsed.set_output_convert_nulls(False)  # so that null is not taken for undefined
    return parsed


def _bound(value: Any) -> Any:
    return Jsonata.JLambda(value) if callable(value) else value


def _partition(items: list[Any], size: int) -> list[list[Any]]:
    return [items[at : at + size] for at in range(0, len(items), size)]


def _range(first: int, last: int, step: int) -> list[int]:
    return list(range(first, last + (1 if step > 0 else -1), step))


def _hash(text: str, algorithm: str) -> str:
    name = algorithm.replace("-", "").lower()
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


def _random(seed: float | None = None) -> float:
    return random.Random(seed).random()


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "parse": json.loads,
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": _random,
    "uuid": lambda: str(uuid.uuid4()),
}
