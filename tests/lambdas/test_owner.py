"""Whose a picture is, and what others learn of it where callers see their own pictures only."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lambdas.common.bucket import Bucket
from lambdas.common.errors import PictureNotFoundError
from lambdas.common.keys import INDEX, index_key, index_of, manifest_key, own_index_key
from lambdas.common.manifest import manifest_of
from lambdas.common.owner import own_id, owner_of
from lambdas.validate.plan import read_plan
from tests.environments import VALIDATE
from tests.lambdas.publications import shown
from tests.lambdas.test_pictures import NOW, id_of, listed, put

ROLE = "arn:aws:sts::123456789012:assumed-role/Painter"
USER = "arn:aws:iam::123456789012:user/team/ann"
FEDERATED = "arn:aws:sts::123456789012:federated-user/bob"
ROOT = "arn:aws:iam::123456789012:root"


@pytest.mark.parametrize(
    ("caller", "owner"),
    [
        (f"{ROLE}/session-1", ROLE),
        (f"{ROLE}/ann@example.com", ROLE),
        (f"{ROLE.replace('aws', 'aws-cn', 1)}/s", ROLE.replace("aws", "aws-cn", 1)),
        (USER, USER),
        (FEDERATED, FEDERATED),
        (ROOT, ROOT),
        ("abcdef1234", "abcdef1234"),
        ("", ""),
    ],
)
def test_an_owner_is_a_key_a_user_or_a_role_without_its_session(caller: str, owner: str) -> None:
    assert owner_of(caller) == owner


def add(bucket: Bucket, number: int, owner: str | None) -> str:
    """A picture of an owner, as Store writes it; of None, as it was before there were owners."""
    whose = {} if owner is None else {"owner": owner}
    manifest = put(bucket, number, **whose)
    if owner is not None:
        own = own_index_key(manifest["index_key"], owner)
        bucket.put_once(own, b"", content_type="text/plain")
    return id_of(number)


def seeds(bucket: Bucket, owner: str, visibility: str) -> list[int]:
    page = listed({}, bucket, owner, visibility)
    assert page["after"] is None
    return [picture["seed"] for picture in page["pictures"]]


def test_callers_list_their_own_pictures_or_those_of_the_team(bucket: Bucket) -> None:
    for number, owner in enumerate(("a", "b", None, "a"), start=1):
        add(bucket, number, owner)

    assert seeds(bucket, "a", "caller") == [1, 4]
    assert seeds(bucket, "b", "caller") == [2]
    assert seeds(bucket, "c", "caller") == seeds(bucket, "", "caller") == []
    assert seeds(bucket, "b", "team") == [1, 2, 3, 4]


def test_an_owners_dead_entries_are_deleted_and_nobody_elses(bucket: Bucket) -> None:
    for number, owner in ((1, "a"), (2, "b"), (3, "a")):
        add(bucket, number, owner)
        if number != 3:
            bucket.delete(manifest_key(id_of(number)))
    later = NOW + timedelta(hours=2)

    page = listed({}, bucket, "a", "caller", at=later)

    assert [picture["seed"] for picture in page["pictures"]] == [3]
    assert len(bucket.keys(index_of("a"), after="", limit=9)) == 1
    assert len(bucket.keys(index_of("b"), after="", limit=9)) == 1
    assert len(bucket.keys(str(INDEX), after="", limit=9)) == 3


def test_an_entry_of_another_owner_under_ones_own_prefix_is_passed_over_and_stays(
    bucket: Bucket,
) -> None:
    manifest = put(bucket, 1, owner="b")
    key = own_index_key(manifest["index_key"], "a")
    bucket.put_once(key, b"", content_type="text/plain")

    page = listed({}, bucket, "a", "caller", at=NOW + timedelta(hours=2))

    assert page["pictures"] == []
    assert bucket.has(key)


def found(bucket: Bucket, id: str, owner: str, visibility: str) -> str:
    return str(manifest_of(id, bucket, owner=owner, visibility=visibility)["id"])


def refused(bucket: Bucket, id: str, owner: str) -> dict[str, Any]:
    """What a caller is told, less the id."""
    with pytest.raises(PictureNotFoundError) as raised:
        found(bucket, id, owner, "caller")
    return dict(json.loads(str(raised.value).replace(id, "ID")))


class TestOneOf:
    @pytest.mark.parametrize("owner", ["b", "", "A"])
    def test_of_another_or_of_nobody_is_as_one_that_does_not_exist(
        self, bucket: Bucket, owner: str
    ) -> None:
        mine, old, unnamed = add(bucket, 1, "a"), add(bucket, 2, None), add(bucket, 3, "")

        told = [refused(bucket, id, owner) for id in (mine, old, unnamed, id_of(9))]

        assert told == [told[0]] * 4
        assert found(bucket, mine, "a", "caller") == mine

    def test_to_a_team_every_one_is_shown(self, bucket: Bucket) -> None:
        mine, old = add(bucket, 1, "a"), add(bucket, 2, None)

        assert [found(bucket, id, "b", "team") for id in (mine, old)] == [mine, old]

    def test_a_recipes_id_finds_the_callers_own_picture_of_it(self, bucket: Bucket) -> None:
        recipe_id, id = "e" * 32, own_id("e" * 32, "a")
        manifest = put(bucket, 1) | {"id": id, "owner": "a"}
        content = json.dumps(manifest).encode()
        bucket.put_once(manifest_key(id), content, content_type="application/json")

        assert found(bucket, recipe_id, "a", "caller") == id
        assert refused(bucket, recipe_id, "b") == refused(bucket, id_of(9), "b")

    @pytest.mark.parametrize("visibility", ["team", "caller"])
    def test_nobody_is_shown_whose_it_is(self, bucket: Bucket, visibility: str) -> None:
        id = add(bucket, 1, USER)

        answer = shown(bucket, id, USER, visibility)

        assert "owner" not in answer["manifest"]
        assert USER not in json.dumps(answer)


def ids(owner: str, visibility: str) -> list[str]:
    plan = read_plan(
        {"prompt": "a", "seed": 1, "count": 2},
        owner=owner,
        environment=replace(VALIDATE, visibility=visibility),
        draw_seed=lambda limit: 1,
    )
    assert plan.to_dict()["owner"] == owner
    return [picture.id for picture in plan.pictures]


def test_pictures_of_two_callers_never_meet_unless_they_are_a_team() -> None:
    every: list[Any] = [*ids("a", "caller"), *ids("b", "caller"), *ids("a", "team")]

    assert len(set(every)) == 6
    assert ids("a", "team") == ids("b", "team")
    assert ids("a", "caller") == ids("a", "caller")


def test_an_entrys_key_tells_nothing_of_its_owner() -> None:
    assert USER not in index_of(USER)
    assert index_key("a" * 32, NOW).startswith(str(INDEX))
    assert not index_of(USER).startswith(str(INDEX))
