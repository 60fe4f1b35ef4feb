"""Intrinsic functions of a template."""

from typing import Any

import pytest

from local.template import Resolver

RESOLVER = Resolver(
    {
        "Bucket": "bucket-1",
        "AWS::Region": "eu-west-1",
        "Profiles": {"eu-west-1": {"Name": "eu"}},
    },
    {("Guardrail", "Arn"): "arn:guardrail"},
)


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Fn::FindInMap": ["Profiles", {"Ref": "AWS::Region"}, "Name"]}, "eu"),
        ({"Ref": "Bucket"}, "bucket-1"),
        ({"Ref": "ApiResource"}, "ApiResource"),
        ({"Fn::GetAtt": ["Guardrail", "Arn"]}, "arn:guardrail"),
        ({"Fn::GetAtt": ["Api", "RootResourceId"]}, "Api"),
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::Region"}]]}, "a-eu-west-1"),
        ({"Fn::Sub": "${Bucket}/${AWS::Region}"}, "bucket-1/eu-west-1"),
        ({"a": [{"Ref": "Bucket"}], "b": 1}, {"a": ["bucket-1"], "b": 1}),
    ],
    ids=str,
)
def test_intrinsic_functions_resolve(value: Any, resolved: Any) -> None:
    assert RESOLVER.resolve(value) == resolved


def test_an_unknown_function_is_not_passed_over() -> None:
    with pytest.raises(NotImplementedError, match="Fn::Cidr"):
        RESOLVER.resolve({"a": [{"Fn::Cidr": ["10.0.0.0/16", 2, 8]}]})
