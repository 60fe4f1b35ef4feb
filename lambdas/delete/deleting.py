"""Deletes a picture: its files, its manifest, and all else in the bucket that knows of it."""

from typing import Any

from lambdas.common.answers import DeletedPicture
from lambdas.common.bucket import Bucket
from lambdas.common.keys import manifest_key, own_index_key, picture_prefix, staging_key
from lambdas.common.manifest import manifest_of


def delete(
    id: Any, bucket: Bucket, *, owner: str, visibility: str, execution_arn: str
) -> DeletedPicture:
    """Deletes all versions of what the bucket has of a picture that the owner may see.

    What is staged goes first, and with it the lock: so a request beside this one finds nothing to
    publish again. Then the published file, from when on nobody gets a URL. The manifest goes last,
    so that whoever repeats what broke off finds the picture. Each is looked for but once: what
    another request draws meanwhile is a picture of its own, and stays.

    Raises InvalidRequestError, PictureNotFoundError or StorageError.
    """
    manifest = manifest_of(id, bucket, owner=owner, visibility=visibility)
    id, entry = manifest["id"], manifest.get("index_key")
    bucket.purge(staging_key(id))
    if manifest["key"] is not None:
        bucket.purge(manifest["key"])
    if entry is not None:
        if "owner" in manifest:
            bucket.purge(own_index_key(entry, manifest["owner"]))
        bucket.purge(entry)
    bucket.purge(picture_prefix(id), last=manifest_key(id))
    return {"id": id, "deleted": True, "execution_arn": execution_arn}
