"""Deploys the synthesized template into moto and finds out what became of its resources."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.stepfunctions.parser.asl.parse.asl_parser import (
    AmazonStateLanguageParser,
    ASLParserException,
)

from local.bedrock.guardrails import Guardrail
from local.functions import Function
from local.template import Resolver, Template

# What moto does not deploy: gateway and guardrails here read their resources from the template
# instead, a bucket policy, which only asks for TLS, has nothing to say on loopback, no alarm
# watches this machine, and nothing here stands in for the firewall.
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

_FIRST_VERSION = "1"


class DeploymentError(Exception):
    """moto refused the template; the message is its reason."""


@dataclass(frozen=True)
class Deployment:
    """A deployed stack: its functions, its picture bucket, its state machine, its guardrails and a
    resolver of its references."""

    guardrails: tuple[Guardrail, ...]
    functions: tuple[Function, ...]
    bucket: str
    state_machine_arn: str
    resolver: Resolver


def deploy(template: Template, *, stack_name: str, region: str, cloudformation: Any) -> Deployment:
    """Create the stack. Raises DeploymentError."""
    for machine in template.resources("AWS::StepFunctions::StateMachine"):
        try:
            AmazonStateLanguageParser.parse(machine.properties["DefinitionString"])
        except ASLParserException as error:
            raise DeploymentError(f"the state machine is no ASL: {error}") from error
    attributes = _guardrail_attributes(template, region)
    cloudformation.create_stack(
        StackName=stack_name, TemplateBody=json.dumps(_for_moto(template.document, attributes))
    )
    status = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]["StackStatus"]
    if status != "CREATE_COMPLETE":
        raise DeploymentError(f"the stack ended as {status}")
    described = cloudformation.describe_stack_resources(StackName=stack_name)
    resources = {
        resource["LogicalResourceId"]: (
            resource["ResourceType"],
            resource["PhysicalResourceId"],
        )
        for resource in described["StackResources"]
    }
    resolver = _resolver(resources, region, attributes)
    return Deployment(
        guardrails=tuple(_guardrails(template, attributes)),
        functions=tuple(_functions(template, resolver)),
        bucket=resolver.resolve(template.document["Outputs"]["BucketName"]["Value"]),
        state_machine_arn=_only(resources, "AWS::StepFunctions::StateMachine"),
        resolver=resolver,
    )


def _for_moto(
    document: Mapping[str, Any], attributes: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    resources = _with_attributes(document["Resources"], attributes)
    left_out = {
        logical_id
        for logical_id, resource in resources.items()
        if resource["Type"].startswith(_NOT_FOR_MOTO)
    }
    # Nor what refers to those by more than the attributes known here: the log group that is named
    # after the API.
    left_out |= {
        logical_id
        for logical_id, resource in resources.items()
        if _references(_with_attributes(resource.get("Properties"), attributes)) & left_out
    }
    kept = {
        logical_id: _substituted(
            {key: value for key, value in resource.items() if key != "DependsOn"}
        )
        for logical_id, resource in resources.items()
        if logical_id not in left_out
    }
    return {"Resources": kept}


def _with_attributes(value: Any, attributes: Mapping[tuple[str, str], str]) -> Any:
    """A part of the template in which the attributes of what moto does not deploy are filled in."""
    if isinstance(value, list):
        return [_with_attributes(item, attributes) for item in value]
    if not isinstance(value, dict):
        return value
    attribute = value.get("Fn::GetAtt")
    if isinstance(attribute, list) and tuple(attribute) in attributes:
        return attributes[tuple(attribute)]
    return {key: _with_attributes(item, attributes) for key, item in value.items()}


def _guardrail_attributes(template: Template, region: str) -> dict[tuple[str, str], str]:
    """Ids, ARNs and versions, which Bedrock makes up."""
    attributes: dict[tuple[str, str], str] = {}
    for guardrail in template.resources("AWS::Bedrock::Guardrail"):
        id = hashlib.sha256(guardrail.logical_id.encode()).hexdigest()[:12]
        attributes |= {
            (guardrail.logical_id, "GuardrailId"): id,
            (guardrail.logical_id, "GuardrailArn"): (
                f"arn:aws:bedrock:{region}:{DEFAULT_ACCOUNT_ID}:guardrail/{id}"
            ),
        }
    for version in template.resources("AWS::Bedrock::GuardrailVersion"):
        attributes[version.logical_id, "Version"] = _FIRST_VERSION
    return attributes


def _guardrails(
    template: Template, attributes: Mapping[tuple[str, str], str]
) -> Iterator[Guardrail]:
    versioned = {
        version.properties["GuardrailIdentifier"]["Fn::GetAtt"][0]
        for version in template.resources("AWS::Bedrock::GuardrailVersion")
    }
    for guardrail in template.resources("AWS::Bedrock::Guardrail"):
        yield Guardrail(
            id=attributes[guardrail.logical_id, "GuardrailId"],
            properties=guardrail.properties,
            versions=frozenset({_FIRST_VERSION} if guardrail.logical_id in versioned else ()),
        )


def _references(value: Any) -> set[str]:
    """The logical ids that Ref and Fn::GetAtt name."""
    if isinstance(value, list):
        return set().union(*map(_references, value))
    if not isinstance(value, dict):
        return set()
    match value:
        case {"Ref": str(logical_id)} | {"Fn::GetAtt": [str(logical_id), _]}:
            return {logical_id}
    return _references(list(value.values()))


def _substituted(resource: dict[str, Any]) -> dict[str, Any]:
    """A state machine's DefinitionSubstitutions, which moto ignores, as a join."""
    properties = resource.get("Properties", {})
    if "DefinitionSubstitutions" not in properties:
        return resource
    parts: list[Any] = re.split(r"\$\{(\w+)\}", properties["DefinitionString"])
    parts[1::2] = [properties["DefinitionSubstitutions"][name] for name in parts[1::2]]
    return {**resource, "Properties": {**properties, "DefinitionString": {"Fn::Join": ["", parts]}}}


