"""What is generated in the documents is up to date."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from cdk.definition import DEFINITION
from docs.generated import PARTS, Part, filled
from docs.state_machine import drawing


@pytest.mark.parametrize(("path", "parts"), PARTS.items(), ids=[path.name for path in PARTS])
def test_the_generated_parts_of_a_document_are_what_the_code_says(
    path: Path, parts: Mapping[str, Part]
) -> None:
    document = path.read_text()

    made = filled(document, parts)

    assert made == document, "run make docs"


def test_every_state_is_in_the_drawing_with_every_way_out() -> None:
    definition = json.loads(DEFINITION.read_text())
    lines = [line.strip() for line in drawing().splitlines()]

    for machine in (definition, definition["States"]["DrawEach"]["ItemProcessor"]):
        for name, state in machine["States"].items():
            branches = [state, *state.get("Catch", []), *state.get("Choices", [])]
            for branch in branches:
                for following in {branch.get("Next"), branch.get("Default")} - {None}:
                    assert any(line.startswith(f"{name} --> {following}") for line in lines)
