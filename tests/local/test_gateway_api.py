"""What the local gateway reads from a template, and what it refuses to read."""

from typing import Any

import pytest

from local.deployment import DeploymentError
from local.gateway.api import RestApi, read_api
from local.template import Resolver, Template


def read(*, declared: dict[str, bool], mapped: dict[str, str], **changed: Any) -> RestApi:
    """The API of one method, whose answer maps these headers of those that it declares."""
    return api({"Method": method(declared=declared, mapped=mapped, **changed)})


def method(*, declared: dict[str, bool], mapped: dict[str, str], **changed: Any) -> dict[str, Any]:
    properties = {
        "HttpMethod": "OPTIONS",
        "ResourceId": "root",
        "AuthorizationType": "NONE",
        "MethodResponses": [{"StatusCode": "200", "ResponseParameters": declared}],
        "Integration": {
            "Type": "MOCK",
            "PassthroughBehavior": "NEVER",
            "RequestTemplates": {"application/json": "{}"},
            "IntegrationResponses": [{"StatusCode": "200", "ResponseParameters": mapped}],
        },
        **changed,
    }
    return {"Type": "AWS::ApiGateway::Method", "Properties": properties}


def api(resources: dict[str, Any]) -> RestApi:
    return read_api(Template({"Resources": resources}, {}), Resolver({}))


VARY = "method.response.header.Vary"


def test_a_declared_header_is_mapped() -> None:
    (method,) = read(declared={VARY: False}, mapped={VARY: "'Origin'"}).methods

    assert method.responses[0].headers == {"Vary": "Origin"}


def test_a_header_that_no_method_response_declares_is_not_deployed() -> None:
    with pytest.raises(DeploymentError, match="method response 200 does not declare"):
        read(declared={}, mapped={VARY: "'Origin'"})


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"AuthorizationType": "CUSTOM"}, "CUSTOM"),
        ({"AuthorizationType": "COGNITO_USER_POOLS"}, "COGNITO_USER_POOLS"),
    ],
    ids=str,
)
def test_what_the_gateway_does_not_know_is_not_passed_over(
    changed: dict[str, str], named: str
) -> None:
    with pytest.raises(NotImplementedError, match=named):
        read(declared={}, mapped={}, **changed)


# The less specific first, because a template's order means nothing.
RESOURCES = {"rest": ("root", "{proxy+}"), "images": ("root", "images"), "id": ("images", "{id}"),
             "rerun": ("id", "rerun"), "json": ("root", "openapi.json")}  # fmt: skip
METHODS = (
    ("rest", "ANY"), ("images", "ANY"), ("images", "POST"), ("id", "GET"), ("id", "ANY"),
    ("rerun", "POST"), ("json", "GET"), ("root", "ANY"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("http_method", "path", "served_by", "parameters"),
    [
        ("POST", "/images", ("POST", "/images"), {}),
        ("POST", "/images/", ("POST", "/images"), {}),
        ("PUT", "/images", ("ANY", "/images"), {}),
        ("GET", "/images/a.b", ("GET", "/images/{id}"), {"id": "a.b"}),
        ("HEAD", "/images/a", ("ANY", "/images/{id}"), {"id": "a"}),
        ("POST", "/images/a/rerun", ("POST", "/images/{id}/rerun"), {"id": "a"}),
        # A resource without the method is passed over, as one that is not there.
        ("GET", "/images/a/rerun", ("ANY", "/{proxy+}"), {"proxy": "images/a/rerun"}),
        ("GET", "/images/a/other", ("ANY", "/{proxy+}"), {"proxy": "images/a/other"}),
        ("GET", "/openapi.json", ("GET", "/openapi.json"), {}),
        ("GET", "/openapi-json", ("ANY", "/{proxy+}"), {"proxy": "openapi-json"}),
        ("GET", "/a\nb", ("ANY", "/{proxy+}"), {"proxy": "a\nb"}),
        ("GET", "/", ("ANY", "/"), {}),
        ("TRACE", "/images", None, None),
        ("get", "/other", None, None),
    ],
)
def test_the_most_specific_resource_that_takes_a_method_serves_it(
    http_method: str,
    path: str,
    served_by: tuple[str, str] | None,
    parameters: dict[str, str] | None,
) -> None:
    resources = {
        id: {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {"ParentId": above, "PathPart": part},
        }
        for id, (above, part) in RESOURCES.items()
    }
    methods = {
        f"{http_method}{id}": method(declared={}, mapped={}, ResourceId=id, HttpMethod=http_method)
        for id, http_method in METHODS
    }

    found = [
        ((each.http_method, each.path), each.match(http_method, path))
        for each in api({**resources, **methods}).methods
        if each.match(http_method, path) is not None
    ]

    assert (found[0] if found else (None, None)) == (served_by, parameters)
