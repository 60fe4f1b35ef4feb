"""The API's mapping templates (VTL), with Easel's errors filled in from their table.

In a template `<<Class.status>>`, `<<Class.retry_after_seconds>>` and `<<Class.error>>` are
placeholders for the values of that class in `lambdas.common.errors`.

Not every engine agrees on what is empty: a value that is absent can be null or "", and escaping ""
can give "{}". So templates set each part on a line of its own, as text ("$!..."), and escape only
what is there.
"""

import json
import re
from pathlib import Path
from typing import Any

from lambdas.common import errors

_PLACE = re.compile(r"<<(\w+)\.(status|retry_after_seconds|error)>>")


class MappingTemplateError(ValueError):
    """A template with an unknown placeholder. The message names the template."""


def mapping_template(name: str, **values: str) -> str:
    """Returns a template of this folder. `values` replace placeholders like `<<name>>`."""
    text = (Path(__file__).parent / f"{name}.vtl").read_text()
    for place, value in values.items():
        text = text.replace(f"<<{place}>>", value)
    try:
        return _PLACE.sub(_filled, text)
    except AttributeError as error:
        raise MappingTemplateError(f"cdk/mapping_templates/{name}.vtl: {error}") from error


def start_execution(operation: str, *, has_body: bool, state_machine_arn: str) -> str:
    """Returns the template that makes a request the input of an execution.

    The input is JSON in a string of JSON, so what callers send is escaped twice, but a body is JSON
    already. Step Functions names the execution: callers can choose `$context.requestId`, with
    characters that a name must not have. `request_id` leads to the access log.
    """
    request = "$!input.json('$')" if has_body else ""
    places = {"operation": operation, "request": request, "state_machine_arn": state_machine_arn}
    return mapping_template("start_execution", **places)


def json_template(value: Any) -> str:
    """Returns the template that renders as a value in JSON, which escapes the characters of VTL."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("$", r"\u0024").replace("#", r"\u0023")


def _filled(place: re.Match[str]) -> str:
    error = getattr(errors, place[1])
    if place[2] == "error":
        return json.dumps(error().answer()["error"])
    return str(getattr(error, place[2]))
