"""Idempotency-Key: the same key and request give the same recipe, even without a seed."""

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambdas.common.errors import IdempotencyKeyReusedError, InvalidRequestError
from lambdas.common.recipe import Recipe

if TYPE_CHECKING:
    from lambdas.common.bucket import Bucket

KEY_LIMIT = 255
HEADER = "Idempotency-Key"

_PROMPTS = frozenset({"prompt", "negative_prompt", "text_prompts"})


def checked_key(key: Any) -> str:
    """Returns the key, or "" if none was sent. Raises InvalidRequestError."""
    if key is None or key == "":
        return ""
    if (
        not isinstance(key, str)
        or len(key) > KEY_LIMIT
        or not key.isascii()
        or not key.isprintable()
    ):
        raise InvalidRequestError(
            f"{HEADER} must be 1 to {KEY_LIMIT} printable ASCII characters.", param=HEADER
        )
    return key


def recipe_for_key(recipe: Recipe, *, request: Any, object_key: str, bucket: "Bucket") -> Recipe:
    """Returns the recipe of the first request with a key: this one if there was none before.

    The bucket keeps it under `object_key`, without the prompts, which an equal request has again:
    so that none is left there when a picture is deleted. Raises IdempotencyKeyReusedError if the
    key was sent with another request.
    """
    sent = recipe.to_dict()
    prompts, rest = _parted(sent)
    weighted_prompts, parameters = _parted(sent["parameters"])
    kept = {**rest, "parameters": parameters}
    record = remember_request(request, object_key=object_key, bucket=bucket, recipe=kept)
    first = {**prompts, **record["recipe"]}
    first["parameters"] = {**weighted_prompts, **first["parameters"]}
    return Recipe.from_dict(first)


def remember_request(
    request: Any, *, object_key: str, bucket: "Bucket", **more: Any
) -> dict[str, Any]:
    """Records a key's first request, with `more`. Returns the record of the first one.

    Raises IdempotencyKeyReusedError if that was another request.
    """
    fingerprint = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    record = {"request_sha256": fingerprint, **more}
    if bucket.put_once(object_key, json.dumps(record).encode(), content_type="application/json"):
        return record
    first: dict[str, Any] = json.loads(bucket.require(object_key).content)
    if first["request_sha256"] != fingerprint:
        raise IdempotencyKeyReusedError(
            f"This {HEADER} was used for another request. Use a new key for a new request.",
            param=HEADER,
        )
    return first


def _parted(fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the fields that are prompts, and the others."""
    prompts = {name: value for name, value in fields.items() if name in _PROMPTS}
    return prompts, {name: value for name, value in fields.items() if name not in _PROMPTS}
