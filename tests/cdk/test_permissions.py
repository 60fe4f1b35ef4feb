"""Every role and every resource policy of every template is as `permissions.py` has it."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from tests.cdk.combinations import COMBINATIONS, STACK_NAME, TRIED, template_of
from tests.cdk.permissions import WITHOUT_RESOURCES, resource_policies, roles


@cache
def resources(combination: str) -> Mapping[str, Any]:
    document = template_of(COMBINATIONS[combination]).to_json()
    return {each: readable(resource) for each, resource in document["Resources"].items()}


def readable(value: Any) -> Any:
    """A template's value with Ref, Fn::GetAtt and Fn::Join as text: `${Name}`, `${Name.Arn}`."""
    match value:
        case {"Ref": str(logical_id)}:
            return f"${{{without_hash(logical_id)}}}"
        case {"Fn::GetAtt": [str(logical_id), attribute]}:
            return f"${{{without_hash(logical_id)}.{attribute}}}"
        case {"Fn::FindInMap": [_, {"Ref": region}, name]}:
            return f"${{{name} of {region}}}"
        case {"Fn::Join": ["", parts]}:
            return "".join(str(readable(part)) for part in parts)
        case dict():
            return {key: readable(item) for key, item in value.items()}
        case list():
            return [readable(item) for item in value]
    return value


def without_hash(logical_id: str) -> str:
    return re.sub(r"[0-9A-F]{8}$", "", logical_id)


def path(resource: Mapping[str, Any]) -> str:
    full: str = resource["Metadata"]["aws:cdk:path"]
    return full.removeprefix(f"{STACK_NAME}/").removesuffix("/Resource")


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def granted(combination: str) -> dict[str, tuple[str, dict[str, set[str]]]]:
    """As `roles`, but what the template says."""
    found: dict[str, tuple[str, dict[str, set[str]]]] = {}
    policies = [
        each["Properties"]
        for each in resources(combination).values()
        if each["Type"] == "AWS::IAM::Policy"
    ]
    for logical_id, role in resources(combination).items():
        if role["Type"] != "AWS::IAM::Role":
            continue
        documents = [each["PolicyDocument"] for each in role["Properties"].get("Policies", [])]
        documents += [
            each["PolicyDocument"]
            for each in policies
            if f"${{{without_hash(logical_id)}}}" in each["Roles"]
        ]
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        found[path(role)] = (trust["Principal"]["Service"], allowed(documents))
    return found


def allowed(documents: list[Any]) -> dict[str, set[str]]:
    grants: dict[str, set[str]] = {}
    for statement in (each for document in documents for each in document["Statement"]):
        assert statement.keys() == {"Effect", "Action", "Resource"}
        assert statement["Effect"] == "Allow"
        for action in listed(statement["Action"]):
            grants.setdefault(action, set()).update(listed(statement["Resource"]))
    return grants


def policy_statements(value: Any) -> Iterator[Any]:
    """The statements of every policy document inside of a resource's properties.

    Rules of WAF have a `Statement` too; only one of a policy has an effect.
    """
    if isinstance(value, dict):
        yield from (each for each in listed(value.get("Statement", [])) if "Effect" in each)
        for item in value.values():
            yield from policy_statements(item)
    elif isinstance(value, list):
        for item in value:
            yield from policy_statements(item)


every_combination = pytest.mark.parametrize("combination", TRIED)


@every_combination
def test_each_role_may_do_exactly_what_the_table_says(combination: str) -> None:
    assert granted(combination) == roles(COMBINATIONS[combination])


@every_combination
def test_each_resource_policy_says_exactly_what_the_table_says(combination: str) -> None:
    found = {
        path(each): statements
        for each in resources(combination).values()
        if not each["Type"].startswith("AWS::IAM::")
        and (statements := list(policy_statements(each.get("Properties"))))
    }

    assert found == resource_policies(COMBINATIONS[combination])


@every_combination
def test_nothing_else_grants_anything(combination: str) -> None:
    types = {each["Type"] for each in resources(combination).values()}

    assert {each for each in types if each.startswith("AWS::IAM::")} == {
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
    }
    assert not {each for each in types if "Permission" in each}
    for each in resources(combination).values():
        assert "ManagedPolicyArns" not in each.get("Properties", {})


@every_combination
def test_a_star_stands_alone_only_where_aws_knows_no_resource(combination: str) -> None:
    everywhere = {
        action
        for _, grants in granted(combination).values()
        for action, on in grants.items()
        if "*" in on
    }

    assert everywhere <= WITHOUT_RESOURCES.keys()


def test_retired_models_are_granted_only_where_they_are_allowed() -> None:
    retired = "foundation-model/amazon.nova-canvas-v1:0"

    def models(combination: str) -> str:
        return " ".join(granted(combination)["Functions/GenerateRole"][1]["bedrock:InvokeModel"])

    assert retired in models("local")
    assert retired not in models("prod")
