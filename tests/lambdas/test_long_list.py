"""The list of very many pictures, with entries that lost theirs, and S3 when it is slow."""

import json
from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdas.common.bucket import Bucket, StoredObject
from lambdas.common.errors import StorageAccessDeniedError, StorageError
from lambdas.common.keys import INDEX, index_key, manifest_key
from lambdas.common.telemetry import Log
from lambdas.library.pictures import LIMIT, newest
from tests.environments import SILENT
from tests.share import share

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
SECONDS = 4
MOST_READS = 300
ENTRIES = share(100_000)
DEAD = ENTRIES // 10


class Shelf:
    """A bucket in memory with its clock. A read takes `read_seconds`, ten at once as long as one;
    a list or a deletion as long as a read."""

    name = "pictures"

    def __init__(self, *, read_seconds: float = 0.0, broken: Exception | None = None) -> None:
        self.objects: dict[str, bytes] = {}
        self.reads = self.deletions = 0
        self.now = NOW.timestamp()
        self._read_seconds = read_seconds
        self._broken = broken
        self._index: list[str] = []

    def put(self, number: int, *, alive: bool = True, age: timedelta | None = None) -> str:
        """Adds an entry, the higher the number the older, and returns its key."""
        id = f"{number:032x}"
        published = NOW - (timedelta(days=1, seconds=number) if age is None else age)
        key = index_key(id, published)
        self.add(key)
        if alive:
            manifest = {
                "id": id, "recipe": {"model": "m", "prompt": "a", "seed": number}, "width": 1,
                "height": 1, "output_format": "png", "sha256": "s", "rerun_of": None,
                "published_at": "2026", "index_key": key,
            }  # fmt: skip
            self.objects[manifest_key(id)] = json.dumps(manifest).encode()
        return key

    def add(self, key: str) -> None:
        self.objects[key] = b""
        insort(self._index, key)

    def keys(self, prefix: str, *, after: str, limit: int) -> list[str]:
        self._pass(1)
        assert limit <= 1_000
        first = bisect_right(self._index, after)
        return self._index[first : first + limit]

    def get(self, key: str) -> StoredObject | None:
        self.reads += 1
        self._pass(1 / 10)
        content = self.objects.get(key)
        return None if content is None else StoredObject(content, {}, "etag", NOW)

    def delete_all(self, keys: Iterable[str]) -> None:
        self._pass(1)
        self.deletions += 1
        if self._broken is not None:
            raise self._broken
        for key in keys:
            del self.objects[key]
            del self._index[bisect_right(self._index, key) - 1]

    def _pass(self, reads: float) -> None:
        self.now = round(self.now + reads * self._read_seconds, 3)


class Lines(list[dict[str, Any]]):
    def write(self, line: str) -> None:
        self.append(json.loads(line))


def page_of(shelf: Shelf, query: dict[str, str], log: Log | None = None) -> dict[str, Any]:
    """A page, which has ended within its bounds."""
    log = log or Log(SILENT, write=lambda line: None)
    began, reads, deletions = shelf.now, shelf.reads, shelf.deletions
    bucket: Any = shelf
    who = {"owner": "", "visibility": "team"}
    page = newest(query, **who, bucket=bucket, clock=lambda: shelf.now, seconds=SECONDS, log=log)
    assert shelf.now - began < SECONDS
    assert shelf.reads - reads <= MOST_READS
    assert shelf.deletions - deletions <= 1
    return dict(page)


def pages(shelf: Shelf, limit: int = LIMIT) -> Iterator[list[int]]:
    """The seeds of each page, to the end."""
    query = {"limit": str(limit)}
    while query.get("after", "") is not None:
        page = page_of(shelf, query)
        yield [picture["seed"] for picture in page["pictures"]]
        assert page["after"] != query.get("after")
        query["after"] = page["after"]


