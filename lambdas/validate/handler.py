"""Lambda handler of the validate step: the request in, the recipes and their ids out."""

import json
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from lambdas.common.recipe import Recipe
from lambdas.common.telemetry import invocation
from lambdas.validate.drawing_time import drawing_seconds
from lambdas.validate.environment import Environment
from lambdas.validate.idempotency import checked_key, keep_for, settled
from lambdas.validate.orders import read_order
from lambdas.validate.reruns import read_rerun

if TYPE_CHECKING:
    from lambdas.common.bucket import Bucket


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{"input": {"operation", "id", "request", "idempotency_key", "caller"}, "execution_arn",
    "started_at": <ISO 8601>}` to `{"pictures": [{"id", "recipe", "rerun"}], "many", "prompt",
    "negative_prompt", "recipe_in_picture", "drawing_seconds"}`.

    `operation` draw or rerun, of the picture with `id`; `request` is the caller's JSON; key and
    caller may be empty.
    """
    with invocation("validate", event["execution_arn"]) as log:
        sent = event["input"]
        rerun = sent.get("operation") == "rerun"
        todo = _rerun(sent, event["execution_arn"]) if rerun else _order(sent)
        first = todo.pictures[0]
        log.note_recipe(Recipe.from_dict(first["recipe"]), picture_id=first["id"])
        log.event = "rerun accepted" if rerun else "request accepted"
        elapsed = datetime.now(UTC) - datetime.fromisoformat(event["started_at"])
        return {
            "pictures": todo.pictures,
            "many": len(todo.pictures) > 1,
            "prompt": first["recipe"]["prompt"],
            "negative_prompt": first["recipe"]["negative_prompt"],
            "recipe_in_picture": todo.recipe_in_picture,
            "drawing_seconds": drawing_seconds(
                elapsed=elapsed.total_seconds(),
                draw_until_seconds=_environment().draw_until_seconds,
            ),
        }


_environment = cache(Environment.from_env)


@dataclass(frozen=True)
class _ToDo:
    pictures: list[dict[str, Any]]
    recipe_in_picture: bool


def _order(sent: dict[str, Any]) -> _ToDo:
    request = sent.get("request")
    key = checked_key(sent.get("idempotency_key"))
    order = read_order(request, environment=_environment(), draw_seed=_draw_seed)
    if key:
        order = replace(order, first=_settled(order.first, request, key, sent.get("caller", "")))
    return _ToDo(
        [{"id": recipe.id, "recipe": recipe.to_dict(), "rerun": None} for recipe in order.recipes],
        order.recipe_in_picture,
    )


def _rerun(sent: dict[str, Any], execution_arn: str) -> _ToDo:
    from lambdas.common.bucket import idempotency_key
    from lambdas.common.manifest import manifest_of

    key, caller = checked_key(sent.get("idempotency_key")), sent.get("caller", "")
    rerun = read_rerun(
        sent["id"],
        sent.get("request"),
        manifest=manifest_of(sent["id"], _bucket()),
        token=json.dumps([caller, key, sent.get("request")], sort_keys=True)
        if key
        else execution_arn,
        environment=_environment(),
    )
    if key:
        request = [sent["id"], sent.get("request")]
        keep_for(request, object_key=idempotency_key(caller, key), bucket=_bucket())
    picture = {"id": rerun.id, "recipe": rerun.recipe.to_dict(), "rerun": dict(rerun.first)}
    return _ToDo([picture], rerun.recipe_in_picture)


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
