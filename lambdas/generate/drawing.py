"""From a recipe to a staged picture: found where it was paid for already, else drawn once."""

import base64
import binascii
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from lambdas.common.bucket import Bucket, staging_key
from lambdas.common.catalog import CATALOG
from lambdas.common.errors import (
    BeingDrawnError,
    ModelFailedError,
    ModelUnavailableError,
    NoTimeLeftError,
    StorageAccessDeniedError,
    StorageError,
    ThrottledError,
    TooLateToRetryError,
)
from lambdas.common.manifest import stored_manifest
from lambdas.common.picture_format import CONTENT_TYPES, read_format
from lambdas.common.recipe import Recipe
from lambdas.generate.caller_clock import CallerClock
from lambdas.generate.claims import Claims
from lambdas.generate.families import ADAPTERS
from lambdas.generate.families.drawn import Drawn

WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 8.0

# What a last attempt to stage needs of the function's time.
LAST_ATTEMPT_SECONDS = 5.0


class Models(Protocol):
    def invoke(self, model: str, body: dict[str, object]) -> dict[str, object]: ...


@dataclass(frozen=True)
class StagedResult:
    """A reference to the picture, never its bytes.

    `source`: "model" where this call drew it, "staged" or "published" where it was there.
    """

    key: str
    source: str

    @property
    def reused(self) -> bool:
        return self.source != "model"

    def to_dict(self) -> dict[str, object]:
        return {"key": self.key, "source": self.source, "reused": self.reused}


@dataclass(frozen=True)
class Surroundings:
    """What drawing needs of the world.

    `remaining_seconds` are those of the function itself, `call_seconds` the longest that a call
    of the model can take.
    """

    bucket: Bucket
    models: Models
    claims: Claims
    clock: CallerClock
    call_seconds: float
    remaining_seconds: Callable[[], float]
    sleep: Callable[[float], None]


def draw(recipe: Recipe, around: Surroundings, *, id: str) -> StagedResult:
    """At most one call of the model, none beside another for the same id, and none that would
    end after its caller has gone. The id is the recipe's own but for a picture drawn again.

    Raises any error of the models, StorageError, BeingDrawnError, NoTimeLeftError, or
    TooLateToRetryError.
    """
    found = _claim(recipe, id, around)
    if found is not None:
        return found
    staged = False
    try:
        drawn = _call(recipe, around)
        _stage(drawn, recipe, id, around)
        staged = True
    finally:
        # Unreleased, it would only make the next request wait for its end.
        if not staged:
            with suppress(StorageError, StorageAccessDeniedError):
                around.claims.release(id)
    return StagedResult(staging_key(id), "model")


def _claim(recipe: Recipe, id: str, around: Surroundings) -> StagedResult | None:
    """None once this function is the one to draw; or what is there, perhaps after a wait."""
    waited = False
    while True:
        found = _existing(id, around.bucket)
        if found is not None:
            return found
        if waited and not around.clock.may_wait():
            raise BeingDrawnError(
                "The same picture is being drawn for another request. Send this one again."
            )
        if _may_begin(recipe, around):
            if around.claims.take(id):
                return None
        elif not waited:
            raise NoTimeLeftError
        waited = True
        around.sleep(WAIT_SECONDS)


def _may_begin(recipe: Recipe, around: Surroundings) -> bool:
    """Whether a call would end in time for its caller, and in the function's own."""
    return (
        around.clock.may_begin(CATALOG[recipe.model].usual_seconds)
        and around.remaining_seconds() >= around.call_seconds + LAST_ATTEMPT_SECONDS
    )


def _existing(id: str, bucket: Bucket) -> StagedResult | None:
    """A manifest without its picture, which somebody deleted, does not count."""
    key = staging_key(id)
    stored = stored_manifest(id, bucket)
    published = stored.manifest["key"] if stored is not None else None
    if published is not None and bucket.has(published):
        return StagedResult(key, "published")
    if bucket.has(key):
        return StagedResult(key, "staged")
    return None


def _call(recipe: Recipe, around: Surroundings) -> Drawn:
    adapter = ADAPTERS[CATALOG[recipe.model].family]
    try:
        answer = around.models.invoke(recipe.model, adapter.request(recipe))
    except (ThrottledError, ModelUnavailableError) as error:
        if around.clock.may_retry():
            raise
        raise TooLateToRetryError(error) from error
    return adapter.read(answer)


def _stage(drawn: Drawn, recipe: Recipe, id: str, around: Surroundings) -> None:
    """Stage a picture that was paid for, as long as the function lives if S3 is unwell.

    The caller may have gone by then; the same request finds it.
    """
    picture = _checked(drawn, recipe)
    wait = WAIT_SECONDS
    while True:
        try:
            written = around.bucket.put_once(
                staging_key(id),
                picture,
                content_type=CONTENT_TYPES[recipe.parameters["output_format"]],
                metadata={
                    "model-seed": str(drawn.seed if isinstance(drawn.seed, int) else recipe.seed),
                    "finish-reason": drawn.finish_reason,
                },
            )
        except (StorageError, StorageAccessDeniedError):
            if around.remaining_seconds() < wait + LAST_ATTEMPT_SECONDS:
                raise
            around.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)
        else:
            if written or around.bucket.has(staging_key(id)):
                return


def _checked(drawn: Drawn, recipe: Recipe) -> bytes:
    """The picture's bytes, whole and of the promised format. ModelFailedError."""
    picture = _decoded(drawn.encoded)
    try:
        found = read_format(picture)
    except ValueError as error:
        raise ModelFailedError(detail=f"picture is broken: {error}") from error
    promised = recipe.parameters["output_format"]
    if found.output_format != promised:
        raise ModelFailedError(detail=f"picture is {found.output_format}, not {promised}")
    return picture


def _decoded(encoded: object) -> bytes:
    if not isinstance(encoded, str) or not encoded:
        raise ModelFailedError(detail="picture is missing")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ModelFailedError(detail="picture is not Base64") from error
