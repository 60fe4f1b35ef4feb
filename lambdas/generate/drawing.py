"""From a recipe to a staged picture: found where it was paid for already, else drawn once."""

import base64
import binascii
from dataclasses import dataclass
from typing import Protocol

from lambdas.common.bucket import Bucket, manifest_key, staging_key
from lambdas.common.catalog import CATALOG
from lambdas.common.errors import ModelFailedError
from lambdas.common.picture_format import CONTENT_TYPES, read_format
from lambdas.common.recipe import Recipe
from lambdas.generate.families import ADAPTERS
from lambdas.generate.families.drawn import Drawn


class Models(Protocol):
    def invoke(self, model: str, body: dict[str, object]) -> dict[str, object]: ...


@dataclass(frozen=True)
class StagedResult:
    """A reference to the picture, never its bytes.

    `source`: "model" where this call drew it, "staged" or "published" where it was there.
    """

    key: str
    source: str

    def to_dict(self) -> dict[str, object]:
        return {"key": self.key, "source": self.source, "reused": self.source != "model"}


def draw(recipe: Recipe, *, bucket: Bucket, models: Models) -> StagedResult:
    """At most one call of the model. Raises any error of the models, or StorageError."""
    key = staging_key(recipe.id)
    if bucket.has(manifest_key(recipe.id)):
        return StagedResult(key, "published")
    if bucket.has(key):
        return StagedResult(key, "staged")

    adapter = ADAPTERS[CATALOG[recipe.model].family]
    drawn = adapter.read(models.invoke(recipe.model, adapter.request(recipe)))
    _stage(drawn, recipe, bucket)
    return StagedResult(key, "model")


def _stage(drawn: Drawn, recipe: Recipe, bucket: Bucket) -> None:
    picture = _decoded(drawn.encoded)
    try:
        found = read_format(picture)
    except ValueError as error:
        raise ModelFailedError(detail=f"picture is broken: {error}") from error
    promised = recipe.parameters["output_format"]
    if found.output_format != promised:
        raise ModelFailedError(detail=f"picture is {found.output_format}, not {promised}")
    bucket.put_once(
        staging_key(recipe.id),
        picture,
        content_type=CONTENT_TYPES[promised],
        metadata={
            "model-seed": str(drawn.seed if isinstance(drawn.seed, int) else recipe.seed),
            "finish-reason": drawn.finish_reason,
        },
    )


def _decoded(encoded: object) -> bytes:
    if not isinstance(encoded, str) or not encoded:
        raise ModelFailedError(detail="picture is missing")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ModelFailedError(detail="picture is not Base64") from error
