"""Writes what is generated into the documents: `make docs`."""

from collections.abc import Callable, Mapping
from pathlib import Path

from docs import deployed, state_machine, tables

Part = Callable[[], str]

# The generated parts of each document, by the name in their markers.
PARTS: Mapping[Path, Mapping[str, Part]] = {
    Path(__file__).with_name(name): parts
    for name, parts in {
        "architecture.md": {
            "state machine": state_machine.drawing,
            "deployed": deployed.deployed,
        },
        "api.md": {
            "models": tables.models,
            "model fields": tables.model_fields,
            "errors": tables.errors,
            "gateway errors": tables.gateway_errors,
        },
        "operations.md": {"settings": tables.settings, "alarms": tables.alarms},
        "faults.md": {"faults": tables.faults},
    }.items()
}


def filled(document: str, parts: Mapping[str, Part]) -> str:
    """Returns a document with its parts made anew. Raises ValueError if a marker is missing."""
    for name, part in parts.items():
        begin, end = f"<!-- begin {name}: make docs -->\n", f"<!-- end {name} -->\n"
        start = document.index(begin) + len(begin)
        document = document[:start] + part() + document[document.index(end, start) :]
    return document


if __name__ == "__main__":
    for path, parts in PARTS.items():
        path.write_text(filled(path.read_text(), parts))
