"""Idempotency-Key: the same key and request are the same recipe, also where no seed was sent."""

import hashlib
import json
from typing import TYPE_CHECKING, Any

from lambdas.common.errors import IdempotencyKeyReusedError, InvalidRequestError, StorageError
from lambdas.common.recipe import Recipe

if TYPE_CHECKING:
    from lambdas.common.bucket import Bucket

KEY_LIMIT = 255
HEADER = "Idempotency-Key"


def checked_key(key: Any) -> str:
    """The key, or "" where none was sent. Raises InvalidRequestError."""
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


def settled(recipe: Recipe, *, request: Any, object_key: str, bucket: "Bucket") -> Recipe:
    """This recipe, or the one that the key got before.

    `object_key` is where the bucket keeps what the key stands for. Raises
    IdempotencyKeyReusedError where that was another request.
    """
    fingerprint = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    record = {"request_sha256": fingerprint, "recipe": recipe.to_dict()}
    if bucket.put_once(object_key, json.dumps(record).encode(), content_type="application/json"):
        return recipe
    stored = bucket.get(object_key)
    if stored is None:
        raise StorageError(detail=f"{object_key} is gone")
    first = json.loads(stored.content)
    if first["request_sha256"] != fingerprint:
        raise IdempotencyKeyReusedError(
            f"This {HEADER} was used for another request. Use a new key for a new request.",
            param=HEADER,
        )
    return Recipe.from_dict(first["recipe"])
