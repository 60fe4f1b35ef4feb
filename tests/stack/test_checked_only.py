"""Only what the present guardrail has passed is handed out, and writes that could hide another file
are refused, over the running stack."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_client import LocalClient, running
from tests.stack.test_template_is_run import without_permission
from tests.stack.unchecked import BLOCKED, CORE, publish_unchecked


@pytest.fixture(scope="module")
def easel() -> Iterator[LocalClient]:
    with running() as client:
        yield client


def versions(easel: LocalClient, id: str) -> list[str]:
    """The keys of every version of a picture's files."""
    found = easel.aws("s3").list_object_versions(Bucket=easel.bucket, Prefix=f"output-images/{id}")
    listed = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
    return [each["Key"] for each in listed if not each["Key"].endswith(".json")]


def test_a_picture_that_passes_is_shown_under_a_key_that_names_it(easel: LocalClient) -> None:
    id = publish_unchecked(easel, "checked while it is shown")

    shown = easel.look(f"/images/{id}").body

    manifest = shown["manifest"]
    content = easel.get(shown["image_url"]).content
    assert manifest["guardrail"]["blocked_by"] is None
    assert manifest["key"] == f"output-images/{id}/{manifest['sha256']}.png"
    assert hashlib.sha256(content).hexdigest() == manifest["sha256"]


@pytest.mark.parametrize("by", ["show", "draw"])
def test_a_picture_that_is_blocked_is_deleted_in_all_versions(easel: LocalClient, by: str) -> None:
    prompt = f"{BLOCKED} by {by}"
    id = publish_unchecked(easel, prompt)
    assert len(versions(easel, id)) == 2

    if by == "draw":
        answer = easel.post({"prompt": prompt, "seed": 1, "model": CORE})
        assert (answer.status, answer.error["code"]) == (400, "moderation_blocked")
    shown = easel.look(f"/images/{id}")

    assert (shown.status, shown.body["image_url"]) == (200, None)
    assert shown.body["manifest"]["guardrail"]["blocked_by"] == "its content filter for HATE"
    assert shown.body["manifest"]["key"] is None
    assert versions(easel, id) == []


@pytest.mark.parametrize("action", ["s3:ListBucketVersions", "s3:DeleteObjectVersion"])
def test_a_blocked_picture_that_may_not_be_deleted_is_not_shown_either(
    easel: LocalClient, action: str
) -> None:
    id = publish_unchecked(easel, f"{BLOCKED} without {action}")

    with without_permission(easel, "StoreRole", action):
        refused = easel.look(f"/images/{id}")
    shown = easel.look(f"/images/{id}")

    assert (refused.status, refused.error["code"]) == (500, "storage_access_denied")
    assert (shown.status, shown.body["image_url"]) == (200, None)
    assert versions(easel, id) == []


class TestUnconditionalWrites:
    """The bucket's policy is for everybody, the operator too."""

    KEY = f"output-images/{'0' * 32}/picture.png"

    @pytest.fixture
    def s3(self, easel: LocalClient) -> Any:
        return easel.aws("s3")

    def test_a_write_without_a_condition_is_refused(self, easel: LocalClient, s3: Any) -> None:
        with pytest.raises(ClientError, match="explicit deny"):
            s3.put_object(Bucket=easel.bucket, Key=self.KEY, Body=b"1")

    def test_a_write_with_either_condition_is_made(self, easel: LocalClient, s3: Any) -> None:
        at = {"Bucket": easel.bucket, "Key": self.KEY}

        written = s3.put_object(**at, Body=b"1", IfNoneMatch="*")
        s3.put_object(**at, Body=b"2", IfMatch=written["ETag"])

        assert s3.get_object(**at)["Body"].read() == b"2"

    def test_elsewhere_no_condition_is_asked_for(self, easel: LocalClient, s3: Any) -> None:
        s3.put_object(Bucket=easel.bucket, Key="index/1", Body=b"")

    def test_uploads_in_parts_and_copies_are_refused(self, easel: LocalClient, s3: Any) -> None:
        at = {"Bucket": easel.bucket, "Key": self.KEY}
        s3.put_object(Bucket=easel.bucket, Key="index/2", Body=b"")

        with pytest.raises(ClientError, match="AccessDenied"):
            s3.create_multipart_upload(**at)
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.copy_object(**at, CopySource={"Bucket": easel.bucket, "Key": "index/2"})
