"""Two environments in one account and region: neither takes a name or a setting of the other."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from aws_cdk.assertions import Template

from tests.cdk.combinations import COMBINATIONS, stack

# What has its name inside of another resource of its own stack, and so cannot collide.
INSIDE = {
    "AWS::ApiGateway::Model": "RestApiId",
    "AWS::ApiGateway::RequestValidator": "RestApiId",
    "AWS::ApiGateway::Stage": "RestApiId",
    "AWS::ApiGateway::Method": "RestApiId",
    "AWS::IAM::Policy": "Roles",
}


@cache
def template(environment: str) -> Mapping[str, Any]:
    made = stack(COMBINATIONS[environment], name=f"easel-{environment}")
    return dict(Template.from_stack(made).to_json())


def physical_names(environment: str) -> set[tuple[str, str]]:
    """Type and name of each resource that is named by the template and not by CloudFormation."""
    names = set()
    for resource in template(environment)["Resources"].values():
        properties = resource.get("Properties", {})
        if "Ref" in json.dumps(properties.get(INSIDE.get(resource["Type"], ""), "")):
            continue
        for key, value in properties.items():
            if key == "Name" or key.endswith("Name"):
                names.add((resource["Type"], json.dumps(value)))
    return names


def of_the_stack(name: str, environment: str) -> bool:
    """Whether a name carries the stack's, or refers to what has its own from CloudFormation."""
    return f"easel-{environment}" in name or '"Ref"' in name or '"Fn::GetAtt"' in name


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_fixed_name_carries_that_of_the_stack(environment: str) -> None:
    names = physical_names(environment)

    assert {type for type, _ in names} >= {"AWS::Logs::LogGroup", "AWS::ApiGateway::RestApi"}
    assert [each for each in names if not of_the_stack(each[1], environment)] == []


def test_no_literal_name_is_in_both() -> None:
    dev, prod = (
        {each for each in physical_names(environment) if '"Ref"' not in each[1]}
        for environment in ("dev", "prod")
    )

    assert not dev & prod


def test_no_export_is_in_both() -> None:
    dev, prod = (
        {
            json.dumps(output["Export"]["Name"])
            for output in template(environment).get("Outputs", {}).values()
            if "Export" in output
        }
        for environment in ("dev", "prod")
    )

    assert not dev & prod


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_what_the_account_has_once_outlives_the_stack_that_set_it(environment: str) -> None:
    resources = template(environment)["Resources"]

    (account,) = [each for each in resources.values() if each["Type"] == "AWS::ApiGateway::Account"]
    role = resources[account["Properties"]["CloudWatchRoleArn"]["Fn::GetAtt"][0]]
    assert account["DeletionPolicy"] == account["UpdateReplacePolicy"] == "Retain"
    assert role["DeletionPolicy"] == role["UpdateReplacePolicy"] == "Retain"
    # A policy of its own would go with the stack, and a fixed name would not come again.
    assert "Policies" in role["Properties"]
    assert "RoleName" not in role["Properties"]
