"""The API's mapping templates (VTL), with Easel's errors filled in from their table.

In a template `<<Class.status>>`, `<<Class.retry_after_seconds>>` and `<<Class.error>>` stand for
what `lambdas.common.errors` says of that class.
"""

import json
import re
from pathlib import Path

from lambdas.common import errors

_PLACE = re.compile(r"<<(\w+)\.(status|retry_after_seconds|error)>>")


# The request's body as part of a string of JSON, for the methods that have one.
_BODY = """$util.escapeJavaScript($input.json('$')).replaceAll("\\\\'","'")"""
_NO_BODY = "{}"


class MappingTemplateError(ValueError):
    """A template with a place that nothing fills; the message names the template."""


def mapping_template(name: str, **values: str) -> str:
    """A template of this folder. `values` fill places of the form `<<name>>`."""
    text = (Path(__file__).parent / f"{name}.vtl").read_text()
    for place, value in values.items():
        text = text.replace(f"<<{place}>>", value)
    try:
        return _PLACE.sub(_filled, text)
    except AttributeError as error:
        raise MappingTemplateError(f"{name}.vtl: {error}") from error


def start_execution(operation: str, *, has_body: bool, state_machine_arn: str) -> str:
    """The template that makes a request the input of an execution."""
    return mapping_template(
        "start_execution",
        operation=operation,
        request=_BODY if has_body else _NO_BODY,
        state_machine_arn=state_machine_arn,
    )


def _filled(place: re.Match[str]) -> str:
    error = getattr(errors, place[1])
    if place[2] == "error":
        return json.dumps(error().answer()["error"])
    return str(getattr(error, place[2]))
