"""Reads and writes the picture bucket, and translates S3's errors to Easel's."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.errors import StorageAccessDeniedError, StorageError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_DENIED = frozenset({"403", "AccessDenied", "AllAccessDisabled", "Forbidden"})
# Not ConditionalRequestConflict: then another write or a deletion of the key ran meanwhile, the key
# may be there or not, and S3 says to try again.
_EXISTS = frozenset({"PreconditionFailed", "412"})


@dataclass(frozen=True)
class StoredObject:
    """An object as it was read. `etag` identifies its content in a conditional write."""

    content: bytes
    metadata: Mapping[str, str]
    etag: str
    written_at: datetime


class Bucket:
    """One S3 bucket. Every method raises StorageError, or StorageAccessDeniedError on a 403."""

    def __init__(self, name: str, client: "S3Client") -> None:
        self.name = name
        self._client = client

    def has(self, key: str) -> bool:
        """Returns whether an object exists.

        S3 answers 404 for a missing object only if the caller has s3:ListBucket, else 403.
        """
        try:
            with _translated(key):
                self._client.head_object(Bucket=self.name, Key=key)
        except _MissingError:
            return False
        return True

    def get(self, key: str) -> StoredObject | None:
        """Returns an object, or None if it does not exist."""
        try:
            with _translated(key):
                found = self._client.get_object(Bucket=self.name, Key=key)
                return StoredObject(
                    found["Body"].read(), found["Metadata"], found["ETag"], found["LastModified"]
                )
        except _MissingError:
            return None

    def require(self, key: str) -> StoredObject:
        """Returns an object. Raises StorageError if it does not exist."""
        found = self.get(key)
        if found is None:
            raise StorageError(detail=f"{key} is gone")
        return found

    def keys(self, prefix: str, *, after: str, limit: int) -> list[str]:
        """Returns up to `limit` keys, at most 1000, with a prefix, that sort after a key."""
        with _translated(prefix):
            found = self._client.list_objects_v2(
                Bucket=self.name, Prefix=prefix, StartAfter=after, MaxKeys=limit
            )
        return [each["Key"] for each in found.get("Contents", [])]

    def put_once(
        self,
        key: str,
        content: bytes,
        *,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> bool:
        """Writes an object unless it exists already. Returns whether this call wrote it.

        If several calls write at once, S3 lets one of them win ("Conditional writes", S3 guide).
        """
        return self._put(
            key, content, ContentType=content_type, Metadata=metadata or {}, IfNoneMatch="*"
        )

    def replace(self, key: str, content: bytes, *, content_type: str, etag: str) -> bool:
        """Overwrites an object if it still has this ETag. Returns whether this call wrote it."""
        return self._put(key, content, ContentType=content_type, IfMatch=etag)

    def _put(self, key: str, content: bytes, **condition: Any) -> bool:
        try:
            with _translated(key):
                self._client.put_object(Bucket=self.name, Key=key, Body=content, **condition)
        except (_ExistsError, _MissingError):
            return False
        return True

    def delete(self, key: str) -> None:
        with _translated(key):
            self._client.delete_object(Bucket=self.name, Key=key)

    def purge(self, prefix: str, *, keep: str | None = None, last: str | None = None) -> None:
        """Deletes all versions of all objects with a prefix, but those of the key `keep`.

        Newest versions go after all others, so that no older one comes back, and that of the key
        `last` goes last of all. So if this fails on the way, `last` can still be read, and tells
        that there is more to delete.
        """
        with _translated(prefix):
            pages = self._client.get_paginator("list_object_versions").paginate(
                Bucket=self.name, Prefix=prefix
            )
            found: list[Any] = []
            for page in pages:
                found += [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        found.sort(key=lambda each: (each["Key"] == last, each["IsLatest"]))
        for key, version in ((each["Key"], each["VersionId"]) for each in found):
            if key != keep:
                with _translated(key):
                    self._client.delete_object(Bucket=self.name, Key=key, VersionId=version)

    def delete_all(self, keys: Sequence[str]) -> None:
        """Deletes up to 1000 objects in one call, which can fail for some of them."""
        with _translated(keys[0]):
            answer = self._client.delete_objects(
                Bucket=self.name,
                Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True},
            )
        for failed in answer.get("Errors", []):
            raise _error(failed["Code"], f"DeleteObjects {failed['Key']}: {failed['Code']}")


class _MissingError(Exception):
    pass


class _ExistsError(Exception):
    pass


@contextmanager
def _translated(key: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _MISSING:
            raise _MissingError from error
        if code in _EXISTS:
            raise _ExistsError from error
        raise _error(code, f"{error.operation_name} {key}: {code}") from error
    except BotoCoreError as error:
        raise StorageError(detail=f"{key}: {type(error).__name__}") from error


def _error(code: str, detail: str) -> Exception:
    return (StorageAccessDeniedError if code in _DENIED else StorageError)(detail=detail)
