"""The library: earlier pictures by the page."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdas.common.bucket import Bucket
from lambdas.common.errors import InvalidRequestError
from lambdas.common.keys import index_key, manifest_key
from lambdas.common.telemetry import Log
from lambdas.library.pictures import newest
from lambdas.store.presigner import iso
from tests.environments import SILENT

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def id_of(number: int) -> str:
    return f"{number:032x}"


def put(bucket: Bucket, number: int, **change: Any) -> dict[str, Any]:
    """A picture that was published `number` seconds before now."""
    published = NOW - timedelta(seconds=number)
    id = id_of(number)
    manifest = {
        "id": id,
        "recipe": {"model": "m", "prompt": "a cat", "seed": number},
        "rerun_of": None,
        "key": f"output-images/{id}.png",
        "content_type": "image/png",
        "output_format": "png",
        "width": 12,
        "height": 8,
        "sha256": "s",
        "published_at": iso(published),
        "index_key": index_key(id, published),
    } | change
    bucket.put_once(str(manifest["key"]), b"picture", content_type="image/png")
    bucket.put_once(index_key(id, published), b"", content_type="text/plain")
    content = json.dumps(manifest).encode()
    bucket.put_once(manifest_key(id), content, content_type="application/json")
    return manifest


def listed(
    query: dict[str, Any],
    bucket: Bucket,
    owner: str = "",
    visibility: str = "team",
    at: datetime = NOW,
) -> dict[str, Any]:
    log = Log(SILENT, write=lambda line: None)
    who = {"owner": owner, "visibility": visibility}
    return dict(newest(query, **who, bucket=bucket, clock=at.timestamp, seconds=4, log=log))


class TestNewest:
    def test_pages_go_back_in_time_and_end(self, bucket: Bucket) -> None:
        for number in (3, 1, 5, 2, 4):
            put(bucket, number)

        seen = []
        query: dict[str, Any] = {"limit": "2"}
        for _ in range(3):
            page = listed(query, bucket)
            seen.append([picture["seed"] for picture in page["pictures"]])
            query["after"] = page["after"]

        assert seen == [[1, 2], [3, 4], [5]]
        assert page["after"] is None

    def test_an_entry_says_what_a_list_needs(self, bucket: Bucket) -> None:
        put(bucket, 1, rerun_of={"id": "f" * 32, "verdict": "different", "model": "m"})

        (entry,) = listed({}, bucket)["pictures"]

        assert entry == {
            "id": id_of(1),
            "published_at": "2026-11-20T09:59:59.000Z",
            "model": "m",
            "prompt": "a cat",
            "seed": 1,
            "width": 12,
            "height": 8,
            "output_format": "png",
            "sha256": "s",
            "rerun_of": "f" * 32,
        }

    def test_what_is_gone_or_left_behind_is_passed_over_and_the_page_is_full(
        self, bucket: Bucket
    ) -> None:
        for number in range(1, 7):
            put(bucket, number)
        bucket.delete(manifest_key(id_of(2)))
        left_behind = index_key(id_of(5), NOW)
        bucket.put_once(left_behind, b"", content_type="text/plain")

        page = listed({"limit": "3"}, bucket)

        assert [picture["seed"] for picture in page["pictures"]] == [1, 3, 4]
        rest = listed({"after": str(page["after"])}, bucket)
        assert [picture["seed"] for picture in rest["pictures"]] == [5, 6]

    def test_a_page_of_long_prompts_is_shorter_and_the_next_one_goes_on(
        self, bucket: Bucket
    ) -> None:
        for number in range(1, 13):
            recipe = {"model": "m", "prompt": "\U0001f408" * 10_000, "seed": number}
            put(bucket, number, recipe=recipe)

        seen: list[int] = []
        query: dict[str, Any] = {"limit": "12"}
        while query.get("after", "") is not None:
            page = listed(query, bucket)
            assert 0 < len(json.dumps(json.dumps(page))) < 262_144
            seen += [picture["seed"] for picture in page["pictures"]]
            query["after"] = page["after"]

        assert seen == list(range(1, 13))

    def test_nothing_is_an_empty_page(self, bucket: Bucket) -> None:
        assert listed({}, bucket) == {"pictures": [], "after": None}

    @pytest.mark.parametrize(
        ("query", "param"),
        [
            ({"limit": "0"}, "limit"),
            ({"limit": "101"}, "limit"),
            ({"limit": "ten"}, "limit"),
            ({"limit": "٣"}, "limit"),
            ({"limit": ""}, "limit"),
            ({"after": ""}, "after"),
            ({"after": "../x"}, "after"),
            ({"before": "x"}, "before"),
        ],
        ids=str,
    )
    def test_a_wrong_query_is_refused_by_name(
        self, bucket: Bucket, query: dict[str, str], param: str
    ) -> None:
        with pytest.raises(InvalidRequestError) as raised:
            listed(query, bucket)

        assert raised.value.param == param
