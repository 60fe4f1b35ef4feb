"""From a staged picture to a published one: picture, manifest and a URL that opens it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

from lambdas.common.bucket import Bucket, StoredObject, manifest_key, picture_key, staging_key
from lambdas.common.catalog import CATALOG
from lambdas.common.errors import PictureBlockedError, StorageError
from lambdas.common.picture_format import CONTENT_TYPES, FILE_EXTENSIONS, read_format
from lambdas.common.recipe import Recipe

MANIFEST_VERSION = 1
MANIFEST_CONTENT_TYPE = "application/json"


class Guardrail(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def version(self) -> str: ...

    def blocks(self, picture: bytes, output_format: str) -> str | None: ...


class Presigner(Protocol):
    def presign(self, key: str, *, content_type: str, file_name: str) -> str: ...

    @property
    def expires_seconds(self) -> int: ...


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


def publish(
    recipe: Recipe,
    *,
    reused: bool,
    execution: Execution,
    bucket: Bucket,
    guardrail: Guardrail | None,
    presigner: Presigner,
    now: datetime,
) -> dict[str, Any]:
    """Publish a recipe's staged picture, unless it is published, and answer the caller.

    A picture that the guardrail blocks is not published: its manifest says so and names no key.
    Raises PictureBlockedError, PictureTooLargeError, StorageError or an error of the guardrail.
    """
    stored = bucket.get(manifest_key(recipe.id))
    manifest = _manifest(stored)
    if manifest is None or manifest["key"] is None or not bucket.has(manifest["key"]):
        manifest = _publish(recipe, execution, bucket, guardrail, now, earlier=stored)
    if manifest["key"] is None:
        raise PictureBlockedError(
            f"The guardrail blocked the picture by {manifest['guardrail']['blocked_by']}. "
            "Change the prompt or the seed.",
            param="prompt",
        )
    url = presigner.presign(
        manifest["key"],
        content_type=manifest["content_type"],
        file_name=_file_name(recipe, manifest["key"]),
    )
    expires_at = now + timedelta(seconds=presigner.expires_seconds)
    return {
        "id": recipe.id,
        "image_url": url,
        "expires_at": _iso(expires_at),
        "seed": recipe.seed,
        "model": recipe.model,
        "width": manifest["width"],
        "height": manifest["height"],
        "output_format": manifest["output_format"],
        "sha256": manifest["sha256"],
        "reused": reused,
        "execution_arn": execution.arn,
        "trace_url": execution.trace_url,
    }


def _manifest(stored: StoredObject | None) -> Mapping[str, Any] | None:
    if stored is None:
        return None
    manifest: dict[str, Any] = json.loads(stored.content)
    return manifest


def _publish(
    recipe: Recipe,
    execution: Execution,
    bucket: Bucket,
    guardrail: Guardrail | None,
    now: datetime,
    *,
    earlier: StoredObject | None,
) -> Mapping[str, Any]:
    """Picture first, manifest last. `earlier` is the manifest of a refusal, or of a picture that
    somebody deleted."""
    staged = bucket.get(staging_key(recipe.id))
    if staged is None:
        raise StorageError(detail=f"{staging_key(recipe.id)} is gone")
    found = read_format(staged.content)
    policy = guardrail.blocks(staged.content, found.output_format) if guardrail else None
    manifest: dict[str, Any] = {
        "version": MANIFEST_VERSION,
        "id": recipe.id,
        "recipe": recipe.to_dict(),
        "model": {
            "id": recipe.model,
            "seed": int(staged.metadata["model-seed"]),
            "finish_reason": staged.metadata["finish-reason"],
            "list_price_usd": CATALOG[recipe.model].list_price_usd,
        },
        "guardrail": {"id": guardrail.id, "version": guardrail.version, "blocked_by": policy}
        if guardrail
        else None,
        "started_at": execution.started_at,
        "published_at": None if policy else _iso(now),
        "execution_arn": execution.arn,
        "trace_url": execution.trace_url,
    }
    if policy is not None:
        return _put_manifest({**manifest, "key": None}, earlier, bucket)
    key = picture_key(recipe.id, FILE_EXTENSIONS[found.output_format])
    content_type = CONTENT_TYPES[found.output_format]
    picture = _put_picture(key, staged.content, content_type, bucket)
    manifest |= {
        "key": key,
        "content_type": content_type,
        "output_format": found.output_format,
        "width": found.width,
        "height": found.height,
        "size": len(picture),
        "sha256": hashlib.sha256(picture).hexdigest(),
    }
    return _put_manifest(manifest, earlier, bucket)


def _put_manifest(
    manifest: Mapping[str, Any], earlier: StoredObject | None, bucket: Bucket
) -> Mapping[str, Any]:
    """The manifest that stands in the bucket then: another execution's where that was faster."""
    content = json.dumps(manifest, indent=1, ensure_ascii=False).encode()
    key = manifest_key(manifest["id"])
    if earlier is None:
        written = bucket.put_once(key, content, content_type=MANIFEST_CONTENT_TYPE)
    else:
        written = bucket.replace(
            key, content, content_type=MANIFEST_CONTENT_TYPE, etag=earlier.etag
        )
    return manifest if written else _manifest(bucket.get(key)) or manifest


def _put_picture(key: str, picture: bytes, content_type: str, bucket: Bucket) -> bytes:
    """The bytes that are published: those of an earlier try, where that got so far."""
    if bucket.put_once(key, picture, content_type=content_type):
        return picture
    earlier = bucket.get(key)
    return picture if earlier is None else earlier.content


def _file_name(recipe: Recipe, key: str) -> str:
    """Readable, and without the prompt: the name is part of the URL, and URLs get around."""
    return f"easel-{recipe.id[:8]}-seed-{recipe.seed}.{key.rpartition('.')[2]}"


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")
