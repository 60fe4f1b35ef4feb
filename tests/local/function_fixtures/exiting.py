"""A function whose module ends the process while it is imported."""

import sys

print("about to leave")
sys.exit(3)


def handler(event: object, context: object) -> None:
    """Never reached."""
