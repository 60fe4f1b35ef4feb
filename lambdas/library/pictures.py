"""Earlier pictures: shows one with a fresh URL, or lists the newest by the page."""

import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from lambdas.common.answers import Entry, Page, ShownPicture
from lambdas.common.bucket import Bucket
from lambdas.common.errors import InvalidRequestError
from lambdas.common.keys import INDEX, indexed_id
from lambdas.common.manifest import Manifest, manifest_of, stored_manifest
from lambdas.common.presigner import Presigner

LIMIT = 100
DEFAULT_LIMIT = 20
_QUERY = ("limit", "after")
_READERS = 10
_SHOWN_LIMIT = 60

# The limit of a page as JSON: a state holds 256 KiB, and an answer is escaped on its way. Pages
# with long prompts have fewer pictures than asked for.
_PAGE_BYTES = 120_000

# A key of the index without its prefix.
_CURSOR = re.compile(r"\d{13}-[0-9a-f]{32}")


def show(id: Any, *, bucket: Bucket, presigner: Presigner, now: datetime) -> ShownPicture:
    """Returns a picture's manifest and a fresh URL, or None as URL if it was blocked or deleted.

    Raises InvalidRequestError, PictureNotFoundError or StorageError.
    """
    manifest = manifest_of(id, bucket)
    url = expires_at = None
    if manifest["key"] is not None and bucket.has(manifest["key"]):
        url, expires_at = presigner.presign(manifest["key"], manifest, now=now)
    return {"manifest": manifest, "image_url": url, "expires_at": expires_at}


def newest(query: Mapping[str, str], *, bucket: Bucket) -> Page:
    """Returns a page of pictures, newest first, and what to send as `after` for the next page.

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
    pictures: list[Entry] = []
    size = 0
    while True:
        wanted = limit - len(pictures)
        keys = bucket.keys(str(INDEX), after=f"{INDEX}{after}", limit=wanted + 1)
        for key, entry in _entries(keys[:wanted], bucket):
            size += len(json.dumps(json.dumps(entry)))
            if size > _PAGE_BYTES and pictures:
                return {"pictures": pictures, "after": after}
            pictures.append(entry)
            after = key.removeprefix(str(INDEX))
        if len(keys) <= wanted:
            return {"pictures": pictures, "after": None}
        after = keys[wanted - 1].removeprefix(str(INDEX))
        if len(pictures) == limit:
            return {"pictures": pictures, "after": after}


def _entries(keys: list[str], bucket: Bucket) -> Iterator[tuple[str, Entry]]:
    """Yields each key of the index with its picture, in their order.

    Skips keys that the picture's manifest does not name: failed attempts left them behind.
    """
    with ThreadPoolExecutor(_READERS) as readers:
        stored = list(readers.map(lambda key: stored_manifest(indexed_id(key), bucket), keys))
    for key, found in zip(keys, stored, strict=True):
        if found is not None and found.manifest.get("index_key") == key:
            yield key, _entry(found.manifest)


def _entry(manifest: Manifest) -> Entry:
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
            "after must be the value of after in the answer with the previous page. Leave it out "
            "to begin with the newest picture.",
            param="after",
        )
    return after
