"""Lambda handler of the store step: publishes a staged picture or shows an earlier one."""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.common.answers import Picture, RerunPicture
from lambdas.common.bucket import Bucket
from lambdas.common.clients import bedrock_client, one_attempt, s3_client
from lambdas.common.environment import StoreEnvironment, at_start
from lambdas.common.owner import owner_of
from lambdas.common.recipe import Recipe
from lambdas.common.telemetry import invocation
from lambdas.store.checking import Dependencies
from lambdas.store.guardrail import Guardrail
from lambdas.store.presigner import Presigner
from lambdas.store.publishing import Execution, Publication, publish
from lambdas.store.showing import show


def handler(event: dict[str, Any], context: object) -> Picture | RerunPicture | str:
    """Takes `{"operation": "publish", "id", "recipe", "rerun", "recipe_in_picture", "owner",
    "source", "execution": {"arn", "started_at"}}` and returns the picture as a 200 has it, or
    `{"operation": "show", "id", "caller", "execution"}` and returns a 200's body as JSON."""
    execution = Execution(**event["execution"])
    with invocation("store", execution.arn, environment=_environment()) as log:
        if event["operation"] == "show":
            log.event = "picture shown"
            owner, visibility = owner_of(event["caller"]), _environment().visibility
            shown = show(event["id"], _dependencies(), owner=owner, visibility=visibility)
            # As text: the state machine keeps only 15 digits of a number, and recipes can have
            # more. Unescaped, because a state holds 256 KiB.
            return json.dumps(shown, ensure_ascii=False)
        recipe = Recipe.from_dict(event["recipe"])
        log.note_recipe(recipe, picture_id=event["id"])
        log.event = "picture published"
        publication = Publication(
            id=event["id"],
            recipe=recipe,
            rerun=event["rerun"],
            recipe_in_picture=event["recipe_in_picture"],
            owner=event["owner"],
            source=event["source"],
            execution=execution,
        )
        return publish(publication, _dependencies())


def _dependencies() -> Dependencies:
    environment = _environment()
    bucket = Bucket(environment.bucket, _s3())
    presigner = Presigner(bucket.name, _s3(), environment.url_expires_seconds)
    return Dependencies(bucket, _guardrail(), presigner, datetime.now(UTC))


_environment = cache(StoreEnvironment.read)
_s3 = cache(s3_client)


@cache
def _guardrail() -> Guardrail | None:
    environment = _environment()
    if not environment.guardrail_id:
        return None
    config = one_attempt(connect_timeout=1, read_timeout=environment.picture_check_seconds)
    return Guardrail(
        environment.guardrail_id, environment.guardrail_version, bedrock_client(config)
    )


at_start(_dependencies)
