"""Lambda handler of the generate step: a recipe in, a reference to its picture out."""

from functools import cache
from typing import Any

import boto3

from lambdas.common.bucket import Bucket, s3_config
from lambdas.common.recipe import Recipe
from lambdas.generate.bedrock import FoundationModels, client_config
from lambdas.generate.drawing import draw
from lambdas.generate.environment import Environment


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{"recipe": {...}}` to `{"key": ..., "source": ..., "reused": ...}`."""
    return draw(Recipe.from_dict(event["recipe"]), bucket=_bucket(), models=_models()).to_dict()


_environment = cache(Environment.from_env)


@cache
def _bucket() -> Bucket:
    return Bucket(_environment().bucket, boto3.client("s3", config=s3_config()))


@cache
def _models() -> FoundationModels:
    environment = _environment()
    return FoundationModels(
        boto3.client(
            "bedrock-runtime",
            region_name=environment.bedrock_region,
            config=client_config(environment.model_timeout_seconds),
        )
    )
