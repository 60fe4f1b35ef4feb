"""Idempotency-Key: the same key and request are the same recipe, also where no seed was sent."""

import hashlib
import json
from typing import TYPE_CHECKING, Any

from lambdas.common.errors import IdempotencyKeyReusedError, InvalidRequestError
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
    first = _first(request, object_key, bucket, recipe=recipe.to_dict())
    return Recipe.from_dict(first["recipe"])


def keep_for(request: Any, *, object_key: str, bucket: "Bucket") -> None:
    """The key stands for this request from now on, which needs no recipe to be the same again.

    Raises IdempotencyKeyReusedError where it stands for another.
    """
    _first(request, object_key, bucket)


def _first(request: Any, object_key: str, bucket: "Bucket", **kept: Any) -> dict[str, Any]:
    """What the key's first request left: this one, or one that was the same."""
    fingerprint = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    record = {"request_sha256": fingerprint, **kept}
    if bucket.put_once(object_key, json.dumps(record).encode(), content_type="application/json"):
        return record
    first: dict[str, Any] = json.loads(bucket.require(object_key).content)
    if first["request_sha256"] != fingerprint:
        raise IdempotencyKeyReusedError(
            f"This {HEADER} was used for another request. Use a new key for a new request.",
            param=HEADER,
        )
    return first
