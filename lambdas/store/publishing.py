"""Publishes a staged picture: the file, its manifest, and a URL that opens it."""

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from lambdas.common import answers
from lambdas.common.bucket import Bucket, StoredObject
from lambdas.common.catalog import CATALOG
from lambdas.common.errors import PictureBlockedError
from lambdas.common.keys import index_key, own_index_key, staging_key
from lambdas.common.manifest import MANIFEST_VERSION, Manifest, change_manifest
from lambdas.common.recipe import Recipe
from lambdas.picture import CONTENT_TYPES, Picture, parse
from lambdas.store.checking import Dependencies, checked, outcome, purge, put_file, url_of
from lambdas.store.presigner import iso


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
    "pixels_sha256", "key"}`. `recipe_in_picture` says whether the caller's file gets the recipe.
    `source` is where Generate has just got or seen the picture: model, staged or published.
    """

    id: str
    recipe: Recipe
    rerun: Mapping[str, Any] | None
    recipe_in_picture: bool
    owner: str
    source: str
    execution: Execution


def publish(publication: Publication, deps: Dependencies) -> answers.Picture | answers.RerunPicture:
    """Publishes a staged picture unless it is published already. Returns the caller's answer.

    A picture that the guardrail blocks is not published: its manifest says so and has no key.
    Raises PictureBlockedError, PictureTooLargeError, StorageError or an error of the guardrail.
    """
    bucket, was_published = deps.bucket, publication.source == "published"
    written: Manifest | None = None

    def published(manifest: Manifest | None) -> Manifest:
        nonlocal written
        if manifest and manifest["key"] and (was_published or bucket.has(manifest["key"])):
            return checked(manifest, deps)
        written = _publish(publication, deps, calls, staged=staged, earlier=manifest)
        return written

    with deps.threads() as calls:
        read = partial(bucket.require, staging_key(publication.id))
        # Read while the manifest is, unless it is not needed.
        staged = read if was_published else calls.submit(read).result
        manifest = change_manifest(publication.id, bucket, published)
    if manifest["key"] is None:
        raise PictureBlockedError(
            f"The guardrail blocked the picture by {manifest['guardrail']['blocked_by']}. "
            "Change the prompt or the seed.",
            param="prompt",
        )
    if manifest is written:
        key, sha256 = manifest["key"], manifest["sha256"]
    else:
        key, sha256 = _wanted_file(publication, manifest, bucket)
    url, expires_at = url_of(key, manifest, deps)
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
        "reused": publication.source != "model",
        "execution_arn": publication.execution.arn,
        "trace_url": publication.execution.trace_url,
    }
    first = manifest.get("rerun_of")
    if first is None:
        return answer
    rerun = answers.Rerun(of=first["id"], verdict=first["verdict"], model=first["model"])
    return {**answer, "rerun": rerun}


def _publish(
    publication: Publication,
    deps: Dependencies,
    calls: Executor,
    *,
    staged: Callable[[], StoredObject],
    earlier: Manifest | None,
) -> Manifest:
    """Writes the picture and its entries in the indexes. Returns the manifest, which is to be
    written last. `earlier` is the manifest of a blocked or deleted picture."""
    recipe, execution = publication.recipe, publication.execution
    model_file = staged()
    found = parse(model_file.content)
    guardrail = deps.guardrail
    check = guardrail and calls.submit(guardrail.blocks, model_file.content, found.output_format)
    # While the guardrail looks at the picture, for about a second.
    sha256 = hashlib.sha256(model_file.content).hexdigest()
    pixels_sha256 = _pixels_sha256(found)
    file = _with_recipe(found, recipe) if publication.recipe_in_picture else model_file.content
    rerun_of = _rerun_of(publication.rerun, sha256, pixels_sha256, deps.bucket)
    policy = check.result() if check else None
    manifest: dict[str, Any] = {
        "version": MANIFEST_VERSION,
        "id": publication.id,
        "owner": publication.owner,
        "recipe": recipe.to_dict(),
        "model": {
            "id": recipe.model,
            "seed": int(model_file.metadata["model-seed"]),
            "finish_reason": model_file.metadata["finish-reason"],
            "list_price_usd": CATALOG[recipe.model].list_price_usd,
            "sha256": sha256,
            "pixels_sha256": pixels_sha256,
        },
        "rerun_of": rerun_of,
        "guardrail": outcome(guardrail, policy),
        "started_at": execution.started_at,
        "published_at": None if policy else iso(deps.now),
        "execution_arn": execution.arn,
        "trace_url": execution.trace_url,
    }
    if policy is not None:
        purge(publication.id, earlier["key"] if earlier else None, deps.bucket)
        return {**manifest, "key": None}
    entry = index_key(publication.id, deps.now)
    put = partial(deps.bucket.put_once, content=b"", content_type="text/plain")
    entries = (entry, own_index_key(entry, publication.owner))
    listed = [calls.submit(put, key) for key in entries]
    manifest |= {
        **put_file(publication.id, file, found.output_format, deps.bucket),
        "recipe_in_picture": file != model_file.content,
        "content_type": CONTENT_TYPES[found.output_format],
        "output_format": found.output_format,
        "width": found.width,
        "height": found.height,
        "index_key": entry,
    }
    for each in listed:
        each.result()
    return manifest


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
    file = put_file(publication.id, other, manifest["output_format"], bucket)
    return file["key"], file["sha256"]


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
    verdict: answers.Verdict = "different"
    if first["sha256"] == sha256:
        verdict = "identical_bytes"
    elif pixels_sha256 is not None and _first_pixels_sha256(first, bucket) == pixels_sha256:
        verdict = "identical_pixels"
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
