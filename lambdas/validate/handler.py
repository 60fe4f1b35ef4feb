"""Lambda handler of the validate step: the request in, the recipe and its id out."""

import secrets
from functools import cache
from typing import Any

from lambdas.validate.environment import Environment
from lambdas.validate.request import resolve

_environment = cache(Environment.from_env)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{"request": <the caller's JSON>}` to `{"id": ..., "recipe": {...}}`."""
    recipe = resolve(event["request"], environment=_environment(), draw_seed=_draw_seed)
    return {"id": recipe.id, "recipe": recipe.to_dict()}


def _draw_seed(limit: int) -> int:
    return 1 + secrets.randbelow(limit)
