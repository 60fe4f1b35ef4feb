"""Draws the state machine from its ASL file."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cdk.definition import DEFINITION


def drawing() -> str:
    """Returns the state machine as a Mermaid state diagram."""
    definition = json.loads(DEFINITION.read_text())
    lines = ["```mermaid", "stateDiagram-v2", *_machine(definition, "    "), "```"]
    return "\n".join(lines) + "\n"


def _machine(machine: Mapping[str, Any], indent: str) -> Iterator[str]:
    yield f"{indent}[*] --> {machine['StartAt']}"
    for name, state in machine["States"].items():
        if "ItemProcessor" in state:
            yield f"{indent}state {name} {{"
            yield from _machine(state["ItemProcessor"], indent + "    ")
            yield f"{indent}}}"
        for following, label in _ways(state):
            yield f"{indent}{name} --> {following}" + (f": {label}" if label else "")


def _ways(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every state that may follow, and when."""
    for choice in state.get("Choices", []):
        yield choice["Next"], _condition(choice["Condition"])
    if "Default" in state:
        yield state["Default"], "else"
    for catcher in state.get("Catch", []):
        errors = catcher["ErrorEquals"]
        yield catcher["Next"], "error" if errors == ["States.ALL"] else "worth another try"
    if "Next" in state:
        yield state["Next"], ""
    if state.get("End") or state["Type"] in ("Succeed", "Fail"):
        yield "[*]", ""


def _condition(expression: str) -> str:
    """What a condition is about, without the colons and semicolons that Mermaid reads."""
    words = expression.strip("{%} ").replace("$states.input.", "").replace("$", "")
    return words if len(words) <= 40 else "there is time"
