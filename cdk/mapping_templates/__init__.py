"""The API's mapping templates (VTL), with Easel's errors filled in from their table.

In a template `<<Class.status>>`, `<<Class.retry_after_seconds>>` and `<<Class.error>>` stand for
what `lambdas.common.errors` says of that class.
"""

import json
import re
from pathlib import Path

from lambdas.common import errors

_PLACE = re.compile(r"<<(\w+)\.(status|retry_after_seconds|error)>>")


def mapping_template(name: str, **values: str) -> str:
    """A template of this folder. `values` fill places of the form `<<name>>`."""
    text = (Path(__file__).parent / f"{name}.vtl").read_text()
    for place, value in values.items():
        text = text.replace(f"<<{place}>>", value)
    return _PLACE.sub(_filled, text)


def _filled(place: re.Match[str]) -> str:
    answer = getattr(errors, place[1])().answer()
    match place[2]:
        case "status":
            return str(answer["status"])
        case "retry_after_seconds":
            return str(answer["headers"]["Retry-After"])
        case _:
            return json.dumps(answer["error"])
