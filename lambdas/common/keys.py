"""The prefixes and keys of the picture bucket."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

# In milliseconds: November 2286, the last time that has 13 digits.
_END_OF_TIME = 9_999_999_999_999


@dataclass(frozen=True)
class Prefix:
    """Keys with a common beginning and lifetime.

    An object expires after `days`, or after the setting image_retention_days if that is None. An
    object that was replaced or deleted is kept for `noncurrent_days` more.
    """

    name: str
    days: int | None
    noncurrent_days: int

    def __str__(self) -> str:
        return f"{self.name}/"


STAGING = Prefix("staging", days=1, noncurrent_days=1)
IDEMPOTENCY = Prefix("idempotency", days=1, noncurrent_days=1)
PICTURES = Prefix("output-images", days=None, noncurrent_days=30)
INDEX = Prefix("index", days=None, noncurrent_days=1)
# The same entries once more under each owner's own prefix.
INDEX_BY_OWNER = Prefix("index-by-owner", days=None, noncurrent_days=1)
PREFIXES = (STAGING, IDEMPOTENCY, PICTURES, INDEX, INDEX_BY_OWNER)

# Patterns of keys for IAM policies.
LOCKS = f"{STAGING}*.claim"
MANIFESTS = f"{PICTURES}*.json"


def id_of(*texts: str) -> str:
    """Returns an id made of texts: 32 hex digits of the SHA-256 of their lines."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:32]


def staging_key(id: str) -> str:
    """Returns the key of the picture as the model returned it."""
    return f"{STAGING}{id}"


def lock_key(id: str) -> str:
    """Returns the key of the lock that is held while a picture is drawn."""
    return f"{STAGING}{id}.claim"


def idempotency_key(owner: str, key: str) -> str:
    """Returns the key of the record for an owner's Idempotency-Key."""
    digest = hashlib.sha256(f"{owner}\n{key}".encode()).hexdigest()
    return f"{IDEMPOTENCY}{digest}"


def picture_key(id: str, sha256: str, extension: str) -> str:
    """Returns the key of a published file. It names the file's bytes, so no key ever has others.

    A picture can have two files: with its recipe and without.
    """
    return f"{picture_prefix(id)}/{sha256}.{extension}"


def picture_prefix(id: str) -> str:
    """Returns how the keys of a picture's manifest and of all its files begin.

    Files of older versions of Easel are beside the manifest: `{id}.png` and `{id}.bare.png`.
    """
    return f"{PICTURES}{id}"


def manifest_key(id: str) -> str:
    """Returns a manifest's key. Manifests are written last: if one exists, its picture does too."""
    return f"{picture_prefix(id)}.json"


def index_key(id: str, published_at: datetime) -> str:
    """Returns the key of an empty object that lists a picture. It counts the time down, because S3
    lists keys in the order of their bytes: so the newest picture comes first."""
    milliseconds = int(published_at.timestamp() * 1_000)
    return f"{INDEX}{_END_OF_TIME - milliseconds:013d}-{id}"


def index_of(owner: str) -> str:
    """Returns the prefix under which an owner's pictures are listed."""
    return f"{INDEX_BY_OWNER}{id_of(owner)}/"


def own_index_key(key: str, owner: str) -> str:
    """Returns the key of the same entry in its owner's own index."""
    return index_of(owner) + key.removeprefix(str(INDEX))


def indexed_id(key: str) -> str:
    return key.rpartition("-")[2]


def indexed_at(key: str) -> float:
    """Returns when a picture's entry was made, in seconds since 1970."""
    return (_END_OF_TIME - int(key.rpartition("/")[2].partition("-")[0])) / 1_000
