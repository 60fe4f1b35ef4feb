"""The manifest beside each picture: its recipe, what became of it, and its digests."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.common.bucket import Bucket, manifest_key
from lambdas.common.errors import InvalidRequestError, PictureNotFoundError

MANIFEST_VERSION = 1
CONTENT_TYPE = "application/json"

Manifest = Mapping[str, Any]

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class StoredManifest:
    """`etag` names this very manifest in a conditional write."""

    manifest: Manifest
    etag: str


def stored_manifest(id: str, bucket: Bucket) -> StoredManifest | None:
    """The manifest of a picture, or of its refusal; None where there is none. StorageError."""
    stored = bucket.get(manifest_key(id))
    if stored is None:
        return None
    return StoredManifest(json.loads(stored.content), stored.etag)


def manifest_of(id: Any, bucket: Bucket) -> Manifest:
    """The manifest of the id that a caller named. InvalidRequestError, PictureNotFoundError."""
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise InvalidRequestError(
            "The id of a picture is 32 hexadecimal digits, as the answer to its request had it.",
            param="id",
        )
    stored = stored_manifest(id, bucket)
    if stored is None:
        raise PictureNotFoundError(
            f"There is no picture {id}. GET /images lists those that are there.", param="id"
        )
    return stored.manifest
