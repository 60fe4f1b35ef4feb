"""Writes what is generated into the documents: `make docs`."""

from collections.abc import Mapping
from pathlib import Path

from docs import deployed, state_machine, tables
from docs.markdown import Part, filled

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


if __name__ == "__main__":
    for path, parts in PARTS.items():
        path.write_text(filled(path.read_text(), parts))
