"""Only what the present guardrail has passed is handed out, and what it blocks is gone."""

import hashlib
import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from lambdas.common.bucket import Bucket
from lambdas.common.errors import PictureBlockedError, StorageError
from lambdas.common.keys import manifest_key, staging_key
from lambdas.store.checking import url_of
from tests.lambdas.fake_s3 import CrashError, Crashing, FakeS3
from tests.lambdas.publications import (
    RECIPE,
    deps_of,
    files,
    key_of,
    manifest,
    picture,
    published,
    shown,
    stage,
    strict,
)
from tests.lambdas.test_pictures import listed

WORDS = "its word policy"


def test_the_guardrail_sees_a_picture_before_it_is_published_and_only_then(
    bucket: Bucket,
) -> None:
    stage(bucket)
    guardrail = strict(None)

    for _ in range(2):
        published(bucket, guardrail=guardrail)

    assert guardrail.asked == [(picture(), "png")]
    assert manifest(bucket)["guardrail"] == {"id": "abc", "version": "3", "blocked_by": None}


def test_a_blocked_picture_is_not_there_and_its_manifest_says_why(bucket: Bucket) -> None:
    stage(bucket)

    with pytest.raises(PictureBlockedError, match="by its word policy") as raised:
        published(bucket, guardrail=strict("its word policy"))

    assert raised.value.answer()["status"] == 400
    assert not bucket.has(key_of(picture()))
    assert manifest(bucket)["guardrail"]["blocked_by"] == "its word policy"
    assert (manifest(bucket)["key"], manifest(bucket)["published_at"]) == (None, None)


def test_a_blocked_picture_is_published_once_the_guardrail_lets_it(bucket: Bucket) -> None:
    stage(bucket)
    for _ in range(2):
        with pytest.raises(PictureBlockedError):
            published(bucket, guardrail=strict("its word policy"))

    answer = published(bucket, guardrail=strict(None))

    assert answer["sha256"] == hashlib.sha256(picture()).hexdigest()
    assert manifest(bucket)["key"] == key_of(picture())


@pytest.mark.parametrize("policy", [None, "its word policy"], ids=["passes", "is blocked"])
def test_a_picture_from_before_the_guardrail_is_checked_before_it_is_handed_out(
    bucket: Bucket, policy: str | None
) -> None:
    stage(bucket)
    published(bucket)
    guardrail = strict(policy)

    for _ in range(2):
        if policy is None:
            published(bucket, guardrail=guardrail, source="published")
        else:
            with pytest.raises(PictureBlockedError):
                published(bucket, guardrail=guardrail, source="published")
        assert len(listed({}, bucket)["pictures"]) == (policy is None)

    assert guardrail.asked[0] == (picture(), "png")
    assert manifest(bucket)["guardrail"]["blocked_by"] == policy
    assert (manifest(bucket)["key"] is None) == (policy is not None)


def publish_both_files(bucket: Bucket) -> None:
    """With the recipe, which the manifest names, and without; as no guardrail has seen them."""
    stage(bucket)
    for recipe_in_picture in (True, False):
        published(bucket, recipe_in_picture=recipe_in_picture)


def drift(bucket: Bucket, file: bytes) -> None:
    """What was staged has expired, and the model draws another picture for the same recipe."""
    bucket.delete(staging_key(RECIPE.id))
    stage(bucket, file)


def test_a_blocked_file_never_comes_back_under_another_pictures_check(bucket: Bucket) -> None:
    blocked, passed = picture("red"), picture("blue")
    guardrail = strict(WORDS, blocked)
    stage(bucket, blocked)
    published(bucket)
    with pytest.raises(PictureBlockedError):
        published(bucket, guardrail=guardrail)
    drift(bucket, passed)

    answer = published(bucket, guardrail=guardrail)

    opened = bucket.require(urlsplit(answer["image_url"]).path.removeprefix("/"))
    assert opened.content == passed
    assert answer["sha256"] == manifest(bucket)["sha256"] == hashlib.sha256(passed).hexdigest()


@pytest.mark.parametrize("by", ["publish", "show"])
def test_a_block_deletes_all_versions_of_both_files(bucket: Bucket, by: str) -> None:
    publish_both_files(bucket)
    bucket.delete(key_of(picture()))
    published(bucket)

    if by == "publish":
        with pytest.raises(PictureBlockedError):
            published(bucket, guardrail=strict(WORDS))
    else:
        assert shown(bucket, guardrail=strict(WORDS))["image_url"] is None

    assert files(bucket) == []
    assert manifest(bucket)["guardrail"]["blocked_by"] == WORDS


def test_a_file_that_somebody_deleted_is_gone_for_good_once_it_is_blocked(bucket: Bucket) -> None:
    publish_both_files(bucket)
    bucket.delete(manifest(bucket)["key"])

    with pytest.raises(PictureBlockedError):
        published(bucket, guardrail=strict(WORDS))

    assert files(bucket) == []


