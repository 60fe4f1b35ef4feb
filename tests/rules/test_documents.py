"""What the documents take from the code is up to date, and what they point to is there."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from cdk.definition import DEFINITION
from cdk.settings import Settings
from cdk.spend import ceiling
from docs.generated import PARTS
from docs.markdown import Part, filled
from docs.state_machine import drawing
from lambdas.common.catalog import CATALOG

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]

# A file or folder of the project in backticks.
PATH = re.compile(r"`((?:benchmarks|cdk|docs|easel|lambdas|local|statemachine|tests)/[\w./-]*)`")
LINK = re.compile(r"\]\(([\w./-]*)(?:#([\w-]+))?\)")


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


@pytest.mark.parametrize("document", DOCUMENTS, ids=[path.name for path in DOCUMENTS])
def test_every_path_and_link_of_a_document_leads_somewhere(document: Path) -> None:
    text = document.read_text()

    for path in PATH.findall(text):
        assert (ROOT / path).exists(), path
    for path, heading in LINK.findall(text):
        target = document.parent / path if path else document
        assert target.exists(), path
        assert not heading or heading in headings(target.read_text()), heading


def headings(text: str) -> set[str]:
    """Returns the headings of a document as links spell them."""
    found = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in found}


def test_readme_says_what_the_default_settings_cost() -> None:
    text = (ROOT / "README.md").read_text()
    settings = Settings()

    most = ceiling(settings)
    default, dearest = CATALOG[settings.default_model], most.model

    assert f"| ${default.list_price_usd:g} with the default model" in text
    assert f"up to ${dearest.list_price_usd:g} with others" in text
    assert f"cost ${(most.hard_calls or 0) * dearest.list_price_usd:,.0f} at most" in text
