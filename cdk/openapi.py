"""The API's OpenAPI document, made from the catalog, the request's fields and the error tables."""

import inspect
from collections.abc import Mapping
from typing import Any

from cdk.gateway_responses import GATEWAY_ANSWERS
from lambdas.common import errors
from lambdas.common.catalog import CATALOG, STYLE_PRESETS, Choice, Range
from lambdas.validate.idempotency import HEADER, KEY_LIMIT
from lambdas.validate.request import ALIASES, FIELDS, TEXT_PROMPTS_LIMIT

OPENAPI_VERSION = "3.0.3"
SEEDS = max(model.seed_limit for model in CATALOG.values())
PROMPT_LIMIT = max(model.prompt_limit for model in CATALOG.values())

_TEXT = {"type": "string"}
_NULLABLE_TEXT = {"type": "string", "nullable": True}

# Answers of the gateway to what is no request of this API's, beside the classes' own.
_GATEWAY_DEFAULTS = (500, 504)


def document(routes: tuple[str, ...], *, api_key: bool) -> dict[str, Any]:
    """OpenAPI for these POST routes. `api_key` says how callers prove themselves, else SigV4."""
    operation = {
        "summary": "Draw one picture",
        "parameters": [
            {
                "name": HEADER,
                "in": "header",
                "required": False,
                "schema": {"type": "string", "maxLength": KEY_LIMIT},
                "description": "The same key and body give the same picture, for a day.",
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": request_schema()}},
        },
        "responses": {
            "200": _response("The picture", _picture_schema()),
            **{
                str(status): _response(", ".join(codes), _error_schema(codes))
                for status, codes in sorted(error_codes().items())
            },
        },
    }
    scheme = {"type": "apiKey", "in": "header", "name": "x-api-key" if api_key else "Authorization"}
    return {
        "openapi": OPENAPI_VERSION,
        "info": {"title": "Easel", "version": "1", "description": "Text to image."},
        "security": [{"caller": []}],
        "components": {"securitySchemes": {"caller": scheme}},
        "paths": {
            route: {"post": {**operation, "operationId": f"draw{route.replace('/', '_')}"}}
            for route in routes
        },
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


def _picture_schema() -> dict[str, Any]:
    fields: Mapping[str, dict[str, Any]] = {
        "id": {**_TEXT, "minLength": 32, "maxLength": 32},
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
    return _closed(fields)


def _error_schema(codes: list[str]) -> dict[str, Any]:
    error: dict[str, dict[str, Any]] = {
        "message": _TEXT,
        "type": _TEXT,
        "param": _NULLABLE_TEXT,
        "code": {**_TEXT, "enum": codes},
    }
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
