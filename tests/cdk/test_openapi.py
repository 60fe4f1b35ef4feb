"""The OpenAPI document against the catalog, the fields, and the error tables."""

import json
from typing import Any

import pytest
from openapi_spec_validator import validate

from cdk.openapi import document, error_codes
from cdk.schemas import request_schema
from lambdas.common.errors import EaselError
from lambdas.validate.request import ALIASES, FIELDS, PLAN_FIELDS, resolve
from tests.environments import VALIDATE


@pytest.mark.parametrize("api_key", [True, False])
def test_it_is_openapi(api_key: bool) -> None:
    validate(document(api_key=api_key))


def test_it_holds_nothing_that_a_mapping_template_would_read() -> None:
    assert not set("$#") & set(json.dumps(document(api_key=True)))


def test_it_has_every_field_that_validate_knows() -> None:
    assert set(request_schema()["properties"]) == {*FIELDS, *PLAN_FIELDS, *ALIASES}


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 500, 502, 503, 504]
)
def test_every_status_that_can_be_is_documented_with_its_codes(status: int) -> None:
    responses = document(api_key=True)["paths"]["/images"]["post"]["responses"]

    schema = responses[str(status)]["content"]["application/json"]["schema"]
    codes = schema["properties"]["error"]["properties"]["code"]["enum"]
    assert codes == error_codes()[status]


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {"text_prompts", "extras"}))
def test_what_the_document_refuses_no_model_takes(field: str) -> None:
    schema = request_schema()["properties"][field]
    wrong: list[Any] = [[], {"a": 1}]
    if "maximum" in schema:
        wrong.append(schema["maximum"] + 1)
    if "enum" in schema:
        wrong.append("no such word")
    for value in wrong:
        with pytest.raises(EaselError):
            resolve(
                {"prompt": "a", **{field: value}},
                environment=VALIDATE,
                draw_seed=lambda limit: 1,
            )
