"""The picture bucket: keys, and S3 with its errors translated to Easel's."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.errors import StorageAccessDeniedError, StorageError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

INDEX = "index/"

# In milliseconds, of as many digits as there will be until the year 2286.
_END_OF_TIME = 9_999_999_999_999

_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_DENIED = frozenset({"403", "AccessDenied", "AllAccessDisabled", "Forbidden"})
# A conditional write that meets another one, or a deletion, of the same key is a conflict.
_EXISTS = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict"})


def staging_key(id: str) -> str:
    """The picture as the model gave it; expires after a day."""
    return f"staging/{id}"


def claim_key(id: str) -> str:
    """Who is drawing; expires with what is staged."""
    return f"staging/{id}.claim"


def idempotency_key(caller: str, key: str) -> str:
    """What a caller's Idempotency-Key stands for; expires after a day."""
    digest = hashlib.sha256(f"{caller}\n{key}".encode()).hexdigest()
    return f"idempotency/{digest}"


def picture_key(id: str, extension: str, *, recipe_in_picture: bool = True) -> str:
    """A picture can be published with its recipe in it and, beside that, without."""
    return f"output-images/{id}{'' if recipe_in_picture else '.bare'}.{extension}"


def manifest_key(id: str) -> str:
    """Written last: where a manifest is, its picture is."""
    return f"output-images/{id}.json"


def index_key(id: str, published_at: datetime) -> str:
    """Empty objects whose keys are in order of time, the newest first: S3 lists keys in order of
    their bytes, and the times are counted down."""
    milliseconds = int(published_at.timestamp() * 1_000)
    return f"{INDEX}{_END_OF_TIME - milliseconds:013d}-{id}"


def indexed_id(key: str) -> str:
    return key.rpartition("-")[2]


def s3_config() -> Config:
    """One attempt, because the state machine owns the retries, with timeouts below those of the
    Store task; URLs signed for this region.

    Without signature version and addressing style, boto3 presigns with SigV2 in us-east-1 and
    for the global host elsewhere.
    """
    return Config(
        connect_timeout=1,
        read_timeout=2,
        retries={"mode": "standard", "total_max_attempts": 1},
        signature_version="s3v4",
        s3={"addressing_style": "virtual"},
    )


@dataclass(frozen=True)
class StoredObject:
    """`etag` names this very content in a conditional write."""

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
        """Whether an object is there.

        S3 answers 404 for a missing object only to a caller with s3:ListBucket, else 403.
        """
        try:
            with _translated(key):
                self._client.head_object(Bucket=self.name, Key=key)
        except _MissingError:
            return False
        return True

    def get(self, key: str) -> StoredObject | None:
        """The object, or None where there is none."""
        try:
            with _translated(key):
                found = self._client.get_object(Bucket=self.name, Key=key)
                return StoredObject(
                    found["Body"].read(), found["Metadata"], found["ETag"], found["LastModified"]
                )
        except _MissingError:
            return None

    def require(self, key: str) -> StoredObject:
        """The object, which has to be there: StorageError where it is gone."""
        found = self.get(key)
        if found is None:
            raise StorageError(detail=f"{key} is gone")
        return found

    def keys(self, prefix: str, *, after: str, limit: int) -> list[str]:
        """Up to `limit` keys, at most 1000, that begin with a prefix and come after a key."""
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
        """Write an object unless one is there already. Whether this call wrote it.

        S3 lets one of several writers at the same moment win ("Conditional writes", S3 guide).
        """
        try:
            with _translated(key):
                self._client.put_object(
                    Bucket=self.name,
                    Key=key,
                    Body=content,
                    ContentType=content_type,
                    Metadata=metadata or {},
                    IfNoneMatch="*",
                )
        except _ExistsError:
            return False
        return True

    def replace(self, key: str, content: bytes, *, content_type: str, etag: str) -> bool:
        """Write an object over the one that `etag` names. Whether that was still there."""
        try:
            with _translated(key):
                self._client.put_object(
                    Bucket=self.name,
                    Key=key,
                    Body=content,
                    ContentType=content_type,
                    IfMatch=etag,
                )
        except (_ExistsError, _MissingError):
            return False
        return True

    def delete(self, key: str) -> None:
        with _translated(key):
            self._client.delete_object(Bucket=self.name, Key=key)


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
        detail = f"{error.operation_name} {key}: {code}"
        if code in _DENIED:
            raise StorageAccessDeniedError(detail=detail) from error
        raise StorageError(detail=detail) from error
    except BotoCoreError as error:
        raise StorageError(detail=f"{key}: {type(error).__name__}") from error
