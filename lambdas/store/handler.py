"""Lambda handler of the store step: a staged picture in, the caller's answer out."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.common.bucket import Bucket
from lambdas.common.clients import bedrock_client, s3_client
from lambdas.common.errors import telling
from lambdas.common.presigner import S3Presigner
from lambdas.common.recipe import Recipe
from lambdas.common.telemetry import invocation
from lambdas.store.environment import Environment
from lambdas.store.guardrail import Guardrail, client_config
from lambdas.store.publishing import Execution, Order, publish


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{"id", "seed", "recipe", "found_by", "rerun", "recipe_in_picture", "staged",
    "execution": {"arn", "started_at"}}` to the picture in a 200."""
    environment = _environment()
    execution = Execution(**event["execution"])
    with invocation("store", execution.arn) as log:
        recipe = Recipe.from_dict({**event["recipe"], "seed": event["seed"]})
        log.note_recipe(recipe, picture_id=event["id"])
        log.event = "picture published"
        with telling(event["found_by"]):
            return publish(
                Order(event["id"], recipe, event["rerun"], event["recipe_in_picture"]),
                reused=event["staged"]["reused"],
                execution=execution,
                bucket=Bucket(environment.bucket, _s3()),
                guardrail=_guardrail(),
                presigner=S3Presigner(environment.bucket, _s3(), environment.url_expires_seconds),
                now=datetime.now(UTC),
            )


_environment = cache(Environment.from_env)
_s3 = cache(s3_client)


@cache
def _guardrail() -> Guardrail | None:
    environment = _environment()
    if not environment.guardrail_id:
        return None
    return Guardrail(
        environment.guardrail_id,
        environment.guardrail_version,
        bedrock_client(client_config()),
    )
