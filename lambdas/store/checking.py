"""Has the present guardrail check pictures before anybody gets a URL of them."""

import hashlib
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambdas.common.bucket import Bucket
from lambdas.common.errors import StorageError
from lambdas.common.keys import manifest_key, picture_key, picture_prefix
from lambdas.common.manifest import Manifest
from lambdas.picture import CONTENT_TYPES, FILE_EXTENSIONS, parse
from lambdas.store.guardrail import Guardrail
from lambdas.store.presigner import Presigner


@dataclass(frozen=True)
class Dependencies:
    """What publishing and showing need. `guardrail` is None if it is off. `threads` makes calls of
    services side by side."""

    bucket: Bucket
    guardrail: Guardrail | None
    presigner: Presigner
    now: datetime
    threads: Callable[[], Executor] = ThreadPoolExecutor


def is_checked(manifest: Manifest, guardrail: Guardrail | None) -> bool:
    """Returns whether the present guardrail has passed the published file.

    That is not known of a file whose key does not name its bytes, as older versions of Easel
    wrote: what was checked may be another file.
    """
    if manifest["key"] is None or guardrail is None:
        return manifest["key"] is not None
    if manifest["guardrail"] != outcome(guardrail, None):
        return False
    extension = FILE_EXTENSIONS[manifest["output_format"]]
    return bool(manifest["key"] == picture_key(manifest["id"], manifest["sha256"], extension))


def checked(manifest: Manifest, deps: Dependencies) -> Manifest:
    """Returns the manifest after the present guardrail has checked the picture, if it had not yet.

    A picture that is blocked now loses its files, its key and its place in the list. Raises
    StorageError, also if the file is gone, PictureTooLargeError or an error of the guardrail.
    """
    guardrail = deps.guardrail
    if manifest["key"] is None or guardrail is None or is_checked(manifest, guardrail):
        return manifest
    output_format = manifest["output_format"]
    file = deps.bucket.require(manifest["key"]).content
    bare = parse(file).without_recipe()
    policy = guardrail.blocks(bare.content, output_format)
    found = {**manifest, "guardrail": outcome(guardrail, policy)}
    if policy is not None:
        purge(manifest["id"], manifest["key"], deps.bucket)
        return {**found, "key": None, "published_at": None, "index_key": None}
    sha256 = hashlib.sha256(file).hexdigest()
    if manifest["key"] == picture_key(manifest["id"], sha256, FILE_EXTENSIONS[output_format]):
        # Not written again: it may have been deleted meanwhile.
        return {**found, "sha256": sha256, "size": len(file)}
    return {**found, **put_file(manifest["id"], file, output_format, deps.bucket)}


def outcome(guardrail: Guardrail | None, policy: str | None) -> dict[str, Any] | None:
    """Returns what a manifest says of the check: by which guardrail, and what blocked it if any."""
    if guardrail is None:
        return None
    return {"id": guardrail.id, "version": guardrail.version, "blocked_by": policy}


def purge(id: str, key: str | None, bucket: Bucket) -> None:
    """Deletes all that was ever published of a picture but its manifest, which names `key`.

    This comes before the manifest loses its key. A manifest without its file counts as not
    published, and as long as there is the file that it names, the picture is checked again.
    """
    bucket.purge(picture_prefix(id), keep=manifest_key(id), last=key)


def put_file(id: str, file: bytes, output_format: str, bucket: Bucket) -> dict[str, Any]:
    """Publishes a file that was checked. Returns its key, SHA-256 and size. Raises StorageError."""
    sha256 = hashlib.sha256(file).hexdigest()
    key = picture_key(id, sha256, FILE_EXTENSIONS[output_format])
    written = bucket.put_once(key, file, content_type=CONTENT_TYPES[output_format])
    if not written and not bucket.has(key):
        raise StorageError(detail=f"{key} was deleted meanwhile")
    return {"key": key, "sha256": sha256, "size": len(file)}


def url_of(key: str, manifest: Manifest, deps: Dependencies) -> tuple[str, str]:
    """Returns a URL of one of a picture's files, and when it expires.

    Every URL comes from here. Raises ValueError if the present guardrail has not passed the
    picture.
    """
    if not is_checked(manifest, deps.guardrail):
        raise ValueError(f"{key} is not checked")
    return deps.presigner.presign(key, manifest, now=deps.now)
