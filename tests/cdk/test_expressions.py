"""The state machine's expressions in two implementations of JSONata, so that a quirk of one is not
taken for the language: the one that runs on this machine, and the reference's recorded answers."""

import json
from typing import Any

import pytest

from local.aws.jsonata import EvaluationError, evaluate
from tests.cdk.expression_cases import CASES, MILLIS, RANDOM
from tests.cdk.reference_jsonata import recorded
from tests.cdk.state_machine import STATES, expressions_of


def _here(expression: str, variables: dict[str, Any]) -> Any:
    """A value as (value,), an error as its class alone: the words are each implementation's own."""
    clock = {"millis": lambda: MILLIS, "random": lambda: RANDOM}
    try:
        return (evaluate(expression, {**variables, **clock}),)
    except EvaluationError:
        return EvaluationError


@pytest.fixture(scope="module")
def reference() -> list[Any]:
    answers = recorded()
    assert None not in answers, "an expression or a case changed: run make reference"
    return [(each["value"],) if "value" in each else EvaluationError for each in answers if each]


def test_each_expression_means_the_same_in_both(reference: list[Any]) -> None:
    different = [
        (at, ours, theirs)
        for (at, expression, variables), theirs in zip(CASES, reference, strict=True)
        if _comparable(ours := _here(expression, variables)) != _comparable(theirs)
    ]

    assert not different


def _comparable(value: Any) -> Any:
    """With bodies, which are JSON in a string, as what they hold: both may write it their way."""
    if isinstance(value, dict):
        return {
            key: _comparable(json.loads(item) if key == "body" and _is_json(item) else item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_comparable(item) for item in value]
    if isinstance(value, str) and _is_json(value):
        return _comparable(json.loads(value))
    return value


def _is_json(value: Any) -> bool:
    try:
        return isinstance(json.loads(value), dict)
    except (TypeError, ValueError):
        return False


def test_every_expression_is_tried() -> None:
    everywhere = {at for state in STATES for at, _ in expressions_of(state)}

    assert {at for at, _, _ in CASES} == everywhere


def test_none_of_them_fails_on_what_a_run_gives_it(reference: list[Any]) -> None:
    broken = {
        at for (at, _, _), value in zip(CASES, reference, strict=True) if value is EvaluationError
    }

    assert not broken
