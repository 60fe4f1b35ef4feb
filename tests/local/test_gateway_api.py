"""What the local gateway reads from a template, and what it refuses to read."""

from typing import Any

import pytest

from local.deployment import DeploymentError
from local.gateway.api import RestApi, read_api
from local.template import Resolver, Template


def read(*, declared: dict[str, bool], mapped: dict[str, str], **changed: Any) -> RestApi:
    """The API of one method, whose answer maps these headers of those that it declares."""
    method = {
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
    document = {"Resources": {"Method": {"Type": "AWS::ApiGateway::Method", "Properties": method}}}
    return read_api(Template(document, {}), Resolver({}, {}, {}))


VARY = "method.response.header.Vary"


def test_a_declared_header_is_mapped() -> None:
    (method,) = read(declared={VARY: False}, mapped={VARY: "'Origin'"}).methods

    assert method.responses[0].headers == {"Vary": "Origin"}


def test_a_header_that_no_method_response_declares_is_not_deployed() -> None:
    with pytest.raises(DeploymentError, match="method response 200 does not declare"):
        read(declared={}, mapped={VARY: "'Origin'"})


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"HttpMethod": "ANY"}, "ANY"), ({"AuthorizationType": "CUSTOM"}, "CUSTOM")],
    ids=str,
)
def test_what_the_gateway_does_not_know_is_not_passed_over(
    changed: dict[str, str], named: str
) -> None:
    with pytest.raises(NotImplementedError, match=named):
        read(declared={}, mapped={}, **changed)
