"""The manifest beside each picture: its recipe, how it was drawn and checked, its digests."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from lambdas.common.bucket import Bucket, StoredObject
from lambdas.common.errors import InvalidRequestError, PictureNotFoundError, StorageError
from lambdas.common.keys import manifest_key
from lambdas.common.owner import own_id, sees

MANIFEST_VERSION = 1

Manifest = Mapping[str, Any]

_CONTENT_TYPE = "application/json"
_CHANGES = 3
_ID = re.compile(r"[0-9a-f]{32}")


def stored_manifest(id: str, bucket: Bucket) -> Manifest | None:
    """Returns the manifest of a published or blocked picture, or None. Raises StorageError."""
    return _read(bucket.get(manifest_key(id)))


def _read(stored: StoredObject | None) -> Manifest | None:
    return None if stored is None else json.loads(stored.content)


def manifest_of(id: Any, bucket: Bucket, *, owner: str, visibility: str) -> Manifest:
    """Returns the manifest of a picture that the owner may see.

    `id` is what a caller sent: a picture's, or with visibility caller that of a recipe, which
    stands for the caller's own picture of it. Raises InvalidRequestError, or PictureNotFoundError,
    which says the same of a picture that is another caller's and of one that does not exist.
    """
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise InvalidRequestError(
            "A picture's id has 32 characters, 0 to 9 and a to f: the answer that gave the picture "
            "has it as id.",
            param="id",
        )
    for each in (id,) if visibility == "team" else (id, own_id(id, owner)):
        manifest = stored_manifest(each, bucket)
        if manifest and sees(owner, visibility, picture_of=manifest.get("owner")):
            return manifest
    raise PictureNotFoundError(
        f"There is no picture {id}. The answer that gave a picture has its id.", param="id"
    )


def change_manifest(
    id: str, bucket: Bucket, change: Callable[[Manifest | None], Manifest]
) -> Manifest:
    """Writes what `change` makes of a picture's manifest, or of None, and returns it.

    Writes nothing if `change` returns what it got. If another execution writes meanwhile,
    `change` gets what that one wrote. Raises StorageError, or what `change` raises.
    """
    key = manifest_key(id)
    for _ in range(_CHANGES):
        stored = bucket.get(key)
        manifest = _read(stored)
        changed = change(manifest)
        if changed is manifest:
            return changed
        content = json.dumps(changed, indent=1, ensure_ascii=False).encode()
        if stored is None:
            written = bucket.put_once(key, content, content_type=_CONTENT_TYPE)
        else:
            written = bucket.replace(key, content, content_type=_CONTENT_TYPE, etag=stored.etag)
        if written:
            return changed
    raise StorageError(detail=f"{key} changes all the time")
