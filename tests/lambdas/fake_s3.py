"""S3 in memory, much faster than moto's: what `Bucket` asks of it, with every version of an object.

`test_bucket` holds it to the same contract as moto's.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from lambdas.common.keys import PICTURES

WRITTEN_AT = datetime(2026, 11, 20, tzinfo=UTC)  # whatever it is


@dataclass(frozen=True)
class Version:
    """`content` is None for a delete marker."""

    key: str
    id: str
    content: bytes | None
    metadata: dict[str, str]

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.content or b"", usedforsecurity=False).hexdigest()}"'


class FakeS3:
    """A client of one versioned bucket. Lists versions by pages of two."""

    def __init__(self) -> None:
        self.versions: list[Version] = []  # the oldest first
        self._writes = 0

    def put_object(self, **sent: Any) -> None:
        key, found = sent["Key"], self._newest(sent["Key"])
        none_match, match = sent.get("IfNoneMatch"), sent.get("IfMatch")
        if key.startswith(str(PICTURES)) and none_match is None and match is None:
            raise _error("AccessDenied", "PutObject")
        if match is not None and found is None:
            raise _error("NoSuchKey", "PutObject")
        if found is not None and (none_match or match not in (None, found.etag)):
            raise _error("PreconditionFailed", "PutObject")
        self._write(key, sent["Body"], dict(sent.get("Metadata", {})))

    def head_object(self, **sent: Any) -> Version:
        found = self._newest(sent["Key"])
        if found is None:
            raise _error("404", "HeadObject")
        return found

    def get_object(self, **sent: Any) -> dict[str, Any]:
        found = self._newest(sent["Key"])
        if found is None or found.content is None:
            raise _error("NoSuchKey", "GetObject")
        return {
            "Body": io.BytesIO(found.content),
            "Metadata": found.metadata,
            "ETag": found.etag,
            "LastModified": WRITTEN_AT,
        }

    def delete_object(self, **sent: Any) -> None:
        if "VersionId" not in sent:
            self._write(sent["Key"], None, {})
            return
        deleted = sent["Key"], sent["VersionId"]
        self.versions = [each for each in self.versions if (each.key, each.id) != deleted]

    def list_objects_v2(self, **sent: Any) -> dict[str, Any]:
        found = [
            key
            for key in sorted({each.key for each in self.versions})
            if key.startswith(sent["Prefix"])
            and key > sent["StartAfter"]
            and self._newest(key) is not None
        ]
        return {"Contents": [{"Key": key} for key in found[: sent["MaxKeys"]]]}

    def get_paginator(self, operation: str) -> "FakeS3":
        assert operation == "list_object_versions"
        return self

    def paginate(self, **sent: Any) -> Iterator[dict[str, Any]]:
        found = [each for each in self.versions if each.key.startswith(sent["Prefix"])]
        newest = {each.key: each.id for each in found}
        # By key, and the newest version of each first, as S3 lists them.
        found.reverse()
        found.sort(key=lambda each: each.key)
        for start in range(0, len(found), 2):
            page: dict[str, Any] = {}
            for each in found[start : start + 2]:
                kind = "DeleteMarkers" if each.content is None else "Versions"
                latest = newest[each.key] == each.id
                described = {"Key": each.key, "VersionId": each.id, "IsLatest": latest}
                page.setdefault(kind, []).append(described)
            yield page

    def generate_presigned_url(self, operation: str, **sent: Any) -> str:
        assert operation == "get_object"
        return f"https://pictures/{sent['Params']['Key']}"

    def _newest(self, key: str) -> Version | None:
        found = [each for each in self.versions if each.key == key]
        return found[-1] if found and found[-1].content is not None else None

    def _write(self, key: str, content: bytes | None, metadata: dict[str, str]) -> None:
        self._writes += 1
        self.versions.append(Version(key, str(self._writes), content, metadata))


class CrashError(Exception):
    """The function ended in the middle."""


class Crashing:
    """A client in whose hands a function ends, before or after one of its next calls. It makes no
    call after that."""

    def __init__(self, s3: FakeS3) -> None:
        self._s3 = s3
        self.crash_at(None)

    def crash_at(self, calls: int | None, *, after: bool = False) -> None:
        """Crashes at this call, counted from 1, or never. What was to come is a new function's."""
        self._left, self._after = calls, after

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._s3, name)
        if name == "generate_presigned_url" or not callable(method):
            return method

        def called(*args: Any, **named: Any) -> Any:
            if self._left == 0 or (self._left == 1 and not self._after):
                self._left = 0
                raise CrashError
            answer = method(*args, **named)
            self._left = None if self._left is None else self._left - 1
            if self._left == 0:
                raise CrashError
            return answer

        return called


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "words"}}, operation)
