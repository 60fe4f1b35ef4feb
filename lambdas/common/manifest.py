"""The manifest beside each picture: its recipe, how it was drawn and checked, its digests."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.common.bucket import Bucket
from lambdas.common.errors import InvalidRequestError, PictureNotFoundError
from lambdas.common.keys import manifest_key

MANIFEST_VERSION = 1
CONTENT_TYPE = "application/json"

Manifest = Mapping[str, Any]

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class StoredManifest:
    """A manifest as it was read. `etag` identifies it in a conditional write."""

    manifest: Manifest
    etag: str


def stored_manifest(id: str, bucket: Bucket) -> StoredManifest | None:
    """Returns the manifest of a published or blocked picture, or None. Raises StorageError."""
    stored = bucket.get(manifest_key(id))
    if stored is None:
        return None
    return StoredManifest(json.loads(stored.content), stored.etag)


def manifest_of(id: Any, bucket: Bucket) -> Manifest:
    """Returns a caller's id's manifest. Raises InvalidRequestError or PictureNotFoundError."""
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise InvalidRequestError(
            "A picture's id has 32 characters, 0 to 9 and a to f: the answer that gave the picture "
            "has it as id.",
            param="id",
        )
    stored = stored_manifest(id, bucket)
    if stored is None:
        raise PictureNotFoundError(
            f"There is no picture {id}. GET /images lists those that are there.", param="id"
        )
    return stored.manifest
