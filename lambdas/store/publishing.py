"""From a staged picture to a published one: picture, manifest and a URL that opens it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

from lambdas.common.bucket import Bucket, index_key, manifest_key, picture_key, staging_key
from lambdas.common.catalog import CATALOG
from lambdas.common.errors import PictureBlockedError
from lambdas.common.manifest import (
    CONTENT_TYPE,
    MANIFEST_VERSION,
    Manifest,
    StoredManifest,
    stored_manifest,
)
from lambdas.common.picture_format import CONTENT_TYPES, FILE_EXTENSIONS, read_format
from lambdas.common.pixels import pixels_digest
from lambdas.common.presigner import Presigner, file_name, iso
from lambdas.common.recipe import Recipe
from lambdas.common.recipe_in_picture import embed, is_signed, strip

# How a picture that was drawn again compares with the first.
VERDICTS = IDENTICAL_BYTES, IDENTICAL_PIXELS, DIFFERENT = (
    "identical_bytes",
    "identical_pixels",
    "different",
)


class Guardrail(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def version(self) -> str: ...

    def blocks(self, picture: bytes, output_format: str) -> str | None: ...


@dataclass(frozen=True)
class Execution:
    """The execution that publishes. `started_at` is the ISO 8601 time of the context object."""

    arn: str
    started_at: str

    @property
    def trace_url(self) -> str:
        """Opens the execution in the Step Functions console."""
        region = self.arn.split(":")[3]
        started = datetime.fromisoformat(self.started_at)
        return (
            f"https://{region}.console.aws.amazon.com/states/home?region={region}"
            f"#/express-executions/details/{quote(self.arn, safe=':')}"
            f"?startDate={int(started.timestamp() * 1000)}"
        )


@dataclass(frozen=True)
class Order:
    """What is to be published: the picture staged under `id`.

    `rerun` is the first picture, where this one is that one drawn again: `{"id", "model",
    "sha256", "pixels_sha256", "key"}`. `recipe_in_picture`: whether the caller's file has it.
    """

    id: str
    recipe: Recipe
    rerun: Mapping[str, Any] | None
    recipe_in_picture: bool


def publish(
    order: Order,
    *,
    reused: bool,
    execution: Execution,
    bucket: Bucket,
    guardrail: Guardrail | None,
    presigner: Presigner,
    now: datetime,
) -> dict[str, Any]:
    """Publish a staged picture, unless it is published, and answer the caller.

    A picture that the guardrail blocks is not published: its manifest says so and names no key.
    Raises PictureBlockedError, PictureTooLargeError, StorageError or an error of the guardrail.
    """
    stored = stored_manifest(order.id, bucket)
    manifest = stored.manifest if stored is not None else None
    if manifest is None or manifest["key"] is None or not bucket.has(manifest["key"]):
        manifest = _publish(order, execution, bucket, guardrail, now, earlier=stored)
    elif stored is not None and guardrail is not None and not _checked_by(guardrail, manifest):
        manifest = _check_again(stored, bucket, guardrail)
    if manifest["key"] is None:
        raise PictureBlockedError(
            f"The guardrail blocked the picture by {manifest['guardrail']['blocked_by']}. "
            "Change the prompt or the seed.",
            param="prompt",
        )
    key, sha256 = _file(order, manifest, bucket)
    url = presigner.presign(
        key, content_type=manifest["content_type"], file_name=file_name(manifest)
    )
    answer = {
        "id": order.id,
        "image_url": url,
        "expires_at": iso(now + timedelta(seconds=presigner.expires_seconds)),
        "seed": order.recipe.seed,
        "model": order.recipe.model,
        "width": manifest["width"],
        "height": manifest["height"],
        "output_format": manifest["output_format"],
        "sha256": sha256,
        "reused": reused,
        "execution_arn": execution.arn,
        "trace_url": execution.trace_url,
    }
    if manifest.get("rerun_of") is not None:
        rerun = manifest["rerun_of"]
        answer["rerun"] = {
            "of": rerun["id"],
            "verdict": rerun["verdict"],
            "model": rerun["model"],
        }
    return answer


def _checked_by(guardrail: Guardrail, manifest: Manifest) -> bool:
    checked = manifest["guardrail"] or {}
    return (checked.get("id"), checked.get("version")) == (guardrail.id, guardrail.version)


def _check_again(stored: StoredManifest, bucket: Bucket, guardrail: Guardrail) -> Manifest:
    """A published picture that another guardrail let pass, or none: it is not handed out unchecked.

    One that is blocked now has no key any more, and no place in the list.
    """
    manifest = stored.manifest
    published = bucket.require(manifest["key"])
    policy = guardrail.blocks(strip(published.content), manifest["output_format"])
    checked: dict[str, Any] = {**manifest, "guardrail": _outcome(guardrail, policy)}
    if policy is not None:
        checked |= {"key": None, "published_at": None, "index_key": None}
    return _put_manifest(checked, stored, bucket)


def _outcome(guardrail: Guardrail, policy: str | None) -> dict[str, Any]:
    return {"id": guardrail.id, "version": guardrail.version, "blocked_by": policy}


def _file(order: Order, manifest: Manifest, bucket: Bucket) -> tuple[str, str]:
    """Key and SHA-256 of the published file, with or without the recipe as the caller wants it."""
    if manifest.get("recipe_in_picture", False) == order.recipe_in_picture:
        return manifest["key"], manifest["sha256"]
    published = bucket.require(manifest["key"])
    bare = strip(published.content)
    other = _with_recipe(bare, order.recipe) if order.recipe_in_picture else bare
    if other == published.content:
        return manifest["key"], manifest["sha256"]
    extension = FILE_EXTENSIONS[manifest["output_format"]]
    key = picture_key(order.id, extension, recipe_in_picture=order.recipe_in_picture)
    other = _put_picture(key, other, manifest["content_type"], bucket)
    return key, hashlib.sha256(other).hexdigest()


def _publish(
    order: Order,
    execution: Execution,
    bucket: Bucket,
    guardrail: Guardrail | None,
    now: datetime,
    *,
    earlier: StoredManifest | None,
) -> Manifest:
    """Picture first, then its place in the index, manifest last. `earlier` is the manifest of a
    refusal, or of a picture that somebody deleted."""
    staged = bucket.require(staging_key(order.id))
    recipe = order.recipe
    found = read_format(staged.content)
    policy = guardrail.blocks(staged.content, found.output_format) if guardrail else None
    sha256 = hashlib.sha256(staged.content).hexdigest()
    pixels_sha256 = _pixels_digest(staged.content)
    picture = _with_recipe(staged.content, recipe) if order.recipe_in_picture else staged.content
    has_recipe = picture != staged.content
    manifest: dict[str, Any] = {
        "version": MANIFEST_VERSION,
        "id": order.id,
        "recipe": recipe.to_dict(),
        "model": {
            "id": recipe.model,
            "seed": int(staged.metadata["model-seed"]),
            "finish_reason": staged.metadata["finish-reason"],
            "list_price_usd": CATALOG[recipe.model].list_price_usd,
            "sha256": sha256,
            "pixels_sha256": pixels_sha256,
        },
        "rerun_of": _rerun_of(order.rerun, sha256, pixels_sha256, bucket),
        "guardrail": _outcome(guardrail, policy) if guardrail else None,
        "started_at": execution.started_at,
        "published_at": None if policy else iso(now),
        "execution_arn": execution.arn,
        "trace_url": execution.trace_url,
    }
    if policy is not None:
        return _put_manifest({**manifest, "key": None}, earlier, bucket)
    key = picture_key(
        order.id,
        FILE_EXTENSIONS[found.output_format],
        recipe_in_picture=has_recipe,
    )
    content_type = CONTENT_TYPES[found.output_format]
    picture = _put_picture(key, picture, content_type, bucket)
    manifest |= {
        "key": key,
        "recipe_in_picture": has_recipe,
        "content_type": content_type,
        "output_format": found.output_format,
        "width": found.width,
        "height": found.height,
        "size": len(picture),
        "sha256": hashlib.sha256(picture).hexdigest(),
        "index_key": index_key(order.id, now),
    }
    bucket.put_once(manifest["index_key"], b"", content_type="text/plain")
    return _put_manifest(manifest, earlier, bucket)


def _with_recipe(picture: bytes, recipe: Recipe) -> bytes:
    """As it is where nothing can be put into it: a picture that was paid for is not to be lost.

    Nor is a signed one changed, for its signature would then be broken.
    """
    try:
        return picture if is_signed(picture) else embed(picture, recipe)
    except ValueError:
        return picture


def _pixels_digest(picture: bytes) -> str | None:
    """None for a picture whose pixels cannot be told, which is no reason to lose it."""
    try:
        return pixels_digest(picture)
    except ValueError:
        return None


def _rerun_of(
    first: Mapping[str, Any] | None, sha256: str, pixels_sha256: str | None, bucket: Bucket
) -> dict[str, Any] | None:
    """Which picture this one is again, and whether it came out the same."""
    if first is None:
        return None
    if first["sha256"] == sha256:
        verdict = IDENTICAL_BYTES
    elif pixels_sha256 is not None and _pixels_sha256(first, bucket) == pixels_sha256:
        verdict = IDENTICAL_PIXELS
    else:
        verdict = DIFFERENT
    return {"id": first["id"], "verdict": verdict, "model": first["model"]}


def _pixels_sha256(first: Mapping[str, Any], bucket: Bucket) -> str | None:
    """From the manifest, or from the picture where that is older than this entry is."""
    if first["pixels_sha256"] is not None:
        return str(first["pixels_sha256"])
    published = bucket.get(first["key"]) if first["key"] is not None else None
    return None if published is None else _pixels_digest(published.content)


def _put_manifest(manifest: Manifest, earlier: StoredManifest | None, bucket: Bucket) -> Manifest:
    """The manifest that stands in the bucket then: another execution's where that was faster."""
    content = json.dumps(manifest, indent=1, ensure_ascii=False).encode()
    key = manifest_key(manifest["id"])
    if earlier is None:
        written = bucket.put_once(key, content, content_type=CONTENT_TYPE)
    else:
        written = bucket.replace(key, content, content_type=CONTENT_TYPE, etag=earlier.etag)
    if written:
        return manifest
    faster = stored_manifest(manifest["id"], bucket)
    return manifest if faster is None else faster.manifest


def _put_picture(key: str, picture: bytes, content_type: str, bucket: Bucket) -> bytes:
    """The bytes that are published: those of an earlier try, where that got so far."""
    if bucket.put_once(key, picture, content_type=content_type):
        return picture
    earlier = bucket.get(key)
    return picture if earlier is None else earlier.content
