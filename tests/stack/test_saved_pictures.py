"""DATA: what the directory keeps of the bucket, whatever its keys are."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.local_client import running

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


def content_of(key: str) -> bytes:
    return f"content of {key!r}".encode()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "victim.txt").write_text("not of the stack")
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def test_every_key_is_kept_apart_and_comes_back(data: Path) -> None:
    with running(data=data, log=lambda line: None) as easel:
        for key in (*HOSTILE, PLAIN):
            easel.put_object(key, content_of(key))
        easel.aws("s3").copy_object(
            Bucket=easel.bucket, Key="index/copy", CopySource={"Bucket": easel.bucket, "Key": PLAIN}
        )
        easel.aws("s3").put_object_tagging(
            Bucket=easel.bucket, Key=PLAIN, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
        )
    with running(data=data, log=lambda line: None) as easel:
        s3 = easel.aws("s3")
        kept = {
            key: s3.get_object(Bucket=easel.bucket, Key=key)["Body"].read()
            for key in easel.object_keys()
        }
        easel.delete_objects(*HOSTILE)
        left = easel.object_keys()
    with running(data=data, log=lambda line: None) as easel:
        restored = easel.object_keys()

    expected = {key: content_of(key) for key in (*HOSTILE, PLAIN)}
    assert kept == {**expected, "index/copy": content_of(PLAIN)}
    assert left == restored == {PLAIN, "index/copy"}
    assert (data / PLAIN).read_bytes() == content_of(PLAIN)
    assert sorted(path.name for path in data.parent.iterdir()) == ["data", "victim.txt"]
    assert (data.parent / "victim.txt").read_text() == "not of the stack"


def test_a_deletion_reaches_no_file_outside_and_no_path_steers_the_terminal(data: Path) -> None:
    said: list[str] = []
    with running(data=data, log=said.append) as easel:
        easel.delete_objects("../victim.txt")
        easel.look("/images%1b%5d0;title%07%0aGET%20/forged")
        easel.post({"prompt": "\x1b[2J", "model": "\x1b[2J\x9b"})

    assert (data.parent / "victim.txt").exists()
    assert any("forged" in line for line in said)
    assert all(part.isprintable() for line in said for part in line.split("\n    "))


def test_what_others_keep_in_other_buckets_is_not_kept(data: Path) -> None:
    with running(data=data, log=lambda line: None) as easel:
        s3 = easel.aws("s3")
        s3.create_bucket(Bucket="another")
        s3.put_object(Bucket="another", Key=PLAIN, Body=b"another's")

    assert not list(data.rglob("*.png"))


def test_objects_keep_their_dates_and_descriptions(data: Path) -> None:
    written = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with running(data=data, log=lambda line: None) as easel:
        easel.aws("s3").put_object(
            Bucket=easel.bucket, Key=LOCK, Body=b"1", ContentType="text/plain", Metadata={"a": "b"}
        )
        before = easel.aws("s3").head_object(Bucket=easel.bucket, Key=LOCK)["LastModified"]
    assert datetime.now(UTC) - before < timedelta(minutes=1)
    os.utime(data / LOCK, (written.timestamp(), written.timestamp()))
    with running(data=data, log=lambda line: None) as easel:
        restored = easel.aws("s3").head_object(Bucket=easel.bucket, Key=LOCK)
    with running(data=data, log=lambda line: None) as easel:
        again = easel.aws("s3").head_object(Bucket=easel.bucket, Key=LOCK)

    assert restored["LastModified"] == again["LastModified"] == written
    assert (restored["ContentType"], restored["Metadata"]) == ("text/plain", {"a": "b"})
