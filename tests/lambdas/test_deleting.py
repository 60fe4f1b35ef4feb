"""A picture is deleted with all that the bucket has of it, and nothing brings it back."""

import json
from dataclasses import replace
from typing import Any

import pytest

from lambdas.common.bucket import Bucket
from lambdas.common.errors import InvalidRequestError, PictureNotFoundError, StorageError
from lambdas.common.keys import PICTURES, index_key, lock_key, manifest_key
from lambdas.common.owner import own_id
from lambdas.delete.deleting import delete
from tests.lambdas.fake_s3 import CrashError, Crashing, FakeS3
from tests.lambdas.publications import NOW, RECIPE, manifest, published, shown, stage, strict

CALLER: dict[str, str] = {"owner": "o", "visibility": "team", "execution_arn": "arn"}


class Place:
    """A bucket in memory, whose client can crash."""

    def __init__(self) -> None:
        client: Any = Crashing(FakeS3())
        self.s3 = client
        self.bucket = Bucket("pictures", client)

    def keys(self) -> list[str]:
        """Of every version and delete marker."""
        return [each.key for each in self.s3.versions]

    def published(self) -> list[str]:
        return [key for key in self.keys() if key.startswith(str(PICTURES))]

    def publish(self, *, with_recipe: bool = True) -> None:
        """Publishes both files, the manifest's own with its recipe or without, and changes the
        manifest. Lock and staged picture are there still."""
        self.bucket.put_once(lock_key(RECIPE.id), b"", content_type="text/plain")
        stage(self.bucket)
        for in_picture in (with_recipe, not with_recipe):
            published(self.bucket, guardrail=strict(None), recipe_in_picture=in_picture)
        changed = replace(strict(None), version="4")
        published(self.bucket, guardrail=changed)


@pytest.fixture
def place() -> Place:
    found = Place()
    found.publish()
    assert len(found.keys()) == 8
    return found


def test_nothing_is_left_of_what_is_deleted(place: Place) -> None:
    answer = delete(RECIPE.id, place.bucket, **CALLER)

    assert answer == {"id": RECIPE.id, "deleted": True, "execution_arn": "arn"}
    assert place.keys() == []
    with pytest.raises(PictureNotFoundError):
        delete(RECIPE.id, place.bucket, **CALLER)


def test_older_versions_and_delete_markers_are_deleted_too(place: Place) -> None:
    first = manifest(place.bucket)["key"]
    place.bucket.delete(first)
    published(place.bucket, guardrail=strict(None), recipe_in_picture=True)
    place.bucket.delete(first)

    delete(RECIPE.id, place.bucket, **CALLER)

    assert place.keys() == []


def test_other_pictures_stay(place: Place) -> None:
    other = replace(RECIPE, seed=6)
    place.bucket.put_once(manifest_key(other.id), b"{}", content_type="application/json")

    delete(RECIPE.id, place.bucket, **CALLER)

    assert place.keys() == [manifest_key(other.id)]


def test_a_picture_that_was_blocked_is_deleted_with_its_prompt() -> None:
    place = Place()
    stage(place.bucket)
    with pytest.raises(Exception, match="blocked"):
        published(place.bucket, guardrail=strict("its word policy"))

    delete(RECIPE.id, place.bucket, **CALLER)

    assert place.keys() == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("with_recipe", [False, True])
def test_what_broke_off_hands_out_no_url_and_repeating_it_ends_it(
    with_recipe: bool, after: bool
) -> None:
    """Unless it had deleted nothing yet of what was published."""
    broken_off = 0
    for calls in range(1, 100):
        place = Place()
        place.publish(with_recipe=with_recipe)
        whole = place.published()
        place.s3.crash_at(calls, after=after)
        try:
            delete(RECIPE.id, place.bucket, **CALLER)
        except CrashError:
            place.s3.crash_at(None)
        else:
            assert broken_off > 1
            return
        left = place.published()
        if left:
            answer = shown(place.bucket, guardrail=replace(strict(None), version="4"))
            assert (answer["image_url"] is not None) == (left == whole)
            broken_off += left != whole
            delete(RECIPE.id, place.bucket, **CALLER)
        assert place.keys() == []
    raise AssertionError("it never ends")


@pytest.mark.parametrize("look", [published, shown])
def test_a_check_that_runs_beside_a_deletion_brings_no_file_back(look: Any, place: Place) -> None:
    stricter = strict(None, meanwhile=lambda: delete(RECIPE.id, place.bucket, **CALLER))

    with pytest.raises((StorageError, PictureNotFoundError)):
        look(place.bucket, guardrail=stricter)

    assert place.keys() == []


def test_callers_kept_apart_delete_their_own_alone(place: Place) -> None:
    apart = {**CALLER, "visibility": "caller"}
    before = place.keys()

    with pytest.raises(PictureNotFoundError) as anothers:
        delete(RECIPE.id, place.bucket, **{**apart, "owner": "other"})
    with pytest.raises(PictureNotFoundError) as nobodys:
        delete("0" * 32, place.bucket, **apart)

    assert place.keys() == before
    assert str(anothers.value).replace(RECIPE.id, "0" * 32) == str(nobodys.value)
    delete(RECIPE.id, place.bucket, **apart)
    assert place.keys() == []


def test_the_id_of_a_recipe_deletes_the_callers_own_picture_of_it() -> None:
    place = Place()
    own = own_id(RECIPE.id, "o")
    content = f'{{"id": "{own}", "owner": "o", "key": null}}'.encode()
    place.bucket.put_once(manifest_key(own), content, content_type="application/json")

    answer = delete(RECIPE.id, place.bucket, **{**CALLER, "visibility": "caller"})

    assert (answer["id"], place.keys()) == (own, [])


def test_a_picture_from_before_there_were_owners_is_deleted_whole() -> None:
    place = Place()
    entry, file = index_key(RECIPE.id, NOW), f"{PICTURES}{RECIPE.id}.png"
    content = json.dumps({"id": RECIPE.id, "key": file, "index_key": entry}).encode()
    for key in (entry, file, manifest_key(RECIPE.id)):
        place.bucket.put_once(key, content, content_type="application/json")

    delete(RECIPE.id, place.bucket, **CALLER)

    assert place.keys() == []


def test_what_is_no_id_deletes_nothing(place: Place) -> None:
    with pytest.raises(InvalidRequestError):
        delete("", place.bucket, **CALLER)
