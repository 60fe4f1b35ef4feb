"""Lambda handler of the validate step: the request in, the recipes and their ids out."""

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from lambdas.common.recipe import Recipe
from lambdas.common.telemetry import invocation
from lambdas.validate.drawing_time import drawing_seconds
from lambdas.validate.environment import Environment
from lambdas.validate.idempotency import HEADER, checked_key, keep_for, settled
from lambdas.validate.orders import read_order
from lambdas.validate.reruns import read_rerun

if TYPE_CHECKING:
    from lambdas.common.bucket import Bucket


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{"input": {"operation", "id", "request", "idempotency_key", "caller"}, "execution_arn",
    "started_at": <ISO 8601>}` to `{"recipe", "pictures": [{"id", "seed", "found_by", "rerun"}],
    "many", "recipe_in_picture", "drawing_seconds"}`.

    `operation` draw or rerun, of the picture with `id`; `request` is the caller's JSON; key and
    caller may be empty. The pictures' recipes differ by their seeds alone.
    """
    with invocation("validate", event["execution_arn"]) as log:
        sent = event["input"]
        rerun = sent.get("operation") == "rerun"
        todo = _rerun(sent) if rerun else _order(sent)
        log.note_recipe(todo.recipe, picture_id=todo.pictures[0]["id"])
        log.event = "rerun accepted" if rerun else "request accepted"
        elapsed = datetime.now(UTC) - datetime.fromisoformat(event["started_at"])
        return {
            "recipe": todo.recipe.to_dict(),
            "pictures": todo.pictures,
            "many": len(todo.pictures) > 1,
            "recipe_in_picture": todo.recipe_in_picture,
            "drawing_seconds": drawing_seconds(
                elapsed=elapsed.total_seconds(),
                draw_until_seconds=_environment().draw_until_seconds,
            ),
        }


_environment = cache(Environment.from_env)


@dataclass(frozen=True)
class _ToDo:
    recipe: Recipe
    pictures: list[dict[str, Any]]
    recipe_in_picture: bool


def _order(sent: dict[str, Any]) -> _ToDo:
    request = sent.get("request")
    key = checked_key(sent.get("idempotency_key"))
    order = read_order(request, environment=_environment(), draw_seed=_draw_seed)
    if key:
        order = replace(order, first=_settled(order.first, request, key, sent.get("caller", "")))
    pictures = [
        {
            "id": recipe.id,
            "seed": recipe.seed,
            "found_by": f"Its seed is {recipe.seed}.",
            "rerun": None,
        }
        for recipe in order.recipes
    ]
    return _ToDo(order.first, pictures, order.recipe_in_picture)


def _rerun(sent: dict[str, Any]) -> _ToDo:
    """Callers who sent no key are given one, by which a rerun that went wrong can be found."""
    from lambdas.common.bucket import idempotency_key
    from lambdas.common.manifest import manifest_of

    id, request, caller = sent["id"], sent.get("request"), sent.get("caller", "")
    key = checked_key(sent.get("idempotency_key"))
    found_by = key or secrets.token_hex(16)
    rerun = read_rerun(
        id,
        request,
        manifest=manifest_of(id, _bucket()),
        caller=caller,
        key=found_by,
        environment=_environment(),
    )
    if key:
        keep_for([id, request], object_key=idempotency_key(caller, key), bucket=_bucket())
    picture = {
        "id": rerun.id,
        "seed": rerun.recipe.seed,
        "found_by": f"Its {HEADER} is {found_by}.",
        "rerun": dict(rerun.first),
    }
    return _ToDo(rerun.recipe, [picture], rerun.recipe_in_picture)


def _settled(recipe: Recipe, request: Any, key: str, caller: str) -> Recipe:
    # boto3 takes longer to import than all else here, and most requests have no key.
    from lambdas.common.bucket import idempotency_key

    return settled(
        recipe, request=request, object_key=idempotency_key(caller, key), bucket=_bucket()
    )


@cache
def _bucket() -> "Bucket":
    from lambdas.common.clients import open_bucket

    return open_bucket(_environment().bucket)


def _draw_seed(limit: int) -> int:
    return 1 + secrets.randbelow(limit)
