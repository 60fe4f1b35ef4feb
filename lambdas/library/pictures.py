"""Earlier pictures: lists the newest by the page."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from lambdas.common.answers import Entry, Page
from lambdas.common.bucket import Bucket
from lambdas.common.errors import InvalidRequestError, StorageAccessDeniedError, StorageError
from lambdas.common.keys import INDEX, index_of, indexed_at, indexed_id
from lambdas.common.manifest import Manifest, stored_manifest
from lambdas.common.owner import sees
from lambdas.common.telemetry import Log

LIMIT = 100
DEFAULT_LIMIT = 20
_QUERY = ("limit", "after")
_SHOWN_LIMIT = 60

# How many entries of the index a page reads at most, and how many at once: boto3 keeps 10
# connections.
_ENTRIES = 300
_READERS = 10

# The manifest comes after its entry, so an entry without one counts only when no function can
# still be about to write it. One that stores a picture runs for seconds; the hour is for clocks
# that differ, which S3 allows 15 minutes.
_SETTLED_SECONDS = 3_600

# The limit of a page as JSON: a state holds 256 KiB, and an answer is escaped on its way. Pages
# with long prompts have fewer pictures than asked for.
_PAGE_BYTES = 120_000

# A key of the index without its prefix.
_CURSOR = re.compile(r"\d{13}-[0-9a-f]{32}")


def newest(
    query: Mapping[str, str],
    *,
    owner: str,
    visibility: str,
    bucket: Bucket,
    clock: Callable[[], float],
    seconds: float,
    log: Log,
) -> Page:
    """Returns a page of what the owner may see, newest first, and what to send as `after` for the
    next page.

    Ends within `seconds`, which the state machine waits for it; `clock` tells the seconds since
    1970. So a page may hold fewer pictures than asked for, or none: only `after` None is the end.
    Deletes entries without a picture on its way, so that the next list does not meet them.

    Raises InvalidRequestError or StorageError.
    """
    for name in query:
        if name not in _QUERY:
            raise InvalidRequestError(
                f"Unknown query parameter {name[:_SHOWN_LIMIT]}. Known: {', '.join(_QUERY)}.",
                param=name,
                code="unknown_parameter",
            )
    limit, after = _limit(query.get("limit")), _after(query.get("after"))
    # The other half is for a cold start, and for reads that have begun.
    until = clock() + seconds / 2
    index = str(INDEX) if visibility == "team" else index_of(owner)
    keys = bucket.keys(index, after=f"{index}{after}", limit=_ENTRIES + 1)
    pictures: list[Entry] = []
    dead: list[str] = []
    passed, size = "", 0
    for key, manifest in _manifests(keys[:_ENTRIES], bucket, in_time=lambda: clock() < until):
        entry_key = f"{INDEX}{key.removeprefix(index)}"
        if manifest is None or manifest.get("index_key") != entry_key:
            dead.append(key)
        elif sees(owner, visibility, picture_of=manifest.get("owner")):
            entry = _entry(manifest)
            size += len(json.dumps(json.dumps(entry)))
            if size > _PAGE_BYTES and pictures:
                break
            pictures.append(entry)
        passed = key
        if len(pictures) == limit:
            break
    settled = [key for key in dead if indexed_at(key) < clock() - _SETTLED_SECONDS]
    if settled and clock() < until:
        _delete(settled, bucket, log)
    is_last = passed == "".join(keys[-1:])
    return {"pictures": pictures, "after": None if is_last else passed.removeprefix(index)}


def _manifests(
    keys: list[str], bucket: Bucket, *, in_time: Callable[[], bool]
) -> Iterator[tuple[str, Manifest | None]]:
    """Yields keys of an index in their order, each with its picture's manifest, while there is
    time, but at least the first few: so every page gets further."""

    def manifest(key: str) -> Manifest | None:
        return stored_manifest(indexed_id(key), bucket)

    with ThreadPoolExecutor(_READERS) as readers:
        for first in range(0, len(keys), _READERS):
            if first and not in_time():
                return
            batch = keys[first : first + _READERS]
            yield from zip(batch, list(readers.map(manifest, batch)), strict=True)


def _delete(keys: list[str], bucket: Bucket, log: Log) -> None:
    """Deletes entries. A failure is only logged: the page is good without it."""
    try:
        bucket.delete_all(keys)
    except (StorageError, StorageAccessDeniedError) as error:
        log.note(not_deleted=type(error).__name__)
    else:
        log.note(deleted_entries=len(keys))


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
