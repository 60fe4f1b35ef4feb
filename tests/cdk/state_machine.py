"""The state machine's definition for tests: filled for 29 seconds, its expressions evaluated."""

from collections.abc import Iterator, Mapping
from typing import Any

from cdk.definition import definition_for, states_of
from cdk.settings import Settings
from local.aws.jsonata import evaluate

DEFINITION = definition_for(Settings(allow_deletion=True))
STATES: dict[str, dict[str, Any]] = dict(states_of(DEFINITION))
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
ARN = "arn:aws:states:eu-west-1:123456789012:express:easel:1:2"
STARTED_AT = "2026-11-21T10:18:23.123Z"


def expression_of(text: str) -> str:
    """Returns an expression without its `{% %}`."""
    assert text.startswith("{%"), text
    assert text.endswith("%}"), text
    return text[2:-2].strip()


def expressions(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Yields every expression in a part of the definition, with its place."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from expressions(item, f"{at}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from expressions(item, f"{at}/{index}")
    elif isinstance(value, str) and value.startswith("{%"):
        yield at, expression_of(value)


def expressions_of(state: str) -> Iterator[tuple[str, str]]:
    """Yields a state's own expressions. Those of the states inside a Map are their own."""
    own = {key: part for key, part in STATES[state].items() if key != "ItemProcessor"}
    yield from expressions(own, state)


def filled(value: Any, variables: Mapping[str, Any]) -> Any:
    """Returns a part of the definition with its expressions evaluated."""
    if isinstance(value, dict):
        return {key: filled(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, variables) for item in value]
    if isinstance(value, str) and value.startswith("{%"):
        return evaluate(expression_of(value), variables)
    return value


def states(**more: Any) -> dict[str, Any]:
    """Returns `$states` with a context object, and `input`, `result` or `errorOutput` beside it."""
    return {"context": {"Execution": {"Id": ARN, "StartTime": STARTED_AT}}, **more}


def answer_to(given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the Answer state makes of its input."""
    answer = filled(STATES["Answer"]["Output"], {"states": states(input=given)})
    return dict(answer)
