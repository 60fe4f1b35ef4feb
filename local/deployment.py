"""Deploys the synthesized template into moto and finds out what became of its resources."""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from moto.cloudformation.models import cloudformation_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.stepfunctions.parser.asl.parse.asl_parser import (
    AmazonStateLanguageParser,
    ASLParserException,
)

from local.aws.policies import Statement
from local.bedrock.guardrails import Guardrail, guardrail_arn
from local.functions import Function
from local.template import Resolver, Template

# What moto does not deploy: gateway, guardrails and AWS endpoint here read their resources and the
# buckets' policies from the template instead, no alarm watches this machine, and nothing here
# stands in for the firewall.
_NOT_FOR_MOTO = (
    "AWS::ApiGateway::",
    "AWS::Bedrock::",
    "AWS::CDK::",
    "AWS::CloudWatch::",
    "AWS::KMS::",
    "AWS::Logs::MetricFilter",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::",
    "AWS::WAFv2::",
)

# CloudFormation makes up a name where the template gives none. Here it is the same at each start,
# so that ARNs and addresses that somebody wrote down stay good.
_NAMES = {
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}

_FIRST_VERSION = "1"


class DeploymentError(Exception):
    """moto refused the template; the message is its reason."""


@dataclass(frozen=True)
class Deployment:
    """A deployed stack. `resolver` resolves references to its resources."""

    guardrails: tuple[Guardrail, ...]
    functions: tuple[Function, ...]
    bucket: str
    bucket_policies: Mapping[str, list[Statement]]
    state_machine_arn: str
    resolver: Resolver


def deploy(
    template: Template, *, stack_name: str, region: str, api_url: str, cloudformation: Any
) -> Deployment:
    """Creates the stack, whose API is at `api_url`. Raises DeploymentError."""
    ((machine, properties),) = template.resources("AWS::StepFunctions::StateMachine").items()
    try:
        AmazonStateLanguageParser.parse(properties["DefinitionString"])
    except ASLParserException as error:
        raise DeploymentError(f"the state machine is no ASL: {error}") from error
    guardrails = _guardrails(template)
    versions = template.resources("AWS::Bedrock::GuardrailVersion")
    attributes = {(logical_id, "Version"): _FIRST_VERSION for logical_id in versions}
    for logical_id, guardrail in guardrails.items():
        attributes[logical_id, "GuardrailId"] = guardrail.id
        attributes[logical_id, "GuardrailArn"] = guardrail_arn(guardrail.id, region)
    resources = _for_moto(template.document["Resources"], attributes)
    for logical_id, resource in resources.items():
        if resource["Type"] in _NAMES:
            name = f"{stack_name}-{logical_id}"
            made_up = name.lower() if resource["Type"] == "AWS::S3::Bucket" else name
            resource.setdefault("Properties", {}).setdefault(_NAMES[resource["Type"]], made_up)
    outputs = _outputs(template.document, deployed=resources.keys(), api_url=api_url)
    mappings = template.document.get("Mappings", {})
    body = {"Mappings": mappings, "Resources": resources, "Outputs": outputs}
    cloudformation.create_stack(StackName=stack_name, TemplateBody=json.dumps(body))
    status = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]["StackStatus"]
    if status != "CREATE_COMPLETE":
        raise DeploymentError(f"the stack ended as {status}")
    stack = cloudformation_backends[DEFAULT_ACCOUNT_ID][region].get_stack(stack_name)
    resolver = Resolver(stack.resource_map, attributes)
    return Deployment(
        guardrails=tuple(
            replace(each, properties=resolver.resolve(each.properties))
            for each in guardrails.values()
        ),
        functions=tuple(_functions(template, resolver)),
        bucket=resolver.resolve(template.document["Outputs"]["BucketName"]["Value"]),
        bucket_policies=_bucket_policies(template, resolver),
        state_machine_arn=resolver.resolve({"Ref": machine}),
        resolver=resolver,
    )


