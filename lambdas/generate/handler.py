"""Lambda handler of the generate step: a recipe in, a reference to its picture out."""

import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Protocol

from lambdas.common.bucket import Bucket
from lambdas.common.clients import bedrock_client, open_bucket
from lambdas.common.errors import telling
from lambdas.common.recipe import Recipe
from lambdas.common.telemetry import PICTURES, RETRIES, REUSED, invocation, log_environment
from lambdas.generate.bedrock import FoundationModels, client_config
from lambdas.generate.caller_clock import CallerClock
from lambdas.generate.claims import Claims
from lambdas.generate.drawing import Surroundings, draw
from lambdas.generate.environment import Environment
from lambdas.generate.metering import MeteredModels


class Context(Protocol):
    """Lambda's context object."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """`{"id", "seed", "recipe", "found_by", "started_at": <ISO 8601>, "attempt_seconds",
    "execution_arn", "retry_count"}` to `{"key", "source", "reused"}`."""
    with invocation("generate", event["execution_arn"]) as log:
        recipe = Recipe.from_dict({**event["recipe"], "seed": event["seed"]})
        log.note_recipe(recipe, picture_id=event["id"])
        if event["retry_count"]:
            log.count(RETRIES)
        around = Surroundings(
            bucket=_bucket(),
            models=MeteredModels(_models(), log),
            claims=Claims(
                _bucket(),
                lifetime=timedelta(seconds=_environment().function_timeout_seconds),
                holder=context.aws_request_id,
                now=_now,
            ),
            clock=_clock(datetime.fromisoformat(event["started_at"]), event["attempt_seconds"]),
            call_seconds=_environment().model_timeout_seconds,
            remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1_000,
            sleep=time.sleep,
        )
        with telling(event["found_by"]):
            staged = draw(recipe, around, id=event["id"])
        log.note(source=staged.source)
        log.event = "picture found" if staged.reused else "picture drawn"
        log.count(REUSED if staged.reused else PICTURES)
        return staged.to_dict()


_environment = cache(Environment.from_env)


def _clock(started_at: datetime, attempt_seconds: int) -> CallerClock:
    environment = _environment()
    return CallerClock(
        started_at=started_at,
        attempt_started_at=_now(),
        attempt_seconds=attempt_seconds,
        answer_until_seconds=environment.answer_until_seconds,
        retry_wait_seconds=environment.retry_wait_seconds,
        now=_now,
    )


def _now() -> datetime:
    return datetime.now(UTC)


@cache
def _bucket() -> Bucket:
    return open_bucket(_environment().bucket)


@cache
def _models() -> FoundationModels:
    environment = _environment()
    client = bedrock_client(
        client_config(environment.model_timeout_seconds), region=environment.bedrock_region
    )
    return FoundationModels(client, quoting=log_environment().log_execution_data)
