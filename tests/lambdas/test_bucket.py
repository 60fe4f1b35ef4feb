"""S3 with its errors translated: moto's, and the one in memory that other tests use."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from lambdas.common.bucket import Bucket
from lambdas.common.errors import EaselError, StorageAccessDeniedError, StorageError
from tests.lambdas.fake_s3 import FakeS3


@pytest.fixture(params=["moto", "memory"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    client: Any = FakeS3()
    if request.param == "memory":
        return Bucket("pictures", client)
    found: Bucket = request.getfixturevalue("moto_bucket")
    return found


class FailingClient:
    """Every call fails as it is told."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def head_object(self, *args: object, **request: object) -> None:
        raise self._error

    get_object = put_object = delete_object = get_paginator = head_object


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "words"}}, "PutObject")


def test_an_object_is_there_once_it_is_put(bucket: Bucket) -> None:
    assert not bucket.has("staging/a")

    bucket.put_once("staging/a", b"1", content_type="image/png", metadata={"model-seed": "7"})

    assert bucket.has("staging/a")
    found = bucket.get("staging/a")
    assert found is not None
    assert (found.content, found.metadata) == (b"1", {"model-seed": "7"})


def test_a_missing_object_is_none(bucket: Bucket) -> None:
    assert bucket.get("staging/a") is None


def test_the_first_content_of_a_key_stays(bucket: Bucket) -> None:
    first = bucket.put_once("k", b"first", content_type="text/plain")
    second = bucket.put_once("k", b"second", content_type="text/plain")

    found = bucket.get("k")
    assert (first, second) == (True, False)
    assert found is not None
    assert found.content == b"first"


def test_an_object_is_replaced_only_as_it_was_read(bucket: Bucket) -> None:
    bucket.put_once("k", b"first", content_type="text/plain")
    first = bucket.require("k")

    replaced = [
        bucket.replace("k", content, content_type="text/plain", etag=first.etag)
        for content in (b"second", b"third")
    ]
    absent = bucket.replace("absent", b"1", content_type="text/plain", etag=first.etag)

    assert (replaced, absent) == ([True, False], False)
    assert bucket.require("k").content == b"second"


def test_keys_are_listed_in_order_as_far_as_asked(bucket: Bucket) -> None:
    for key in ("index/3", "index/1", "index/2", "other/1"):
        bucket.put_once(key, b"", content_type="text/plain")
    bucket.delete("index/2")

    assert bucket.keys("index/", after="index/", limit=1) == ["index/1"]
    assert bucket.keys("index/", after="index/1", limit=9) == ["index/3"]


@pytest.fixture
def several_versions(bucket: Bucket) -> list[str]:
    """Keys that were written, deleted and written again, but the last one, which stays deleted."""
    keys = ["output-images/a.json", "output-images/a.png", "output-images/a/1.png",
            "output-images/a/2.png"]  # fmt: skip
    for key in (*keys, "output-images/b.png"):
        bucket.put_once(key, b"first", content_type="text/plain")
        bucket.delete(key)
        if key != keys[-1]:
            bucket.put_once(key, b"second", content_type="text/plain")
    return keys


def versions(bucket: Bucket) -> list[tuple[str, str]]:
    client: Any = bucket._client
    pages = client.get_paginator("list_object_versions").paginate(Bucket=bucket.name, Prefix="")
    return [
        (each["Key"], each["VersionId"])
        for page in pages
        for each in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
    ]


def test_a_purge_leaves_no_version_but_those_of_the_key_that_is_kept(
    bucket: Bucket, several_versions: list[str]
) -> None:
    kept = several_versions[0]

    for _ in range(2):
        bucket.purge("output-images/a", keep=kept, last=None)

    left = [key for key, _ in versions(bucket)]
    assert sorted(left) == [kept] * 3 + ["output-images/b.png"] * 3


def test_a_purge_that_fails_on_the_way_leaves_the_last_key(
    bucket: Bucket, several_versions: list[str]
) -> None:
    client, last = bucket._client, several_versions[1]

    class Failing:
        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

        def delete_object(self, **request: Any) -> None:
            if request["Key"] == last and len([k for k, _ in versions(bucket) if k == last]) == 1:
                raise client_error("SlowDown")
            client.delete_object(**request)

    failing: Any = Failing()
    with pytest.raises(StorageError):
        Bucket(bucket.name, failing).purge("output-images/a", keep="", last=last)

    left = [key for key, _ in versions(bucket) if key.startswith("output-images/a")]
    assert left == [last]
    assert bucket.require(last).content == b"second"


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (client_error("AccessDenied"), StorageAccessDeniedError),
        (client_error("403"), StorageAccessDeniedError),
        (client_error("SlowDown"), StorageError),
        (client_error("InternalError"), StorageError),
        (client_error("NoSuchBucket"), StorageError),
        (ConnectTimeoutError(endpoint_url="x"), StorageError),
    ],
    ids=str,
)
def test_failures_are_translated_by_code(error: Exception, meaning: type[EaselError]) -> None:
    failing = Bucket("pictures", FailingClient(error))  # type: ignore[arg-type]

    for call in (
        lambda: failing.has("k"),
        lambda: failing.get("k"),
        lambda: failing.put_once("k", b"", content_type="text/plain"),
        lambda: failing.purge("k", keep="", last=None),
    ):
        with pytest.raises(EaselError) as caught:
            call()
        assert type(caught.value) is meaning
        assert "words" not in caught.value.message


def test_a_conflict_with_a_write_that_runs_is_worth_another_try() -> None:
    """A deletion may run too: whether the object is there, nobody knows."""
    error = client_error("ConditionalRequestConflict")
    meeting = Bucket("pictures", FailingClient(error))  # type: ignore[arg-type]

    with pytest.raises(StorageError):
        meeting.put_once("k", b"", content_type="text/plain")
    with pytest.raises(StorageError):
        meeting.replace("k", b"", content_type="text/plain", etag="e")


@pytest.mark.parametrize("code", ["PreconditionFailed", "412"])
def test_a_conditional_write_of_what_is_there_did_not_write(code: str) -> None:
    meeting = Bucket("pictures", FailingClient(client_error(code)))  # type: ignore[arg-type]

    assert not meeting.put_once("k", b"", content_type="text/plain")
    assert not meeting.replace("k", b"", content_type="text/plain", etag="e")
