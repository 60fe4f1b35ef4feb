"""The API's OpenAPI document, made from the catalog, the request's fields and the error tables."""

import inspect
from collections.abc import Mapping
from typing import Any

from cdk.gateway_responses import GATEWAY_ANSWERS
from lambdas.common import errors
from lambdas.common.catalog import CATALOG, STYLE_PRESETS, Choice, Range
from lambdas.library.shelf import LIMIT
from lambdas.store.publishing import VERDICTS
from lambdas.validate.idempotency import HEADER, KEY_LIMIT
from lambdas.validate.orders import COUNT_LIMIT
from lambdas.validate.request import ALIASES, FIELDS, TEXT_PROMPTS_LIMIT

OPENAPI_VERSION = "3.0.3"
SEEDS = max(model.seed_limit for model in CATALOG.values())
PROMPT_LIMIT = max(model.prompt_limit for model in CATALOG.values())

_TEXT = {"type": "string"}
_NULLABLE_TEXT = {"type": "string", "nullable": True}
_ID = {"type": "string", "minLength": 32, "maxLength": 32}

# Answers of the gateway to what is no request of this API's, beside the classes' own.
_GATEWAY_DEFAULTS = (500, 504)


def document(routes: tuple[str, ...], *, api_key: bool) -> dict[str, Any]:
    """OpenAPI for these POST routes. `api_key` says how callers prove themselves, else SigV4."""
    errors_of_all = {
        str(status): _response(", ".join(codes), _error_schema(codes))
        for status, codes in sorted(error_codes().items())
    }
    key = {
        "name": HEADER,
        "in": "header",
        "required": False,
        "schema": {"type": "string", "maxLength": KEY_LIMIT},
        "description": "The same key and body give the same picture, for a day.",
    }
    id = {"name": "id", "in": "path", "required": True, "schema": _ID}
    draw = {
        "summary": "Draw a picture, or up to four",
        "parameters": [key],
        "requestBody": _body(request_schema()),
        "responses": {
            "200": _response(
                "The picture; with a count of 2 or more, the pictures",
                {"oneOf": [_picture_schema(), _pictures_schema()]},
            ),
            **errors_of_all,
        },
    }
    rerun = {
        "summary": "Draw an earlier picture again, and say whether it came out the same",
        "operationId": "rerun",
        "parameters": [id, key],
        "requestBody": _body(_rerun_request_schema()),
        "responses": {"200": _response("The new picture", _rerun_schema()), **errors_of_all},
    }
    show = {
        "summary": "An earlier picture's manifest and a fresh URL",
        "operationId": "show",
        "parameters": [id],
        "responses": {"200": _response("The picture", _shown_schema()), **errors_of_all},
    }
    newest = {
        "summary": "Earlier pictures, the newest first",
        "operationId": "list",
        "parameters": [
            _query("limit", {"type": "integer", "minimum": 1, "maximum": LIMIT}),
            _query("after", {**_TEXT, "minLength": 46, "maxLength": 46}),
        ],
        "responses": {"200": _response("A page", _page_schema()), **errors_of_all},
    }
    scheme = {"type": "apiKey", "in": "header", "name": "x-api-key" if api_key else "Authorization"}
    return {
        "openapi": OPENAPI_VERSION,
        "info": {"title": "Easel", "version": "1", "description": "Text to image."},
        "security": [{"caller": []}],
        "components": {"securitySchemes": {"caller": scheme}},
        "paths": {
            route: {
                "post": {**draw, "operationId": f"draw{route.replace('/', '_')}"},
                **({"get": newest} if route == "/images" else {}),
            }
            for route in routes
        }
        | {"/images/{id}": {"get": show}, "/images/{id}/rerun": {"post": rerun}},
    }


def error_codes() -> dict[int, list[str]]:
    """Every status that an error can have, with its codes."""
    codes: dict[int, set[str]] = {
        400: {"missing_parameter", "unknown_parameter", "unsupported_parameter"}
    }
    for _, each in inspect.getmembers(errors, inspect.isclass):
        if issubclass(each, errors.EaselError) and not each.__subclasses__():
            codes.setdefault(each.status, set()).add(each.code)
    for answer in GATEWAY_ANSWERS:
        for status in [answer.status] if answer.status else _GATEWAY_DEFAULTS:
            codes.setdefault(status, set()).add(answer.code)
    return {status: sorted(each) for status, each in codes.items()}


def request_schema() -> dict[str, Any]:
    """What some model takes: a model may take less, and says so."""
    fields = _field_schemas()
    fields |= {
        "count": {"type": "integer", "minimum": 1, "maximum": COUNT_LIMIT},
        "recipe": {"type": "object"},
        "recipe_in_picture": {"type": "boolean"},
    }
    fields |= {alias: fields[name] for alias, name in ALIASES.items()}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {**schema, "nullable": True} if "enum" not in schema else schema
            for name, schema in fields.items()
        },
    }


