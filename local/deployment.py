"""Deploys the synthesized template into moto and finds out what became of its resources."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from moto.cloudformation.models import cloudformation_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.stepfunctions.parser.asl.parse import asl_parser

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
    """A deployed stack. `bucket_policies` are statements by the bucket's name, `resolver` resolves
    references to its resources."""

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
        asl_parser.AmazonStateLanguageParser.parse(properties["DefinitionString"])
    except asl_parser.ASLParserException as error:
        raise DeploymentError(f"the state machine is no ASL: {error}") from error
    versions = template.resources("AWS::Bedrock::GuardrailVersion")
    guardrails = _guardrails(template, versions)
    attributes = {(logical_id, "Version"): _FIRST_VERSION for logical_id in versions}
    for logical_id, guardrail in guardrails.items():
        attributes[logical_id, "GuardrailId"] = guardrail.id
        attributes[logical_id, "GuardrailArn"] = guardrail_arn(guardrail.id, region)
    resources = _filled_in(template.document["Resources"], attributes)
    absent = [name for name, each in resources.items() if each["Type"].startswith(_NOT_FOR_MOTO)]
    resources = _without(resources, absent)
    definition = resources[machine]["Properties"]
    definition["DefinitionString"] = _substituted(definition)
    for logical_id, resource in resources.items():
        resource.pop("DependsOn", None)
        if resource["Type"] in _NAMES:
            name = f"{stack_name}-{logical_id}"
            made_up = name.lower() if resource["Type"] == "AWS::S3::Bucket" else name
            resource.setdefault("Properties", {}).setdefault(_NAMES[resource["Type"]], made_up)
    absent = [name for name in template.document["Resources"] if name not in resources]
    outputs = _without(template.document["Outputs"], absent)
    outputs["ApiUrl"] = {"Value": f"{api_url}/images"}
    mappings = template.document.get("Mappings", {})
    body = {"Mappings": mappings, "Resources": resources, "Outputs": outputs}
    cloudformation.create_stack(StackName=stack_name, TemplateBody=json.dumps(body))
    stack = cloudformation_backends[DEFAULT_ACCOUNT_ID][region].get_stack(stack_name)
    if stack.status != "CREATE_COMPLETE":
        raise DeploymentError(f"the stack ended as {stack.status}")
    resolver = Resolver(stack.resource_map, attributes)
    return Deployment(
        guardrails=tuple(
            replace(each, properties=resolver.resolve(each.properties))
            for each in guardrails.values()
        ),
        functions=tuple(_functions(template, resolver)),
        bucket=resolver.resolve(template.document["Outputs"]["BucketName"]["Value"]),
        bucket_policies={
            each["Bucket"]: each["PolicyDocument"]["Statement"]
            for each in map(resolver.resolve, template.resources("AWS::S3::BucketPolicy").values())
        },
        state_machine_arn=resolver.resolve({"Ref": machine}),
        resolver=resolver,
    )


def _filled_in(
    resources: Mapping[str, Any], attributes: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    """Returns the resources with the values of attributes of what moto does not deploy."""
    text = json.dumps(resources)
    for (logical_id, name), value in attributes.items():
        text = text.replace(json.dumps({"Fn::GetAtt": [logical_id, name]}), json.dumps(value))
    return dict(json.loads(text))


def _without(section: Mapping[str, Any], absent: Iterable[str]) -> dict[str, Any]:
    """Returns the section of a template without absent resources and what names one of them, as the
    log group that is named after the API does."""
    names = [f'"{each}"' for each in absent]
    return {
        name: item
        for name, item in section.items()
        if not any(each in json.dumps([name, item.get("Properties", item)]) for each in names)
    }


def _guardrails(template: Template, versions: Mapping[str, Any]) -> dict[str, Guardrail]:
    """Returns the guardrails by logical id. Their ids, which Bedrock makes up, are made up here."""
    versioned = [each["GuardrailIdentifier"]["Fn::GetAtt"][0] for each in versions.values()]
    return {
        logical_id: Guardrail(
            id=hashlib.sha256(logical_id.encode()).hexdigest()[:12],
            properties=properties,
            versions=frozenset({_FIRST_VERSION} if logical_id in versioned else ()),
        )
        for logical_id, properties in template.resources("AWS::Bedrock::Guardrail").items()
    }


def _substituted(machine: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a state machine's definition, with the substitutions that moto ignores, as a join."""
    parts: list[Any] = re.split(r"\$\{(\w+)\}", machine["DefinitionString"])
    parts[1::2] = [machine["DefinitionSubstitutions"][name] for name in parts[1::2]]
    return {"Fn::Join": ["", parts]}


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
