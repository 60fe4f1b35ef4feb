"""Adds the single Lambda to the synthesized template, so that the local stack runs it too."""

from dataclasses import replace
from pathlib import Path
from shutil import copy
from typing import Any

from lambdas.common.catalog import CATALOG
from local.template import Template

NAME = "single-lambda"
MODEL = "stability.stable-image-core-v1:1"
TIMEOUT_SECONDS = 300  # a published service's; the gateway gives up long before

_ASSET = "single_lambda"


def with_single_lambda(template: Template, directory: Path) -> Template:
    """Returns the template with a function, its role and its bucket more. `directory` gets its
    asset. It has the memory and the architecture of Generate, so that machines are the same."""
    (directory / _ASSET).mkdir(parents=True)
    for file in ("__init__.py", "handler.py"):
        copy(Path(__file__).with_name(file), directory / _ASSET)
    generate = next(
        function
        for function in template.resources("AWS::Lambda::Function").values()
        if ".generate." in function["Handler"]
    )
    resources: dict[str, Any] = {
        "SingleLambda": _resource(
            "AWS::Lambda::Function",
            FunctionName=NAME,
            Handler=f"{_ASSET}.handler.handler",
            Code={"S3Bucket": "assets", "S3Key": f"{_ASSET}.zip"},
            Environment={
                "Variables": {
                    "BUCKET": {"Ref": "SingleLambdaBucket"},
                    "MODEL_ID": CATALOG[MODEL].id,
                }
            },
            Role={"Fn::GetAtt": ["SingleLambdaRole", "Arn"]},
            Timeout=TIMEOUT_SECONDS,
            **{name: generate[name] for name in ("MemorySize", "Runtime", "Architectures")},
        ),
        "SingleLambdaBucket": _resource("AWS::S3::Bucket"),
        "SingleLambdaRole": _resource(
            "AWS::IAM::Role",
            AssumeRolePolicyDocument=_policy("sts:AssumeRole", Service="lambda.amazonaws.com"),
        ),
        # As wide as two of the published services have it.
        "SingleLambdaPolicy": _resource(
            "AWS::IAM::Policy",
            PolicyName=NAME,
            PolicyDocument=_policy(["bedrock:*", "s3:*"]),
            Roles=[{"Ref": "SingleLambdaRole"}],
        ),
    }
    document = {**template.document, "Resources": {**template.document["Resources"], **resources}}
    return replace(template, document=document, assets={**template.assets, _ASSET: directory})


def _resource(type: str, **properties: Any) -> dict[str, Any]:
    return {"Type": type, "Properties": properties}


def _policy(action: Any, **principal: str) -> dict[str, Any]:
    whom = {"Principal": principal} if principal else {"Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **whom}]}
