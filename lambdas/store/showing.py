"""Shows an earlier picture: its manifest, and a fresh URL."""

from typing import Any

from lambdas.common.answers import ShownPicture
from lambdas.common.manifest import Manifest, change_manifest, manifest_of
from lambdas.store.checking import Dependencies, checked, is_checked, url_of


def show(id: Any, deps: Dependencies, *, owner: str, visibility: str) -> ShownPicture:
    """Returns a picture's manifest and a fresh URL, or None as URL if it was blocked or deleted.

    A picture that the present guardrail has not checked yet is checked now. Raises
    InvalidRequestError, PictureNotFoundError, PictureTooLargeError, StorageError or an error of
    the guardrail.
    """

    def visible() -> Manifest:
        return manifest_of(id, deps.bucket, owner=owner, visibility=visibility)

    def checked_now(stored: Manifest | None) -> Manifest:
        return checked(stored or visible(), deps)

    manifest = visible()
    is_there = manifest["key"] is not None and deps.bucket.has(manifest["key"])
    if is_there and not is_checked(manifest, deps.guardrail):
        manifest = change_manifest(manifest["id"], deps.bucket, checked_now)
        is_there = manifest["key"] is not None
    url = expires_at = None
    if is_there:
        url, expires_at = url_of(manifest["key"], manifest, deps)
    # The owner may be somebody else, and no caller is told who.
    shown = {name: value for name, value in manifest.items() if name != "owner"}
    return {"manifest": shown, "image_url": url, "expires_at": expires_at}