def _for_moto(
    resources: Mapping[str, Any], attributes: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    """Returns the resources that moto deploys. Attributes of the others are filled in; what names
    one of them even so, as the log group that is named after the API does, stays out too."""
    texts = {logical_id: json.dumps(resource) for logical_id, resource in resources.items()}
    for (logical_id, name), value in attributes.items():
        reference = json.dumps({"Fn::GetAtt": [logical_id, name]})
        texts = {key: text.replace(reference, json.dumps(value)) for key, text in texts.items()}
    absent = {
        f'"{logical_id}"'
        for logical_id, resource in resources.items()
        if resource["Type"].startswith(_NOT_FOR_MOTO)
    }
    deployed = {}
    for logical_id, text in texts.items():
        resource = json.loads(text)
        resource.pop("DependsOn", None)
        named = json.dumps([logical_id, resource.get("Properties")])
        if not any(each in named for each in absent):
            deployed[logical_id] = _substituted(resource)
    return deployed


def _outputs(
    document: Mapping[str, Any], *, deployed: Collection[str], api_url: str
) -> dict[str, Any]:
    """Returns the template's outputs, without those of what is not here."""
    absent = [f'"{each}"' for each in document["Resources"] if each not in deployed]
    outputs = {**document["Outputs"], "ApiUrl": {"Value": f"{api_url}/images"}}
    return {
        name: output
        for name, output in outputs.items()
        if not any(each in json.dumps(output) for each in absent)
    }


def _guardrails(template: Template) -> dict[str, Guardrail]:
    """Returns the guardrails by logical id. Their ids, which Bedrock makes up, are made up here."""
    versioned = {
        version["GuardrailIdentifier"]["Fn::GetAtt"][0]
        for version in template.resources("AWS::Bedrock::GuardrailVersion").values()
    }
    return {
        logical_id: Guardrail(
            id=hashlib.sha256(logical_id.encode()).hexdigest()[:12],
            properties=properties,
            versions=frozenset({_FIRST_VERSION} if logical_id in versioned else ()),
        )
        for logical_id, properties in template.resources("AWS::Bedrock::Guardrail").items()
    }


def _substituted(resource: dict[str, Any]) -> dict[str, Any]:
    """Writes a state machine's DefinitionSubstitutions, which moto ignores, as a join."""
    properties = resource.get("Properties", {})
    if "DefinitionSubstitutions" not in properties:
        return resource
    parts: list[Any] = re.split(r"\$\{(\w+)\}", properties["DefinitionString"])
    parts[1::2] = [properties["DefinitionSubstitutions"][name] for name in parts[1::2]]
    return {**resource, "Properties": {**properties, "DefinitionString": {"Fn::Join": ["", parts]}}}


def _bucket_policies(template: Template, resolver: Resolver) -> dict[str, list[Statement]]:
    """Returns the statements of each bucket's policy, by the bucket's name."""
    policies = template.resources("AWS::S3::BucketPolicy").values()
    return {
        each["Bucket"]: each["PolicyDocument"]["Statement"]
        for each in map(resolver.resolve, policies)
    }


def _functions(template: Template, resolver: Resolver) -> Iterator[Function]:
    for logical_id, declared in template.resources("AWS::Lambda::Function").items():
        properties = resolver.resolve(declared)
        asset_hash = properties["Code"]["S3Key"].removesuffix(".zip")
        yield Function(
            name=resolver.resolve({"Ref": logical_id}),
            arn=resolver.resolve({"Fn::GetAtt": [logical_id, "Arn"]}),
            handler=properties["Handler"],
            asset=template.assets[asset_hash],
            environment=properties.get("Environment", {}).get("Variables", {}),
            timeout_seconds=properties["Timeout"],
            memory_mb=properties["MemorySize"],
            role_arn=properties["Role"],
            reserved_concurrency=properties.get("ReservedConcurrentExecutions"),
            tracing=properties.get("TracingConfig", {}).get("Mode") == "Active",
            runtime=properties["Runtime"],
            log_group=properties.get("LoggingConfig", {}).get("LogGroup"),
        )
