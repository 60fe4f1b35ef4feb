"""Lambda handler of the validate step: the request in, the recipe and its id out."""

import secrets
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from lambdas.common.recipe import Recipe
from lambdas.common.telemetry import invocation
from lambdas.validate.drawing_time import drawing_seconds
from lambdas.validate.environment import Environment
from lambdas.validate.idempotency import checked_key, settled
from lambdas.validate.request import resolve

if TYPE_CHECKING:
    from lambdas.common.bucket import Bucket


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{"input": {"request", "idempotency_key", "caller"}, "execution_arn", "started_at":
    <ISO 8601>}` to `{"id": ..., "recipe": {...}, "drawing_seconds": ...}`.

    `request` is the caller's JSON; key and caller may be empty.
    """
    with invocation("validate", event["execution_arn"]) as log:
        recipe = _recipe(event["input"])
        log.note_recipe(recipe)
        log.event = "request accepted"
        elapsed = datetime.now(UTC) - datetime.fromisoformat(event["started_at"])
        return {
            "id": recipe.id,
            "recipe": recipe.to_dict(),
            "drawing_seconds": drawing_seconds(
                elapsed=elapsed.total_seconds(),
                draw_until_seconds=_environment().draw_until_seconds,
            ),
        }


_environment = cache(Environment.from_env)


def _recipe(sent: dict[str, Any]) -> Recipe:
    request = sent.get("request")
    key = checked_key(sent.get("idempotency_key"))
    recipe = resolve(request, environment=_environment(), draw_seed=_draw_seed)
    return _settled(recipe, request, key, sent.get("caller", "")) if key else recipe


def _settled(recipe: Recipe, request: Any, key: str, caller: str) -> Recipe:
    # boto3 takes longer to import than all else here, and most requests have no key.
    from lambdas.common.bucket import idempotency_key

    return settled(
        recipe, request=request, object_key=idempotency_key(caller, key), bucket=_bucket()
    )


@cache
def _bucket() -> "Bucket":
    import boto3

    from lambdas.common.bucket import Bucket, s3_config
    from lambdas.common.tracing import trace_calls

    client = boto3.client("s3", config=s3_config())
    trace_calls(client)
    return Bucket(_environment().bucket, client)


def _draw_seed(limit: int) -> int:
    return 1 + secrets.randbelow(limit)