def _resolver(
    resources: Mapping[str, tuple[str, str]],
    region: str,
    attributes: Mapping[tuple[str, str], str],
) -> Resolver:
    physical_ids = {logical_id: physical for logical_id, (_, physical) in resources.items()}
    physical_ids |= {
        "AWS::Partition": "aws",
        "AWS::Region": region,
        "AWS::AccountId": DEFAULT_ACCOUNT_ID,
        "AWS::URLSuffix": "amazonaws.com",
    }
    arns = {
        (logical_id, "Arn"): arn
        for logical_id, (type, physical) in resources.items()
        if (arn := _arn(type, physical, region)) is not None
    }
    return Resolver(physical_ids, arns | dict(attributes))


def _arn(type: str, physical_id: str, region: str) -> str | None:
    account = DEFAULT_ACCOUNT_ID
    match type:
        case "AWS::IAM::Role":
            return f"arn:aws:iam::{account}:role/{physical_id}"
        case "AWS::Lambda::Function":
            return f"arn:aws:lambda:{region}:{account}:function:{physical_id}"
        case "AWS::S3::Bucket":
            return f"arn:aws:s3:::{physical_id}"
        case "AWS::StepFunctions::StateMachine":
            return physical_id
        case "AWS::Logs::LogGroup":
            return f"arn:aws:logs:{region}:{account}:log-group:{physical_id}:*"
        case _:
            return None


def _functions(template: Template, resolver: Resolver) -> list[Function]:
    functions = []
    for resource in template.resources("AWS::Lambda::Function"):
        properties = resolver.resolve(dict(resource.properties))
        asset_hash = properties["Code"]["S3Key"].removesuffix(".zip")
        functions.append(
            Function(
                name=resolver.resolve({"Ref": resource.logical_id}),
                arn=resolver.resolve({"Fn::GetAtt": [resource.logical_id, "Arn"]}),
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
        )
    return functions


def _only(resources: Mapping[str, tuple[str, str]], type: str) -> str:
    (physical_id,) = [physical for kind, physical in resources.values() if kind == type]
    return physical_id
