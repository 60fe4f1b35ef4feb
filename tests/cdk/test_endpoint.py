"""Where callers reach the API, what its key encrypts, and what has tags."""

import json
from typing import Any

from cdk.settings import Settings
from local.template import Resolver
from tests.cdk.combinations import COMBINATIONS, properties, template_of

PUBLIC = Settings()
OWN_DOMAIN = COMBINATIONS["own_domain"]
PRIVATE = COMBINATIONS["private"]
OWN_KEY = COMBINATIONS["own_key"]


def output(settings: Settings, name: str) -> Any:
    (stage,) = template_of(settings).find_resources("AWS::ApiGateway::Stage")
    names = {"AWS::Region": "eu-west-1", "AWS::URLSuffix": "amazonaws.com", stage: "v1"}
    outputs = template_of(settings).to_json()["Outputs"]
    return Resolver(names).resolve(outputs[name]["Value"]) if name in outputs else None


class TestAddress:
    def test_it_is_public_and_regional_unless_asked_for_otherwise(self) -> None:
        (api,) = properties(PUBLIC, "AWS::ApiGateway::RestApi")

        assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
        assert "Policy" not in api
        (id,) = template_of(PUBLIC).find_resources("AWS::ApiGateway::RestApi")
        address = f"https://{id}.execute-api.eu-west-1.amazonaws.com/v1"
        assert output(PUBLIC, "ApiUrl") == f"{address}/images"
        assert output(PUBLIC, "DomainTarget") is None

    def test_all_of_its_own_domain_leads_to_its_stage(self) -> None:
        (domain,) = properties(OWN_DOMAIN, "AWS::ApiGateway::DomainName")
        (mapping,) = properties(OWN_DOMAIN, "AWS::ApiGateway::BasePathMapping")
        (stage,) = template_of(OWN_DOMAIN).find_resources("AWS::ApiGateway::Stage")

        assert domain == {
            "DomainName": "images.example.com",
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
            "RegionalCertificateArn": OWN_DOMAIN.certificate_arn,
            "SecurityPolicy": "TLS_1_2",
        }
        assert mapping["Stage"] == {"Ref": stage}
        assert "BasePath" not in mapping
        assert output(OWN_DOMAIN, "ApiUrl") == "https://images.example.com/images"
        (target,) = template_of(OWN_DOMAIN).find_resources("AWS::ApiGateway::DomainName")
        assert template_of(OWN_DOMAIN).to_json()["Outputs"]["DomainTarget"]["Value"] == {
            "Fn::GetAtt": [target, "RegionalDomainName"]
        }

    def test_a_private_one_has_the_address_of_its_vpc_endpoint(self) -> None:
        (api,) = properties(PRIVATE, "AWS::ApiGateway::RestApi")
        (id,) = template_of(PRIVATE).find_resources("AWS::ApiGateway::RestApi")

        endpoint = PRIVATE.vpc_endpoint_id
        assert api["EndpointConfiguration"] == {
            "Types": ["PRIVATE"],
            "VpcEndpointIds": [endpoint],
        }
        host = f"{id}-{endpoint}.execute-api.eu-west-1.amazonaws.com"
        assert output(PRIVATE, "ApiUrl") == f"https://{host}/v1/images"

    def test_a_private_ones_methods_ask_who_calls_even_so(self) -> None:
        open_methods = {
            method["HttpMethod"]
            for method in properties(PRIVATE, "AWS::ApiGateway::Method")
            if method["AuthorizationType"] == "NONE"
        }

        assert open_methods == {"OPTIONS"}


class TestKey:
    def test_it_encrypts_pictures(self) -> None:
        log_bucket, bucket = (
            each["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            for each in properties(OWN_KEY, "AWS::S3::Bucket")
        )

        by_key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": OWN_KEY.kms_key_arn}
        assert bucket == [{"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": by_key}]
        assert log_bucket == [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]

    def test_it_encrypts_every_log_and_the_topic_which_has_no_other(self) -> None:
        groups = properties(OWN_KEY, "AWS::Logs::LogGroup")
        (topic,) = properties(OWN_KEY, "AWS::SNS::Topic")

        assert len(groups) == 8
        assert {group["KmsKeyId"] for group in groups} == {OWN_KEY.kms_key_arn}
        assert topic["KmsMasterKeyId"] == OWN_KEY.kms_key_arn
        assert properties(OWN_KEY, "AWS::KMS::Key") == []

    def test_without_one_aws_encrypts_logs(self) -> None:
        assert "KmsKeyId" not in json.dumps(properties(PUBLIC, "AWS::Logs::LogGroup"))


def test_everything_that_takes_tags_has_them() -> None:
    """Whether a type takes some is what CloudFormation's registry says."""
    # Loading it takes half a second, which no worker but one has to spend.
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    tags = [{"Key": key, "Value": value} for key, value in sorted(OWN_KEY.tags)]
    tagged = set()

    for resource in template_of(OWN_KEY).to_json()["Resources"].values():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"]).schema
        if "Tags" in schema["properties"]:
            tagged.add(resource["Type"])
            assert resource["Properties"]["Tags"] == tags, resource["Type"]

    assert {"AWS::S3::Bucket", "AWS::Lambda::Function", "AWS::ApiGateway::RestApi"} <= tagged
    assert len(tagged) >= 10
