"""Documents that are made from the code are up to date."""

import json

from cdk.definition import DEFINITION
from docs.state_machine import DOCUMENT, drawing, with_drawing


def test_the_drawing_in_the_architecture_is_that_of_the_state_machines_file() -> None:
    document = DOCUMENT.read_text()

    made = with_drawing(document, json.loads(DEFINITION.read_text()))

    assert made == document, "run make docs"


def test_every_state_is_in_the_drawing_with_every_way_out() -> None:
    definition = json.loads(DEFINITION.read_text())
    lines = [line.strip() for line in drawing(definition).splitlines()]

    for machine in (definition, definition["States"]["DrawEach"]["ItemProcessor"]):
        for name, state in machine["States"].items():
            branches = [state, *state.get("Catch", []), *state.get("Choices", [])]
            for branch in branches:
                for following in {branch.get("Next"), branch.get("Default")} - {None}:
                    assert any(line.startswith(f"{name} --> {following}") for line in lines)