def _field_schemas() -> dict[str, dict[str, Any]]:
    side = {"type": "integer", "minimum": 1}
    described: dict[str, dict[str, Any]] = {
        "prompt": {**_TEXT, "minLength": 1, "maxLength": PROMPT_LIMIT},
        "negative_prompt": {**_TEXT, "maxLength": PROMPT_LIMIT},
        "text_prompts": {
            "type": "array",
            "minItems": 1,
            "maxItems": TEXT_PROMPTS_LIMIT,
            "items": {
                "type": "object",
                "required": ["text"],
                "additionalProperties": False,
                "properties": {"text": {**_TEXT, "minLength": 1}, "weight": {"type": "number"}},
            },
        },
        "seed": {"type": "integer", "minimum": 0, "maximum": SEEDS},
        "model": {**_TEXT, "enum": list(CATALOG)},
        "aspect_ratio": {**_TEXT, "enum": _union(lambda model: model.aspect_ratios)},
        "width": side,
        "height": side,
        "style_preset": {**_TEXT, "enum": _union(lambda model: _words(model, "style_preset"))},
        "output_format": {**_TEXT, "enum": _union(lambda model: model.output_formats)},
        "samples": {"type": "integer", "enum": [1]},
        "extras": {"type": "object"},
    }
    for name in FIELDS:
        if name not in described:
            described[name] = _parameter_schema(name)
    return {name: described[name] for name in FIELDS}


def _parameter_schema(name: str) -> dict[str, Any]:
    """The widest that any model takes."""
    parameters = [model.parameters[name] for model in CATALOG.values() if name in model.parameters]
    ranges = [parameter for parameter in parameters if isinstance(parameter, Range)]
    if ranges:
        return {
            "type": "integer" if ranges[0].whole else "number",
            "minimum": min(each.minimum for each in ranges),
            "maximum": max(each.maximum for each in ranges),
        }
    return {**_TEXT, "enum": _union(lambda model: _words(model, name))}


def _words(model: Any, name: str) -> tuple[str, ...]:
    parameter = model.parameters.get(name)
    words = parameter.words if isinstance(parameter, Choice) else ()
    return (*words, *STYLE_PRESETS) if name == "style_preset" else words


def _union(of: Any) -> list[str]:
    return sorted({word for model in CATALOG.values() for word in of(model)})


def _picture_fields() -> dict[str, dict[str, Any]]:
    return {
        "id": _ID,
        "image_url": _TEXT,
        "expires_at": _TEXT,
        "seed": {"type": "integer", "minimum": 1, "maximum": SEEDS},
        "model": _TEXT,
        "width": {"type": "integer"},
        "height": {"type": "integer"},
        "output_format": _TEXT,
        "sha256": {**_TEXT, "minLength": 64, "maxLength": 64},
        "reused": {"type": "boolean"},
        "execution_arn": _TEXT,
        "trace_url": _TEXT,
    }


def _picture_schema() -> dict[str, Any]:
    return _closed(_picture_fields())


def _pictures_schema() -> dict[str, Any]:
    failed = _closed(
        {
            "seed": {"type": "integer"},
            "status": {"type": "integer"},
            "error": _closed(_error_fields()),
        }
    )
    return _closed(
        {
            "pictures": {"type": "array", "items": _picture_schema()},
            "failed": {"type": "array", "items": failed},
            "execution_arn": _TEXT,
        }
    )


def _rerun_request_schema() -> dict[str, Any]:
    fields = {
        "model": {**_TEXT, "nullable": True},
        "recipe_in_picture": {"type": "boolean", "nullable": True},
    }
    return {"type": "object", "additionalProperties": False, "properties": fields}


def _rerun_schema() -> dict[str, Any]:
    rerun = _closed({"of": _ID, "verdict": {**_TEXT, "enum": list(VERDICTS)}, "model": _TEXT})
    return _closed({**_picture_fields(), "rerun": rerun})


def _shown_schema() -> dict[str, Any]:
    return _closed(
        {
            "manifest": {"type": "object"},
            "image_url": _NULLABLE_TEXT,
            "expires_at": _NULLABLE_TEXT,
        }
    )


def _page_schema() -> dict[str, Any]:
    entry = _closed(
        {
            "id": _ID,
            "published_at": _TEXT,
            "model": _TEXT,
            "prompt": _TEXT,
            "seed": {"type": "integer"},
            "width": {"type": "integer"},
            "height": {"type": "integer"},
            "output_format": _TEXT,
            "sha256": _TEXT,
            "rerun_of": _NULLABLE_TEXT,
        }
    )
    return _closed({"pictures": {"type": "array", "items": entry}, "after": _NULLABLE_TEXT})


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _error_fields() -> dict[str, dict[str, Any]]:
    return {"message": _TEXT, "type": _TEXT, "param": _NULLABLE_TEXT, "code": _TEXT}


def _error_schema(codes: list[str]) -> dict[str, Any]:
    error = {**_error_fields(), "code": {**_TEXT, "enum": codes}}
    return _closed({"error": _closed(error), "execution_arn": _NULLABLE_TEXT})


def _closed(fields: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(fields),
        "properties": dict(fields),
    }


def _response(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "headers": {
            name: {"required": False, "schema": _TEXT} for name in ("Retry-After", "x-should-retry")
        },
        "content": {"application/json": {"schema": schema}},
    }