class TestOlderPictures:
    """Published under keys that do not name their bytes: what was checked may be another file."""

    @pytest.fixture
    def older(self, bucket: Bucket) -> bytes:
        """A picture whose manifest says that the present guardrail passed it."""
        file = picture()
        stage(bucket, file)
        published(bucket, guardrail=strict(None))
        described = {**manifest(bucket), "key": f"output-images/{RECIPE.id}.png"}
        bucket.delete(manifest_key(RECIPE.id))
        for key in (described["key"], f"output-images/{RECIPE.id}.bare.png"):
            bucket.put_once(key, file, content_type="image/png")
        content = json.dumps(described).encode()
        bucket.put_once(manifest_key(RECIPE.id), content, content_type="application/json")
        return file

    def test_without_a_guardrail_they_are_handed_out_as_they_are(
        self, bucket: Bucket, older: bytes
    ) -> None:
        before = manifest(bucket)

        answers = [shown(bucket), published(bucket)]

        assert all(f"/{before['key']}?" in answer["image_url"] for answer in answers)
        assert manifest(bucket) == before

    def test_they_are_checked_once_more_and_get_a_key_that_names_them(
        self, bucket: Bucket, older: bytes
    ) -> None:
        guardrail = strict(None)

        answers = [shown(bucket, guardrail=guardrail), published(bucket, guardrail=guardrail)]

        assert guardrail.asked == [(older, "png")]
        assert all(f"/{key_of(older)}?" in answer["image_url"] for answer in answers)

    def test_a_block_deletes_them_under_all_their_keys(self, bucket: Bucket, older: bytes) -> None:
        assert shown(bucket, guardrail=strict(WORDS))["image_url"] is None

        assert files(bucket) == []


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after it"])
@pytest.mark.parametrize("by", [published, shown], ids=["publish", "show"])
@pytest.mark.parametrize("calls", range(1, 14))
def test_a_crash_while_blocking_hands_out_nothing_and_the_next_request_ends_it(
    calls: int, by: Any, after: bool
) -> None:
    s3: Any = Crashing(FakeS3())
    bucket = Bucket("pictures", s3)
    publish_both_files(bucket)
    guardrail = strict(WORDS)

    s3.crash_at(calls, after=after)
    with suppress(CrashError, PictureBlockedError):
        assert by(bucket, guardrail=guardrail)["image_url"] is None
    s3.crash_at(None)

    assert shown(bucket, guardrail=guardrail)["image_url"] is None
    with pytest.raises(PictureBlockedError):
        published(bucket, guardrail=guardrail)
    assert not [each.key for each in s3.versions if each.key.endswith(".png")]


class TestTwoExecutions:
    def test_both_block(self, bucket: Bucket) -> None:
        publish_both_files(bucket)

        def other() -> None:
            with pytest.raises(PictureBlockedError):
                published(bucket, guardrail=strict(WORDS))

        with pytest.raises(PictureBlockedError):
            published(bucket, guardrail=strict(WORDS, meanwhile=other))

        assert files(bucket) == []

    @pytest.mark.parametrize("by", [published, shown], ids=["publish", "show"])
    def test_one_blocks_and_the_other_publishes_what_was_drawn_since(
        self, bucket: Bucket, by: Any
    ) -> None:
        blocked, passed = picture("red"), picture("blue")
        stage(bucket, blocked)
        published(bucket)
        others = strict(WORDS, blocked)

        class Interrupted(Bucket):
            """Another execution comes between the files' deletion and the manifest's writing."""

            def replace(self, key: str, content: bytes, **rest: Any) -> bool:
                if not bucket.has(key_of(passed)):
                    drift(bucket, passed)
                    published(bucket, guardrail=others)
                return super().replace(key, content, **rest)

        answer = by(Interrupted(bucket.name, bucket._client), guardrail=strict(WORDS, blocked))

        assert f"/{key_of(passed)}?" in answer["image_url"]
        assert files(bucket) == [passed]
        assert manifest(bucket)["guardrail"]["blocked_by"] is None

    @pytest.mark.parametrize("by", [published, shown], ids=["publish", "show"])
    def test_a_file_that_another_one_deletes_meanwhile_is_not_handed_out(
        self, bucket: Bucket, by: Any
    ) -> None:
        stage(bucket)
        published(bucket)

        class Late(Bucket):
            """Finds the file, which is gone when it is read."""

            def require(self, key: str) -> Any:
                bucket.delete(key)
                return super().require(key)

        with pytest.raises(StorageError):
            by(Late(bucket.name, bucket._client), guardrail=strict(None))

    def test_a_manifest_that_changes_all_the_time_is_a_storage_error(self, bucket: Bucket) -> None:
        class Late(Bucket):
            def replace(self, key: str, content: bytes, **rest: Any) -> bool:
                return False

        stage(bucket)
        published(bucket)

        with pytest.raises(StorageError):
            published(Late(bucket.name, bucket._client), guardrail=strict(None))


def test_no_url_is_signed_for_a_picture_that_is_not_checked(bucket: Bucket) -> None:
    stage(bucket)
    published(bucket)
    described = manifest(bucket)

    with pytest.raises(ValueError, match="not checked"):
        url_of(described["key"], described, deps_of(bucket, strict(None)))
