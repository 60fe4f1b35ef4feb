"""What the local stack says of settings that it cannot act on."""

from typing import Any

import pytest

from local.differences import differences
from local.template import Template

BUCKET = {"BucketEncryption": {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}}


def said(**resources: Any) -> list[str]:
    document = {
        "Resources": {
            name: {"Type": type, "Properties": properties}
            for name, (type, properties) in resources.items()
        }
    }
    return list(differences(Template(document, {})))


@pytest.mark.parametrize(
    ("type", "properties", "named"),
    [
        ("AWS::ApiGateway::DomainName", {"DomainName": "a.example"}, "domain_name: a.example"),
        (
            "AWS::ApiGateway::RestApi",
            {"EndpointConfiguration": {"Types": ["PRIVATE"]}},
            "vpc_endpoint_id",
        ),
        ("AWS::S3::Bucket", BUCKET, "kms_key_arn"),
        ("AWS::WAFv2::WebACL", {}, "waf"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_it_names_the_setting(type: str, properties: Any, named: str) -> None:
    (sentence,) = said(one=(type, properties))

    assert sentence.startswith(named)


def test_it_says_nothing_of_what_it_acts_on() -> None:
    public = {"EndpointConfiguration": {"Types": ["REGIONAL"]}}

    assert said(api=("AWS::ApiGateway::RestApi", public), bucket=("AWS::S3::Bucket", {})) == []