@pytest.mark.parametrize("where", ["at the front", "scattered"])
def test_every_picture_is_reached_once_and_the_next_list_meets_no_entry_without_one(
    where: str,
) -> None:
    shelf = Shelf()
    dead = set(range(DEAD) if where == "at the front" else range(3, ENTRIES, ENTRIES // DEAD))
    for number in range(ENTRIES):
        shelf.put(number, alive=number not in dead)
    alive = [number for number in range(ENTRIES) if number not in dead]

    first = [seed for page in pages(shelf) for seed in page]
    reads = shelf.reads
    second = [seed for page in pages(shelf) for seed in page]

    assert first == second == alive
    assert reads >= ENTRIES
    assert sum(key.startswith(str(INDEX)) for key in shelf.objects) == len(alive)


def test_a_page_of_entries_without_pictures_is_empty_and_goes_on() -> None:
    shelf = Shelf()
    for number in range(MOST_READS + 1):
        shelf.put(number, alive=number == MOST_READS)

    first = page_of(shelf, {})
    second = page_of(shelf, {"after": first["after"]})

    assert first["pictures"] == []
    assert ([each["seed"] for each in second["pictures"]], second["after"]) == ([MOST_READS], None)


@pytest.mark.parametrize("alive", [True, False], ids=["pictures", "no pictures"])
def test_slow_reads_make_short_pages_that_get_further(alive: bool) -> None:
    shelf = Shelf(read_seconds=1.0)
    for number in range(45):
        shelf.put(number, alive=alive)

    seen = list(pages(shelf))

    assert [seed for page in seen for seed in page] == (list(range(45)) if alive else [])
    assert len(seen) == 5


@pytest.mark.parametrize("error", [StorageError, StorageAccessDeniedError])
def test_entries_that_cannot_be_deleted_do_not_fail_the_page(error: type[Exception]) -> None:
    shelf = Shelf(broken=error())
    shelf.put(0, alive=False)
    shelf.put(1)
    lines = Lines()
    log = Log(SILENT, write=lines.write)

    page = page_of(shelf, {}, log)
    log.end(None, 0)

    assert [each["seed"] for each in page["pictures"]] == [1]
    assert lines[0]["not_deleted"] == error.__name__


def test_an_entry_stays_as_long_as_its_manifest_may_still_come() -> None:
    shelf = Shelf()
    young = shelf.put(0, alive=False, age=timedelta(minutes=59))
    old = shelf.put(1, alive=False, age=timedelta(minutes=61))

    page = page_of(shelf, {})

    assert page == {"pictures": [], "after": None}
    assert young in shelf.objects
    assert old not in shelf.objects


def test_the_entry_of_an_earlier_attempt_is_deleted_and_that_of_its_picture_stays() -> None:
    shelf = Shelf()
    kept = shelf.put(1)
    earlier = index_key(f"{1:032x}", NOW - timedelta(days=2))
    shelf.add(earlier)

    page = page_of(shelf, {})

    assert [each["seed"] for each in page["pictures"]] == [1]
    assert [key for key in shelf.objects if key.startswith(str(INDEX))] == [kept]


def test_objects_are_deleted_in_one_call(bucket: Bucket) -> None:
    for key in ("a", "b", "c"):
        bucket.put_once(key, b"", content_type="text/plain")

    bucket.delete_all(["a", "b", "gone"])

    assert bucket.keys("", after="", limit=10) == ["c"]


class TestPartOfADeletion:
    @pytest.mark.parametrize(
        ("code", "meaning"),
        [("AccessDenied", StorageAccessDeniedError), ("InternalError", StorageError)],
    )
    def test_an_object_that_could_not_be_deleted_is_an_error(
        self, code: str, meaning: type[Exception]
    ) -> None:
        class Client:
            def delete_objects(self, **request: Any) -> dict[str, Any]:
                return {"Errors": [{"Key": "b", "Code": code, "Message": "words"}]}

        client: Any = Client()
        with pytest.raises(meaning):
            Bucket("pictures", client).delete_all(["a", "b"])
