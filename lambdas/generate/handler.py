"""Lambda handler of the generate step: takes a recipe, returns where its picture came from."""

import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from lambdas.common.bucket import Bucket
from lambdas.common.clients import bedrock_client, one_attempt, s3_client
from lambdas.common.environment import GenerateEnvironment, at_start
from lambdas.common.recipe import Recipe
from lambdas.common.telemetry import PICTURES, RETRIES, REUSED, Log, invocation
from lambdas.generate.bedrock import FoundationModels
from lambdas.generate.draw_lock import DrawLock
from lambdas.generate.drawing import Dependencies, draw

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient


class Context(Protocol):
    """Lambda's context object."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Takes `{"id", "recipe", "attempt": <from 1>, "draw_until": <ISO 8601>, "execution_arn"}` and
    returns `{"source": "model" | "staged" | "published"}`."""
    with invocation("generate", event["execution_arn"], environment=_environment()) as log:
        recipe = Recipe.from_dict(event["recipe"])
        log.note_recipe(recipe, picture_id=event["id"])
        if event["attempt"] > 1:
            log.count(RETRIES)
        draw_until = datetime.fromisoformat(event["draw_until"])
        source = draw(recipe, _dependencies(context, draw_until, log), id=event["id"])
        log.note(source=source)
        log.event = "picture drawn" if source == "model" else "picture found"
        log.count(PICTURES if source == "model" else REUSED)
        return {"source": source}


_environment = cache(GenerateEnvironment.read)


def _dependencies(context: Context, draw_until: datetime, log: Log) -> Dependencies:
    environment = _environment()
    return Dependencies(
        bucket=_bucket(),
        models=FoundationModels(_bedrock(), environment.log_execution_data, log),
        lock=DrawLock(
            _bucket(),
            lifetime=timedelta(seconds=environment.function_timeout_seconds),
            holder=context.aws_request_id,
            began_at=_now(),
        ),
        draw_until=draw_until,
        call_seconds=environment.model_timeout_seconds,
        remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1_000,
        now=_now,
        sleep=time.sleep,
    )


def _now() -> datetime:
    return datetime.now(UTC)


@cache
def _bucket() -> Bucket:
    return Bucket(_environment().bucket, s3_client())


@cache
def _bedrock() -> "BedrockRuntimeClient":
    environment = _environment()
    config = one_attempt(connect_timeout=3, read_timeout=environment.model_timeout_seconds)
    return bedrock_client(config, region=environment.bedrock_region)


at_start(_bucket)
at_start(_bedrock)
