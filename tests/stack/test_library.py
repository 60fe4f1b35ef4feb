"""The list of earlier pictures, over the running stack."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.common.keys import index_key
from tests.local_client import LocalClient, running

SMALL = {"model": "amazon.nova-canvas-v1:0", "width": 320, "height": 320, "prompt": "listed"}
PICTURES = 25
FIELDS = {
    "id", "published_at", "model", "prompt", "seed", "width", "height", "output_format", "sha256",
    "rerun_of",
}  # fmt: skip


@pytest.fixture(scope="module")
def empty() -> Iterator[LocalClient]:
    with running() as client:
        yield client


@pytest.fixture(scope="module")
def filled(empty: LocalClient) -> LocalClient:
    """With 25 pictures, of seeds 1 to 25 in this order."""
    for seed in range(1, PICTURES + 1):
        assert empty.post({**SMALL, "seed": seed}).status == 200
    return empty


def page(easel: LocalClient, query: str = "") -> dict[str, Any]:
    answer = easel.look(f"/images{query}")
    assert answer.status == 200, answer.content
    return answer.body


class TestNothing:
    def test_no_pictures_are_an_empty_page(self, empty: LocalClient) -> None:
        assert page(empty) == {"pictures": [], "after": None}

    def test_a_refused_picture_is_not_listed(self, empty: LocalClient) -> None:
        empty.fail("filtered")
        empty.post({**SMALL, "seed": 1})

        assert page(empty)["pictures"] == []


class TestPages:
    def test_the_newest_is_first_with_every_field(self, filled: LocalClient) -> None:
        pictures = page(filled)["pictures"]

        assert [picture["seed"] for picture in pictures] == list(range(25, 5, -1))
        assert pictures[0].keys() == FIELDS

    def test_pages_of_ten_have_every_picture_once(self, filled: LocalClient) -> None:
        pages, after = [], ""
        while after is not None:
            found = page(filled, f"?limit=10&after={after}" if after else "?limit=10")
            pages.append([picture["seed"] for picture in found["pictures"]])
            after = found["after"]

        assert pages == [
            list(range(25, 15, -1)),
            list(range(15, 5, -1)),
            list(range(5, 0, -1)),
        ]

    def test_a_page_that_is_just_full_is_the_last(self, filled: LocalClient) -> None:
        found = page(filled, f"?limit={PICTURES}")

        assert (len(found["pictures"]), found["after"]) == (PICTURES, None)

    def test_what_is_drawn_between_pages_shifts_nothing(self, filled: LocalClient) -> None:
        first = page(filled, "?limit=2")
        filled.post({**SMALL, "seed": 26})

        second = page(filled, f"?limit=2&after={first['after']}")

        seeds = [picture["seed"] for picture in (*first["pictures"], *second["pictures"])]
        assert seeds == list(range(seeds[0], seeds[0] - 4, -1))

    def test_a_rerun_is_listed_with_what_it_is_again(self, filled: LocalClient) -> None:
        first = page(filled, "?limit=1")["pictures"][0]
        again = filled.rerun(first["id"]).body

        newest = page(filled, "?limit=1")["pictures"][0]

        assert (newest["id"], newest["rerun_of"]) == (again["id"], first["id"])

    def test_a_picture_that_was_deleted_with_its_record_is_not_listed(
        self, filled: LocalClient
    ) -> None:
        newest = page(filled, "?limit=2")["pictures"]
        gone = f"output-images/{newest[0]['id']}"
        filled.delete_objects(*(key for key in filled.object_keys() if key.startswith(gone)))

        assert page(filled, "?limit=1")["pictures"] == newest[1:]

    def test_entries_without_a_picture_are_deleted_on_the_way(self, filled: LocalClient) -> None:
        dead = {index_key(f"{number:032x}", datetime(2026, 1, 1, tzinfo=UTC)) for number in (1, 2)}
        for key in dead:
            filled.put_object(key, b"")

        assert dead <= filled.object_keys()
        assert len(page(filled, "?limit=100")["pictures"]) >= PICTURES

        assert not dead & filled.object_keys()


class TestQueries:
    @pytest.mark.parametrize(
        ("query", "param"),
        [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=-1", "limit"),
            ("limit=1.5", "limit"),
            ("limit=ten", "limit"),
            ("limit=%D9%A1", "limit"),
            ("limit=", "limit"),
            ("after=", "after"),
            ("after=x", "after"),
            ("after=output-images%2F", "after"),
            ("after=%22%7D%2C%5C%27", "after"),
            ("page=2", "page"),
            ("%22x%5C=1", '"x\\'),
        ],
    )
    def test_a_wrong_query_is_a_400_that_names_it(
        self, easel: LocalClient, query: str, param: str
    ) -> None:
        answer = easel.look(f"/images?{query}")

        assert (answer.status, answer.error["param"]) == (400, param)

    def test_a_key_is_needed(self, easel: LocalClient) -> None:
        answer = easel.get(f"{easel.api_url}/images")

        assert (answer.status, answer.error["code"]) == (403, "invalid_api_key")
