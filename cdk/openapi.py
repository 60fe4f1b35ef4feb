"""The API's OpenAPI document, made from its operations and the error tables."""

from collections.abc import Sequence
from typing import Any

from cdk.cors import EXPOSED_HEADERS
from cdk.gateway_responses import GATEWAY_ANSWERS
from cdk.models import described
from cdk.operations import OPERATIONS, Operation
from cdk.schemas import Schema, answer_schemas, request_schemas, schema_of
from cdk.settings import Settings
from lambdas.common.answers import ErrorAnswer
from lambdas.common.catalog import CATALOG
from lambdas.common.errors import CLASSES

OPENAPI_VERSION = "3.0.3"

# Statuses of the gateway's default answers, which have no fixed one, by their type.
_STATUSES_OF_DEFAULT = {"server_error": (500, 504), "invalid_request_error": (400,)}


def document(operations: Sequence[Operation] = OPERATIONS, *, settings: Settings) -> dict[str, Any]:
    """Returns the document of a deployment with these settings.

    `x-models` has what each model takes, costs and usually needs, and whether the deployment
    offers it.
    """
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.route, {})[operation.http_method.lower()] = _described(operation)
    name, scheme = _security(api_key=settings.auth == "api_key")
    return {
        "openapi": OPENAPI_VERSION,
        "info": {"title": "Easel", "version": "1", "description": "Text to image."},
        # Relative to the document's own address, whatever domain or stage that is under.
        "servers": [{"url": ".", "description": "Where this document is."}],
        "security": [{name: []}],
        "components": {
            "securitySchemes": {name: scheme},
            "schemas": {**request_schemas(settings.models), **answer_schemas()},
            "responses": {
                f"Error{status}": _response(", ".join(codes), schema_of(ErrorAnswer))
                for status, codes in error_codes().items()
            },
        },
        "paths": paths,
        "x-models": [
            {
                **described(model),
                "offered": id in settings.models,
                "default": id == settings.default_model,
            }
            for id, model in CATALOG.items()
        ],
    }


def _security(*, api_key: bool) -> tuple[str, Schema]:
    """Returns the security scheme and its name."""
    if api_key:
        return "api_key", {"type": "apiKey", "in": "header", "name": "x-api-key"}
    return "sigv4", {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "AWS Signature Version 4 for the service execute-api.",
        "x-amazon-apigateway-authtype": "awsSigv4",
    }


def error_codes() -> dict[int, list[str]]:
    """Returns every status that an operation's error can have, with its codes."""
    codes: dict[int, set[str]] = {
        400: {"missing_parameter", "unknown_parameter", "unsupported_parameter"}
    }
    for each in CLASSES.values():
        codes.setdefault(each.status, set()).add(each.code)
    for answer in GATEWAY_ANSWERS:
        if answer.response_type is None:  # of methods that are no operations
            continue
        for status in [answer.status] if answer.status else _STATUSES_OF_DEFAULT[answer.type]:
            codes.setdefault(status, set()).add(answer.code)
    return {status: sorted(each) for status, each in sorted(codes.items())}


def _described(operation: Operation) -> dict[str, Any]:
    responses = {"200": _response(operation.answer_summary, schema_of(operation.answer))}
    for status in error_codes():
        responses[str(status)] = {"$ref": f"#/components/responses/Error{status}"}
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": operation.id or operation.name,
        "parameters": list(operation.parameters),
        "responses": responses,
    }
    if operation.request is not None:
        described["requestBody"] = {"required": True, **_json(operation.request)}
    return described


def _response(description: str, schema: Schema) -> dict[str, Any]:
    header: Schema = {"required": False, "schema": {"type": "string"}}
    return {
        "description": description,
        "headers": dict.fromkeys(EXPOSED_HEADERS, header),
        **_json(schema),
    }


def _json(schema: Schema) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}
