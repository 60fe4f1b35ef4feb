"""Checks a request body as Bedrock does before it reaches a model, with Bedrock's messages.

Each model has a schema of what it takes. The schemas are kept apart from Easel's own catalog, so
that a mistake there is not repeated here.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT7

from local.aws.signatures import RefusedError

_SCHEMAS: Registry[Any] = Registry().with_contents(
    (
        (file.name, json.loads(file.read_text()))
        for file in (Path(__file__).parent / "request_schemas").glob("*.json")
    ),
    default_specification=DRAFT7,
)


def check_request(model: str, body: bytes) -> dict[str, Any]:
    """Returns the parsed body. Raises RefusedError."""
    try:
        request = json.loads(body)
    except ValueError:
        raise _malformed("") from None
    error = min(_validator(model).iter_errors(request), key=_depth, default=None)
    if error is not None:
        raise _malformed(f": {_worded(error)}")
    return dict(request)


def _malformed(problem: str) -> RefusedError:
    message = f"Malformed input request{problem}, please reformat your input and try again."
    return RefusedError("ValidationException", message, 400)


@cache
def _validator(model: str) -> Draft7Validator:
    schema = _SCHEMAS.contents(f"{model.replace(':', '_')}.json")
    return Draft7Validator(schema, registry=_SCHEMAS)


def default_of(model: str, group: str, parameter: str) -> Any:
    """Returns the value that the model takes for a parameter that a request leaves out."""
    schema: Any = _validator(model).schema
    return schema["properties"][group]["properties"][parameter]["default"]


def _depth(error: ValidationError) -> tuple[int, str]:
    return -len(error.path), error.json_path


def _worded(error: ValidationError) -> str:
    """Returns the message of the validator that the service uses."""
    at = "#" + "".join(f"/{part}" for part in error.path)
    value: Any = error.instance
    wanted: Any = error.validator_value
    schema: Any = error.schema
    match error.validator:
        case "maxLength" | "minLength" as limit:
            return f"{at}: expected {limit}: {wanted}, actual: {len(value)}"
        case "required":
            missing = next(name for name in wanted if name not in value)
            return f"{at}: required key [{missing}] not found"
        case "additionalProperties":
            known = schema["properties"]
            extra = next(name for name in value if name not in known)
            return f"{at}: extraneous key [{extra}] is not permitted"
        case "type":
            return f"{at}: expected type: {wanted.title()}, found: {_type(value)}"
        case "minimum":
            return f"{at}: {value} is not greater or equal to {wanted}"
        case "maximum":
            return f"{at}: {value} is not less or equal to {wanted}"
        case "enum":
            return f"{at}: {value} is not a valid enum value"
        case "oneOf":
            return f"{at}: the combination of width and height is not supported"
        case _:
            return f"{at}: {error.message}"


def _type(value: Any) -> str:
    names = {dict: "JSONObject", list: "JSONArray", str: "String", bool: "Boolean"}
    return names.get(type(value), "Null" if value is None else "Number")
