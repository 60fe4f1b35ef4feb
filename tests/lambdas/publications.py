"""A picture that tests stage and publish, and a guardrail that does as it is told."""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from PIL import Image

from lambdas.common.bucket import Bucket
from lambdas.common.keys import manifest_key, picture_key, staging_key
from lambdas.common.recipe import Recipe
from lambdas.store.checking import Dependencies
from lambdas.store.guardrail import Guardrail
from lambdas.store.presigner import Presigner
from lambdas.store.publishing import Execution, Publication, publish
from lambdas.store.showing import show

RECIPE = Recipe(
    model="stability.stable-image-core-v1:1",
    prompt="a secret cat",
    negative_prompt="",
    seed=5,
    parameters={"aspect_ratio": "3:2", "output_format": "png"},
)
EXECUTION = Execution(
    arn="arn:aws:states:eu-west-1:111111111111:express:easel:name:id",
    started_at="2026-11-20T10:00:00.500Z",
)
PUBLICATION = Publication(
    RECIPE.id, RECIPE, None, recipe_in_picture=False, owner="o", source="model", execution=EXECUTION
)
NOW = datetime(2026, 11, 20, 10, 0, 9, tzinfo=UTC)


def picture(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (12, 8), colour).save(out, "png")
    return out.getvalue()


def key_of(file: bytes) -> str:
    return picture_key(RECIPE.id, hashlib.sha256(file).hexdigest(), "png")


def stage(bucket: Bucket, file: bytes | None = None) -> None:
    bucket.put_once(
        staging_key(RECIPE.id),
        picture() if file is None else file,
        content_type="image/png",
        metadata={"model-seed": "5", "finish-reason": "SUCCESS"},
    )


def published(
    bucket: Bucket, *, guardrail: Guardrail | None = None, **change: Any
) -> dict[str, Any]:
    return dict(publish(replace(PUBLICATION, **change), deps_of(bucket, guardrail)))


def shown(
    bucket: Bucket,
    id: Any = RECIPE.id,
    owner: str = "o",
    visibility: str = "team",
    *,
    guardrail: Guardrail | None = None,
) -> dict[str, Any]:
    return dict(show(id, deps_of(bucket, guardrail), owner=owner, visibility=visibility))


def deps_of(bucket: Bucket, guardrail: Guardrail | None) -> Dependencies:
    return Dependencies(bucket, guardrail, Presigner(bucket.name, bucket._client, 600), NOW)


@dataclass(frozen=True)
class Strict(Guardrail):
    """A guardrail that blocks pictures by a policy, or lets them pass. `only` are the files that it
    blocks, if not all; `meanwhile` happens while it looks."""

    policy: str | None
    only: tuple[bytes, ...] = ()
    meanwhile: Callable[[], object] = lambda: None
    asked: list[tuple[bytes, str]] = field(default_factory=list)

    def blocks(self, picture: bytes, output_format: str) -> str | None:
        self.asked.append((picture, output_format))
        self.meanwhile()
        return self.policy if not self.only or picture in self.only else None


def strict(policy: str | None, *only: bytes, **more: Any) -> Strict:
    nobody: Any = None
    return Strict("abc", "3", nobody, policy, only, **more)


def manifest(bucket: Bucket) -> dict[str, Any]:
    stored = bucket.get(manifest_key(RECIPE.id))
    assert stored is not None
    return dict(json.loads(stored.content))


def files(bucket: Bucket) -> list[bytes]:
    """Every version of every published file, read as nobody's role may."""
    client: Any = bucket._client
    pages = client.get_paginator("list_object_versions").paginate(
        Bucket=bucket.name, Prefix="output-images/"
    )
    return [
        client.get_object(Bucket=bucket.name, Key=each["Key"], VersionId=each["VersionId"])[
            "Body"
        ].read()
        for page in pages
        for each in page.get("Versions", [])
        if not each["Key"].endswith(".json")
    ]
