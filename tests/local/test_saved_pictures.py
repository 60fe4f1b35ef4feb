"""DATA: what the directory keeps of the bucket, whatever its keys are."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import S3Backend, s3_backends

from local.aws.signatures import PARTITION
from local.saved_pictures import SavedPictures

BUCKET = "pictures"
PLAIN = "output-images/00000000000000000000000000000000.png"
LOCK = "staging/00000000000000000000000000000000.claim"
HOSTILE = (
    "../victim.txt",
    "output-images/../../victim.txt",
    "/victim.txt",
    "nul\0in it",
    "x" * 1_024,
    f"output-images/{'x' * 255}",
    "output-images/same",
    "output-images/SAME",
    "output-images/same.",
    "output-images/same..",
    "output-images/.headers",
    f"{PLAIN}.headers",
    "a",
    "a/b",
    "a/b/c",
    "a/b.headers",
    "_",
    ".writing",
    "percent%2F and + ü",
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "victim.txt").write_text("not of the stack")
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    s3_backends.reset()


def started(data: Path) -> tuple[S3Backend, SavedPictures, int]:
    """An empty bucket into which all that is saved was put, and how much that was."""
    s3_backends.reset()
    s3 = s3_backends[DEFAULT_ACCOUNT_ID][PARTITION]
    s3.create_bucket(BUCKET, "us-east-1")
    saved = SavedPictures(data, BUCKET)
    return s3, saved, saved.restore()


def kept(s3: S3Backend) -> dict[str, bytes]:
    return {key: s3.get_object(BUCKET, key).value for key in s3.buckets[BUCKET].keys}  # type: ignore[union-attr]


def test_every_key_is_kept_apart_and_comes_back(data: Path) -> None:
    contents = {key: f"content of {key!r}".encode() for key in (*HOSTILE, PLAIN)}
    s3, saved, _ = started(data)
    for key, content in contents.items():
        s3.put_object(BUCKET, key, content).set_metadata({"Content-Type": "text/plain"})
        saved.update(key)

    s3, saved, restored = started(data)

    assert restored == len(contents)
    assert kept(s3) == contents
    assert (data / PLAIN).read_bytes() == contents[PLAIN]
    assert sorted(path.name for path in data.parent.iterdir()) == ["data", "victim.txt"]

    for key in HOSTILE:
        s3.delete_object(BUCKET, key)
        saved.update(key)

    assert kept(started(data)[0]).keys() == {PLAIN}
    assert (data.parent / "victim.txt").read_text() == "not of the stack"


def test_objects_keep_their_dates_and_descriptions(data: Path) -> None:
    written = datetime(2026, 11, 20, 12, tzinfo=UTC)
    s3, saved, _ = started(data)
    described = {"Content-Type": "text/plain", "x-amz-meta-a": "b"}
    s3.put_object(BUCKET, LOCK, b"1").set_metadata(described)
    saved.update(LOCK)
    os.utime(data / LOCK, (written.timestamp(), written.timestamp()))

    for _ in range(2):
        s3, _, _ = started(data)
        restored = s3.get_object(BUCKET, LOCK)

        assert restored is not None
        assert restored.last_modified.replace(tzinfo=UTC) == written
        assert restored.metadata["content-type"] == "text/plain"
        assert restored.metadata["x-amz-meta-a"] == "b"
