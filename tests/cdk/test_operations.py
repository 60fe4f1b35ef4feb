"""An operation's one row against what is made from it."""

import json
import re
from collections import Counter
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template

from cdk.api import Api
from cdk.openapi import document
from cdk.operations import OPERATIONS, Operation, operations_for
from cdk.schemas import schema_of
from cdk.settings import Settings
from cdk.spend import ceiling
from lambdas.common.answers import Picture
from local.assembly import ROOT
from tests.cdk.combinations import COMBINATIONS, app, template_of

ROW = Operation(
    "POST",
    "/images/{id}/larger",
    "enlarge",
    "Draw an earlier picture larger",
    Picture,
    "The larger picture",
    request={"type": "object"},
    parameters=OPERATIONS[-1].parameters,
    pictures=2,
)
EXTENDED = (*OPERATIONS, ROW)


@pytest.fixture(scope="module")
def template() -> Template:
    stack = Stack(app(), "extended")
    definition = '{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}'
    state_machine = sfn.StateMachine(
        stack, "Machine", definition_body=sfn.DefinitionBody.from_string(definition)
    )
    Api(stack, "Api", settings=Settings(), state_machine=state_machine, operations=EXTENDED)
    return Template.from_stack(stack)


def methods(template: Template) -> dict[tuple[str, str], dict[str, Any]]:
    """The properties of all methods, by method and route."""
    resources = {
        id: each["Properties"]
        for id, each in template.find_resources("AWS::ApiGateway::Resource").items()
    }

    def route(resource: dict[str, Any]) -> str:
        if "Ref" not in resource:
            return ""
        above = resources[resource["Ref"]]
        return f"{route(above['ParentId'])}/{above['PathPart']}"

    found = template.find_resources("AWS::ApiGateway::Method").values()
    return {
        (each["Properties"]["HttpMethod"], route(each["Properties"]["ResourceId"]) or "/"): each[
            "Properties"
        ]
        for each in found
    }


def refusals(rows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The methods for what the API does not take: one for each route, and one for all others."""
    return {("ANY", route) for _, route in rows} | {("ANY", "/{proxy+}")}


def served_document(template: Template) -> dict[str, Any]:
    """What `GET /openapi.json` answers."""
    integration = methods(template)["GET", "/openapi.json"]["Integration"]
    response = integration["IntegrationResponses"][0]["ResponseTemplates"]
    return dict(json.loads(response["application/json"]))


def test_a_row_is_a_method_that_tells_the_state_machine_its_name(template: Template) -> None:
    method = methods(template)[ROW.http_method, ROW.route]

    request = json.dumps(method["Integration"]["RequestTemplates"]["application/json"])
    assert "enlarge" in request
    assert method["RequestModels"].keys() == {"application/json"}
    assert method["RequestParameters"] == {
        "method.request.path.id": True,
        "method.request.header.Idempotency-Key": False,
    }
    assert method["AuthorizationType"] == "AWS_IAM"


def test_a_row_is_described_in_the_document_that_is_served(template: Template) -> None:
    described = served_document(template)["paths"]["/images/{id}/larger"]["post"]

    assert (described["operationId"], described["summary"]) == ("enlarge", ROW.summary)
    assert described["parameters"] == list(ROW.parameters)
    assert described["requestBody"]["content"]["application/json"]["schema"] == ROW.request
    success = described["responses"]["200"]
    assert success["description"] == "The larger picture"
    assert success["content"]["application/json"]["schema"] == schema_of(Picture)


@pytest.mark.parametrize(("auth", "pictures"), [("iam", 2), ("api_key", 0)])
def test_a_rows_pictures_are_part_of_the_spend_ceiling(auth: Any, pictures: int) -> None:
    settings = Settings(auth=auth)
    per_bucket = settings.throttle_per_second * 3_600 + settings.throttle_burst

    more = ceiling(settings, EXTENDED).throttled_calls - ceiling(settings).throttled_calls

    assert more == pictures * per_bucket


def test_the_stack_has_the_rows_and_no_other_route() -> None:
    template, operations = template_of(Settings()), operations_for(Settings())
    rows = {(each.http_method, each.route) for each in operations}
    all_rows = rows | {("GET", "/openapi.json")}

    described = document(operations, settings=Settings())
    paths = {
        (method.upper(), route) for route, each in described["paths"].items() for method in each
    }
    assert set(methods(template)) == all_rows | refusals(all_rows)
    assert served_document(template) == described
    assert paths == rows


def test_without_the_list_its_row_is_nowhere() -> None:
    template = template_of(COMBINATIONS["no_list"])
    offered = operations_for(Settings())
    rows = {(each.http_method, each.route) for each in offered} - {("GET", "/images")}
    rows.add(("GET", "/openapi.json"))

    assert set(methods(template)) == rows | refusals(rows)
    assert list(served_document(template)["paths"]["/images"]) == ["post"]


@pytest.mark.parametrize(
    "settings",
    [COMBINATIONS["no_list"], COMBINATIONS["other_origins"], Settings(allow_deletion=True)],
    ids=["no list", "other origins", "deletion"],
)
def test_what_is_not_taken_is_refused_with_what_is(settings: Settings) -> None:
    found = methods(template_of(settings))
    taken: dict[str, list[str]] = {}
    for http_method, route in found:
        if http_method not in ("ANY", "OPTIONS"):
            taken.setdefault(route, []).append(http_method)

    for route, http_methods in taken.items():
        (response,) = found["ANY", route]["Integration"]["IntegrationResponses"]
        allowed = response["ResponseParameters"]["method.response.header.Allow"].strip("'")
        assert response["StatusCode"] == "405"
        assert sorted(allowed.split(", ")) == sorted(http_methods)
        told = f"{route} does not take ${{method}}. It takes {allowed}."
        assert told in response["ResponseTemplates"]["application/json"]


@pytest.mark.parametrize(
    "settings",
    [COMBINATIONS["other_origins"], Settings(allow_deletion=True)],
    ids=["other origins", "deletion"],
)
def test_the_documents_count_what_a_setting_adds(settings: Settings) -> None:
    row = re.compile(r"\| `(AWS::[\w:]+)` \| \d+ \| (\d+) \|")
    most = dict(row.findall((ROOT / "docs" / "architecture.md").read_text()))

    found = Counter(
        resource["Type"] for resource in template_of(settings).to_json()["Resources"].values()
    )

    assert {type: number for type, number in found.items() if number > int(most[type])} == {}


def test_no_two_operations_of_the_document_have_one_id() -> None:
    ids = [
        described["operationId"]
        for each in document(settings=Settings())["paths"].values()
        for described in each.values()
    ]

    assert len(set(ids)) == len(ids) == len(OPERATIONS)


@pytest.mark.parametrize("allowed", [False, True])
def test_deleting_has_route_state_function_and_output_only_where_it_is_allowed(
    allowed: bool,
) -> None:
    settings = Settings(allow_deletion=allowed)

    text = json.dumps(template_of(settings).to_json())

    assert (("DELETE", "/images/{id}") in methods(template_of(settings))) is allowed
    for part in ("lambdas.delete.handler", "DeleteFunctionArn", "DeleteMethodArn", "'delete'"):
        assert (part in text) is allowed


def test_the_output_for_iam_names_the_method_that_deletes_alone() -> None:
    (arn,) = template_of(Settings(allow_deletion=True)).find_outputs("DeleteMethodArn").values()

    parts = arn["Value"]["Fn::Join"][1]
    assert ":execute-api:" in json.dumps(parts)
    assert parts[-1] == "/DELETE/images/*"
