"""Lambda handler of the validate step: takes a request, returns the plan of its pictures."""

import secrets
from functools import cache
from typing import TYPE_CHECKING, Any

from lambdas.common.environment import ValidateEnvironment
from lambdas.common.errors import returns_refusals
from lambdas.common.keys import idempotency_key
from lambdas.common.owner import owner_of
from lambdas.common.recipe import Recipe
from lambdas.common.telemetry import invocation
from lambdas.validate.idempotency import checked_key, recipe_for_key, remember_request
from lambdas.validate.plan import Plan, check_size, read_plan
from lambdas.validate.reruns import read_rerun

if TYPE_CHECKING:
    from lambdas.common.bucket import Bucket


@returns_refusals
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Takes `{"input": {"operation", "id", "request", "idempotency_key", "caller", "request_id"},
    "execution_arn"}` and returns a plan as `Plan.to_dict` writes it.

    `operation` is draw, or rerun for the picture `id`. `request` is the caller's JSON. Key and
    caller may be empty. `request_id` leads from the log to the API's access log.
    """
    with invocation("validate", event["execution_arn"], environment=_environment()) as log:
        sent = event["input"]
        log.note(request_id=sent.get("request_id"))
        rerun = sent.get("operation") == "rerun"
        plan = _rerun(sent) if rerun else _draw(sent)
        check_size(plan.recipe)
        log.note_recipe(plan.recipe, picture_id=plan.pictures[0].id)
        log.event = "rerun accepted" if rerun else "request accepted"
        return plan.to_dict()


_environment = cache(ValidateEnvironment.read)


def _draw(sent: dict[str, Any]) -> Plan:
    request, owner = sent.get("request"), owner_of(sent.get("caller", ""))
    key = checked_key(sent.get("idempotency_key"))

    def chosen(recipe: Recipe) -> Recipe:
        if not key:
            return recipe
        object_key = idempotency_key(owner, key)
        return recipe_for_key(recipe, request=request, object_key=object_key, bucket=_bucket())

    return read_plan(
        request,
        owner=owner,
        environment=_environment(),
        draw_seed=_draw_seed,
        chosen=chosen,
    )


def _rerun(sent: dict[str, Any]) -> Plan:
    """Makes a key if the caller sent none, with which a rerun that failed can be found."""
    from lambdas.common.manifest import manifest_of

    id, request, owner = sent["id"], sent.get("request"), owner_of(sent.get("caller", ""))
    environment = _environment()
    key = checked_key(sent.get("idempotency_key"))
    plan = read_rerun(
        request,
        manifest=manifest_of(id, _bucket(), owner=owner, visibility=environment.visibility),
        owner=owner,
        key=key or secrets.token_hex(16),
        is_own_key=bool(key),
        environment=environment,
    )
    if key:
        object_key = idempotency_key(owner, key)
        remember_request([id, request], object_key=object_key, bucket=_bucket())
    return plan


@cache
def _bucket() -> "Bucket":
    # boto3 takes longer to import than everything else here, and most requests need no bucket.
    from lambdas.common.bucket import Bucket
    from lambdas.common.clients import s3_client

    return Bucket(_environment().bucket, s3_client())


def _draw_seed(limit: int) -> int:
    return 1 + secrets.randbelow(limit)
