"""S3 with its errors translated."""

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from lambdas.common.bucket import Bucket
from lambdas.common.errors import EaselError, StorageAccessDeniedError, StorageError


class FailingClient:
    """Every call fails as it is told."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def head_object(self, **request: object) -> None:
        raise self._error

    get_object = put_object = head_object


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
