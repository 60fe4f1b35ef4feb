"""Pictures that were drawn before: one of them with a fresh URL, or the newest by the page."""

import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from lambdas.common.bucket import INDEX, Bucket, indexed_id
from lambdas.common.errors import InvalidRequestError
from lambdas.common.manifest import Manifest, manifest_of, stored_manifest
from lambdas.common.presigner import Presigner, file_name, iso

LIMIT = 100
DEFAULT_LIMIT = 20
_QUERY = ("limit", "after")
_READERS = 10
_SHOWN_LIMIT = 60

# Of a page as JSON: a state holds 256 KiB, and an answer is escaped on its way. Pages of long
# prompts are shorter than asked for.
_PAGE_BYTES = 120_000

# An entry of the index, less its prefix.
_CURSOR = re.compile(r"\d{13}-[0-9a-f]{32}")


def show(id: Any, *, bucket: Bucket, presigner: Presigner, now: datetime) -> dict[str, Any]:
    """A picture's manifest and a fresh URL; no URL for one that was refused or deleted.

    Raises InvalidRequestError, PictureNotFoundError or StorageError.
    """
    manifest = manifest_of(id, bucket)
    answer: dict[str, Any] = {"manifest": manifest, "image_url": None, "expires_at": None}
    if manifest["key"] is not None and bucket.has(manifest["key"]):
        answer["image_url"] = presigner.presign(
            manifest["key"], content_type=manifest["content_type"], file_name=file_name(manifest)
        )
        answer["expires_at"] = iso(now + timedelta(seconds=presigner.expires_seconds))
    return answer


def newest(query: Mapping[str, str], *, bucket: Bucket) -> dict[str, Any]:
    """A page of pictures, the newest first, and what to send as `after` for the next one.

    Raises InvalidRequestError or StorageError.
    """
    for name in query:
        if name not in _QUERY:
            raise InvalidRequestError(
                f"Unknown query parameter {name[:_SHOWN_LIMIT]}. Known: {', '.join(_QUERY)}.",
                param=name[:_SHOWN_LIMIT],
                code="unknown_parameter",
            )
    limit, after = _limit(query.get("limit")), _after(query.get("after"))
    pictures: list[dict[str, Any]] = []
    size = 0
    while True:
        wanted = limit - len(pictures)
        keys = bucket.keys(INDEX, after=f"{INDEX}{after}", limit=wanted + 1)
        for key, entry in _there(keys[:wanted], bucket):
            size += len(json.dumps(json.dumps(entry)))
            if size > _PAGE_BYTES and pictures:
                return {"pictures": pictures, "after": after}
            pictures.append(entry)
            after = key.removeprefix(INDEX)
        if len(keys) <= wanted:
            return {"pictures": pictures, "after": None}
        after = keys[wanted - 1].removeprefix(INDEX)
        if len(pictures) == limit:
            return {"pictures": pictures, "after": after}


def _there(keys: list[str], bucket: Bucket) -> Iterator[tuple[str, dict[str, Any]]]:
    """The pictures of an index's entries, in their order, with their keys in the index.

    An entry that a failed attempt left behind is not the one that its picture's manifest names.
    """
    with ThreadPoolExecutor(_READERS) as readers:
        stored = list(readers.map(lambda key: stored_manifest(indexed_id(key), bucket), keys))
    for key, found in zip(keys, stored, strict=True):
        if found is not None and found.manifest.get("index_key") == key:
            yield key, _entry(found.manifest)


def _entry(manifest: Manifest) -> dict[str, Any]:
    recipe = manifest["recipe"]
    rerun = manifest["rerun_of"]
    return {
        "id": manifest["id"],
        "published_at": manifest["published_at"],
        "model": recipe["model"],
        "prompt": recipe["prompt"],
        "seed": recipe["seed"],
        "width": manifest["width"],
        "height": manifest["height"],
        "output_format": manifest["output_format"],
        "sha256": manifest["sha256"],
        "rerun_of": rerun["id"] if rerun else None,
    }


def _limit(limit: str | None) -> int:
    if limit is None:
        return DEFAULT_LIMIT
    if not re.fullmatch(r"[0-9]{1,9}", limit) or not 1 <= int(limit) <= LIMIT:
        raise InvalidRequestError(
            f"limit must be a whole number from 1 to {LIMIT}; got {limit[:_SHOWN_LIMIT]}.",
            param="limit",
        )
    return int(limit)


def _after(after: str | None) -> str:
    if after is None:
        return ""
    if not _CURSOR.fullmatch(after):
        raise InvalidRequestError(
            "after must be what the answer before said; leave it out for the newest.",
            param="after",
        )
    return after
