"""Publishes a staged picture: the file, its manifest, and a URL that opens it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args
from urllib.parse import quote

from lambdas.common import answers
from lambdas.common.bucket import Bucket
from lambdas.common.catalog import CATALOG
from lambdas.common.errors import PictureBlockedError
from lambdas.common.keys import INDEX, index_key, index_of, manifest_key, picture_key, staging_key
from lambdas.common.manifest import (
    CONTENT_TYPE,
    MANIFEST_VERSION,
    Manifest,
    StoredManifest,
    stored_manifest,
)
from lambdas.common.presigner import Presigner, iso
from lambdas.common.recipe import Recipe
from lambdas.picture import CONTENT_TYPES, FILE_EXTENSIONS, Picture, parse
from lambdas.store.guardrail import Guardrail

IDENTICAL_BYTES, IDENTICAL_PIXELS, DIFFERENT = get_args(answers.Verdict)


@dataclass(frozen=True)
class Execution:
    """The execution that publishes. `started_at` is from its context object, in ISO 8601."""

    arn: str
    started_at: str

    @property
    def trace_url(self) -> str:
        """The address of the execution in the Step Functions console."""
        region = self.arn.split(":")[3]
        started = datetime.fromisoformat(self.started_at)
        return (
            f"https://{region}.console.aws.amazon.com/states/home?region={region}"
            f"#/express-executions/details/{quote(self.arn, safe=':')}"
            f"?startDate={int(started.timestamp() * 1000)}"
        )


@dataclass(frozen=True)
class Publication:
    """What to publish: the picture that is staged under `id`.

    If this picture is a rerun, `rerun` is the first picture: `{"id", "model", "sha256",
    "pixels_sha256", "key"}`. `recipe_in_picture` says whether the caller's file gets the recipe,
    `reused` whether the picture existed before this request.
    """

    id: str
    recipe: Recipe
    rerun: Mapping[str, Any] | None
    recipe_in_picture: bool
    owner: str
    reused: bool
    execution: Execution


@dataclass(frozen=True)
class Dependencies:
    """What publishing needs. `guardrail` is None if it is off."""

    bucket: Bucket
    guardrail: Guardrail | None
    presigner: Presigner
    now: datetime


def publish(publication: Publication, deps: Dependencies) -> answers.Picture | answers.RerunPicture:
    """Publishes a staged picture unless it is published already. Returns the caller's answer.

    A picture that the guardrail blocks is not published: its manifest says so and has no key.
    Raises PictureBlockedError, PictureTooLargeError, StorageError or an error of the guardrail.
    """
    stored = stored_manifest(publication.id, deps.bucket)
    manifest = stored.manifest if stored is not None else None
    if manifest is None or manifest["key"] is None or not deps.bucket.has(manifest["key"]):
        manifest = _publish(publication, deps, earlier=stored)
    elif stored is not None and not _is_checked(manifest, deps.guardrail):
        manifest = _check_again(stored, deps)
    if manifest["key"] is None:
        raise PictureBlockedError(
            f"The guardrail blocked the picture by {manifest['guardrail']['blocked_by']}. "
            "Change the prompt or the seed.",
            param="prompt",
        )
    key, sha256 = _wanted_file(publication, manifest, deps.bucket)
    url, expires_at = deps.presigner.presign(key, manifest, now=deps.now)
    answer: answers.Picture = {
        "id": publication.id,
        "image_url": url,
        "expires_at": expires_at,
        "seed": publication.recipe.seed,
        "model": publication.recipe.model,
        "width": manifest["width"],
        "height": manifest["height"],
        "output_format": manifest["output_format"],
        "sha256": sha256,
        "reused": publication.reused,
        "execution_arn": publication.execution.arn,
        "trace_url": publication.execution.trace_url,
    }
    first = manifest.get("rerun_of")
    if first is None:
        return answer
    rerun = answers.Rerun(of=first["id"], verdict=first["verdict"], model=first["model"])
    return {**answer, "rerun": rerun}


def _publish(
    publication: Publication, deps: Dependencies, *, earlier: StoredManifest | None
) -> Manifest:
    """Writes the picture first, then its entries in the indexes, its manifest last. `earlier` is
    the manifest of a blocked or deleted picture."""
    staged = deps.bucket.require(staging_key(publication.id))
    recipe, execution = publication.recipe, publication.execution
    found = parse(staged.content)
    guardrail = deps.guardrail
    policy = guardrail.blocks(staged.content, found.output_format) if guardrail else None
    sha256 = hashlib.sha256(staged.content).hexdigest()
    pixels_sha256 = _pixels_sha256(found)
    manifest: dict[str, Any] = {
        "version": MANIFEST_VERSION,
        "id": publication.id,
        "owner": publication.owner,
        "recipe": recipe.to_dict(),
        "model": {
            "id": recipe.model,
            "seed": int(staged.metadata["model-seed"]),
            "finish_reason": staged.metadata["finish-reason"],
            "list_price_usd": CATALOG[recipe.model].list_price_usd,
            "sha256": sha256,
            "pixels_sha256": pixels_sha256,
        },
        "rerun_of": _rerun_of(publication.rerun, sha256, pixels_sha256, deps.bucket),
        "guardrail": _outcome(deps.guardrail, policy),
        "started_at": execution.started_at,
        "published_at": None if policy else iso(deps.now),
        "execution_arn": execution.arn,
        "trace_url": execution.trace_url,
    }
    if policy is not None:
        return _put_manifest({**manifest, "key": None}, earlier, deps.bucket)
    file = _with_recipe(found, recipe) if publication.recipe_in_picture else staged.content
    has_recipe = file != staged.content
    extension = FILE_EXTENSIONS[found.output_format]
    key = picture_key(publication.id, extension, recipe_in_picture=has_recipe)
    content_type = CONTENT_TYPES[found.output_format]
    file = _put_file(key, file, content_type, deps.bucket)
    manifest |= {
        "key": key,
        "recipe_in_picture": has_recipe,
        "content_type": content_type,
        "output_format": found.output_format,
        "width": found.width,
        "height": found.height,
        "size": len(file),
        "sha256": hashlib.sha256(file).hexdigest(),
        "index_key": index_key(publication.id, deps.now),
    }
    entry = manifest["index_key"]
    for key in (entry, index_of(publication.owner) + entry.removeprefix(str(INDEX))):
        deps.bucket.put_once(key, b"", content_type="text/plain")
    return _put_manifest(manifest, earlier, deps.bucket)


def _outcome(guardrail: Guardrail | None, policy: str | None) -> dict[str, Any] | None:
    if guardrail is None:
        return None
    return {"id": guardrail.id, "version": guardrail.version, "blocked_by": policy}


def _is_checked(manifest: Manifest, guardrail: Guardrail | None) -> bool:
    return guardrail is None or manifest["guardrail"] == _outcome(guardrail, None)


def _check_again(stored: StoredManifest, deps: Dependencies) -> Manifest:
    """Checks a published picture that was not checked by this guardrail. Returns its new manifest.

    A picture that is blocked now loses its key and its place in the list.
    """
    manifest = stored.manifest
    bare = parse(deps.bucket.require(manifest["key"]).content).without_recipe()
    guardrail = deps.guardrail
    policy = guardrail.blocks(bare.content, manifest["output_format"]) if guardrail else None
    checked: dict[str, Any] = {**manifest, "guardrail": _outcome(deps.guardrail, policy)}
    if policy is not None:
        checked |= {"key": None, "published_at": None, "index_key": None}
    return _put_manifest(checked, stored, deps.bucket)


def _wanted_file(publication: Publication, manifest: Manifest, bucket: Bucket) -> tuple[str, str]:
    """Returns key and SHA-256 of the file with or without the recipe. Writes it if necessary."""
    wanted = publication.recipe_in_picture
    if manifest.get("recipe_in_picture", False) == wanted:
        return manifest["key"], manifest["sha256"]
    published = bucket.require(manifest["key"])
    bare = parse(published.content).without_recipe()
    other = _with_recipe(bare, publication.recipe) if wanted else bare.content
    if other == published.content:
        return manifest["key"], manifest["sha256"]
    extension = FILE_EXTENSIONS[manifest["output_format"]]
    key = picture_key(publication.id, extension, recipe_in_picture=wanted)
    other = _put_file(key, other, manifest["content_type"], bucket)
    return key, hashlib.sha256(other).hexdigest()


def _with_recipe(picture: Picture, recipe: Recipe) -> bytes:
    """Returns the file with the recipe, or unchanged if it cannot hold one or is signed.

    A picture that was paid for must not be lost, and a change would break a signature.
    """
    try:
        return picture.content if picture.is_signed else picture.with_recipe(recipe).content
    except ValueError:
        return picture.content


def _rerun_of(
    first: Mapping[str, Any] | None, sha256: str, pixels_sha256: str | None, bucket: Bucket
) -> dict[str, Any] | None:
    """Returns which picture this one repeats and whether it came out the same, or None."""
    if first is None:
        return None
    if first["sha256"] == sha256:
        verdict = IDENTICAL_BYTES
    elif pixels_sha256 is not None and _first_pixels_sha256(first, bucket) == pixels_sha256:
        verdict = IDENTICAL_PIXELS
    else:
        verdict = DIFFERENT
    return {"id": first["id"], "verdict": verdict, "model": first["model"]}


def _first_pixels_sha256(first: Mapping[str, Any], bucket: Bucket) -> str | None:
    """Returns the digest from the manifest, or from the file if the manifest is too old for it."""
    if first["pixels_sha256"] is not None:
        return str(first["pixels_sha256"])
    published = bucket.get(first["key"]) if first["key"] is not None else None
    try:
        return None if published is None else parse(published.content).pixels_sha256
    except ValueError:
        return None


def _pixels_sha256(picture: Picture) -> str | None:
    """Returns the digest, or None if the pixels cannot be read: the picture is published anyway."""
    try:
        return picture.pixels_sha256
    except ValueError:
        return None


def _put_manifest(manifest: Manifest, earlier: StoredManifest | None, bucket: Bucket) -> Manifest:
    """Writes a manifest unless another execution was faster. Returns the one in the bucket."""
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


def _put_file(key: str, file: bytes, content_type: str, bucket: Bucket) -> bytes:
    """Writes a file unless an earlier attempt did. Returns the bytes in the bucket."""
    if bucket.put_once(key, file, content_type=content_type):
        return file
    earlier = bucket.get(key)
    return file if earlier is None else earlier.content
