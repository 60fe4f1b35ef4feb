"""Lambda handler of the store step: publishes a staged picture, returns the caller's answer."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.common.answers import Picture, RerunPicture
from lambdas.common.bucket import Bucket
from lambdas.common.clients import bedrock_client, s3_client
from lambdas.common.environment import StoreEnvironment
from lambdas.common.presigner import Presigner
from lambdas.common.recipe import Recipe
from lambdas.common.telemetry import invocation
from lambdas.store.guardrail import Guardrail, client_config
from lambdas.store.publishing import Dependencies, Execution, Publication, publish


def handler(event: dict[str, Any], context: object) -> Picture | RerunPicture:
    """Takes `{"id", "recipe", "rerun", "recipe_in_picture", "owner", "source", "execution": {"arn",
    "started_at"}}` and returns the picture as a 200 has it."""
    environment = _environment()
    execution = Execution(**event["execution"])
    with invocation("store", execution.arn, environment=environment) as log:
        recipe = Recipe.from_dict(event["recipe"])
        log.note_recipe(recipe, picture_id=event["id"])
        log.event = "picture published"
        publication = Publication(
            id=event["id"],
            recipe=recipe,
            rerun=event["rerun"],
            recipe_in_picture=event["recipe_in_picture"],
            owner=event["owner"],
            reused=event["source"] != "model",
            execution=execution,
        )
        presigner = Presigner(environment.bucket, _s3(), environment.url_expires_seconds)
        bucket = Bucket(environment.bucket, _s3())
        deps = Dependencies(bucket, _guardrail(), presigner, datetime.now(UTC))
        return publish(publication, deps)


_environment = cache(StoreEnvironment.read)
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
