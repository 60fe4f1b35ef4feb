"""The OpenAPI document against the catalog, the fields, and the error tables."""

import json
from typing import Any

import pytest
from openapi_spec_validator import validate

from cdk.mapping_templates import json_template
from cdk.openapi import document, error_codes
from cdk.schemas import request_schemas
from cdk.settings import Auth, Settings
from lambdas.common.catalog import CATALOG
from lambdas.common.errors import EaselError
from lambdas.validate.request import ALIASES, FIELDS, PLAN_FIELDS, resolve
from tests.environments import VALIDATE

# "Amazon API Gateway quotas and important notes" of its guide.
MAPPING_TEMPLATE_LIMIT = 300 * 1024


@pytest.mark.parametrize("auth", ["api_key", "iam"])
def test_it_is_openapi(auth: Auth) -> None:
    validate(document(settings=Settings(auth=auth)))


def test_it_holds_nothing_that_a_mapping_template_would_read() -> None:
    described = document(settings=Settings())

    template = json_template(described)

    assert not set("$#") & set(template)
    assert json.loads(template) == described
    assert len(template) < MAPPING_TEMPLATE_LIMIT


def test_it_has_every_field_that_validate_knows() -> None:
    assert set(request_schemas(CATALOG)["DrawRequest"]["properties"]) == {
        *FIELDS,
        *PLAN_FIELDS,
        *ALIASES,
    }


def test_it_has_the_models_that_may_be_asked_for() -> None:
    def models(**settings: Any) -> Any:
        schemas = document(settings=Settings(**settings))["components"]["schemas"]
        return schemas["DrawRequest"]["properties"]["model"]["enum"]

    allowed = ("stability.stable-image-core-v1:1",)
    assert models(allowed_models=allowed) == list(allowed)
    assert models() == list(Settings().models)


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 500, 502, 503, 504]
)
def test_every_status_that_can_be_is_documented_with_its_codes(status: int) -> None:
    described = document(settings=Settings())

    response = described["components"]["responses"][f"Error{status}"]
    referred = described["paths"]["/images"]["post"]["responses"][str(status)]
    assert referred == {"$ref": f"#/components/responses/Error{status}"}
    assert response["description"].split(", ") == error_codes()[status]


def test_only_answers_of_the_service_itself_are_under_500_and_504() -> None:
    assert not {"invalid_value", "missing_parameter"} & {*error_codes()[500], *error_codes()[504]}


def test_requests_have_no_other_fields_and_answers_may_get_more() -> None:
    schemas = document(settings=Settings())["components"]["schemas"]

    closed = {name for name, each in schemas.items() if each.get("additionalProperties") is False}
    assert closed == request_schemas(CATALOG).keys()


@pytest.mark.parametrize(
    ("auth", "name", "header"),
    [("api_key", "api_key", "x-api-key"), ("iam", "sigv4", "Authorization")],
)
def test_it_says_how_the_deployments_callers_say_who_they_are(
    auth: Auth, name: str, header: str
) -> None:
    described = document(settings=Settings(auth=auth))

    assert described["security"] == [{name: []}]
    assert described["components"]["securitySchemes"][name]["name"] == header


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {"text_prompts", "extras"}))
def test_what_the_document_refuses_no_model_takes(field: str) -> None:
    schema = request_schemas(CATALOG)["DrawRequest"]["properties"][field]
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


def test_it_says_which_models_are_offered_and_what_each_takes() -> None:
    models = {row["id"]: row for row in document(settings=Settings())["x-models"]}

    default, retired = models[Settings().default_model], models["stability.stable-diffusion-xl-v1"]
    assert (default["offered"], default["default"], default["parameters"]) == (True, True, {})
    assert (retired["offered"], retired["default"]) == (False, False)
    assert retired["parameters"]["steps"] == {
        "values": "a whole number from 10 to 150",
        "default": 30,
        "type": "integer",
        "minimum": 10,
        "maximum": 150,
    }
    assert retired["parameters"]["sampler"]["enum"][0] == "DDIM"
