"""Stages the picture of a recipe. A picture that was paid for already is not drawn again."""

import binascii
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from lambdas.common.bucket import Bucket
from lambdas.common.catalog import CATALOG
from lambdas.common.errors import (
    BeingDrawnError,
    ModelFailedError,
    NoTimeLeftError,
    StorageAccessDeniedError,
    StorageError,
)
from lambdas.common.keys import picture_prefix, staging_key
from lambdas.common.manifest import stored_manifest
from lambdas.common.recipe import Recipe
from lambdas.generate.draw_lock import DrawLock
from lambdas.generate.families import Drawn, adapter_of
from lambdas.picture import CONTENT_TYPES, parse

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 8.0

# The time that the function must have left for a last attempt to stage.
LAST_ATTEMPT_SECONDS = 5.0

# Where a picture came from: this call of the model, or an earlier one, staged or published.
Source = Literal["model", "staged", "published"]


class Models(Protocol):
    def invoke(self, model: str, body: dict[str, object]) -> dict[str, object]: ...


@dataclass(frozen=True)
class Dependencies:
    """What drawing needs. `threads` makes calls of S3 side by side.

    A call must end before `draw_until` for its caller to get the picture. `call_seconds` is the
    longest that a call of the model can take. `remaining_seconds` returns what is left of the
    function's own time.
    """

    bucket: Bucket
    models: Models
    lock: DrawLock
    draw_until: datetime
    call_seconds: float
    remaining_seconds: Callable[[], float]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    threads: Callable[[], Executor] = ThreadPoolExecutor


def draw(recipe: Recipe, deps: Dependencies, *, id: str) -> Source:
    """Stages a picture and returns where it came from.

    Calls the model at most once, never while another call draws the same id, and not if the call
    would usually end too late for its caller. The id is the recipe's own, except for a rerun.

    Raises any error of the models, StorageError, BeingDrawnError or NoTimeLeftError.
    """
    may_begin = _may_begin(recipe, deps)
    source: Source | None = None
    taken_over = False
    with deps.threads() as calls:
        # Most pictures are new, so the lock is taken while they are looked for. On a picture that
        # is there it stays until it expires: who finds the picture does not ask for the lock.
        is_free = calls.submit(deps.lock.acquire if may_begin else deps.lock.is_free, id)
        try:
            source = _existing(id, deps.bucket, calls)
            if source is not None:
                return source
            taken_over = not is_free.result() and may_begin and deps.lock.take_over(id)
            if not (is_free.result() or taken_over):
                raise BeingDrawnError(
                    "The same picture is being drawn for another request. Send this one again."
                )
            if not may_begin:
                raise NoTimeLeftError
            adapter = adapter_of(recipe.model)
            drawn = adapter.read(deps.models.invoke(recipe.model, adapter.request(recipe)))
            _stage(drawn, recipe, id, deps)
            source = "model"
            return source
        finally:
            acquired = may_begin and is_free.exception() is None and is_free.result()
            if source is None and (acquired or taken_over):
                # If this fails, the next request only has to wait until the lock expires.
                with suppress(StorageError, StorageAccessDeniedError):
                    deps.lock.release(id)


def _may_begin(recipe: Recipe, deps: Dependencies) -> bool:
    """Returns whether a call usually ends in time for its caller, and always for the function."""
    usual = timedelta(seconds=CATALOG[recipe.model].usual_seconds)
    return (
        deps.now() + usual <= deps.draw_until
        and deps.remaining_seconds() >= deps.call_seconds + LAST_ATTEMPT_SECONDS
    )


def _existing(id: str, bucket: Bucket, calls: Executor) -> Source | None:
    """Returns where the picture is, or None. A manifest does not count if its picture is gone."""
    keys = calls.submit(bucket.keys, picture_prefix(id), after="", limit=1_000)
    staged = calls.submit(bucket.has, staging_key(id))
    manifest = calls.submit(stored_manifest, id, bucket).result()
    if manifest is not None and manifest["key"] in keys.result():
        return "published"
    return "staged" if staged.result() else None


def _stage(drawn: Drawn, recipe: Recipe, id: str, deps: Dependencies) -> None:
    """Stages a picture that was paid for. If S3 fails, tries until the function's time is up.

    The caller may have given up by then, but the same request finds the picture.
    """
    picture = _checked(drawn, recipe)
    wait = FIRST_WAIT_SECONDS
    while True:
        try:
            written = deps.bucket.put_once(
                staging_key(id),
                picture,
                content_type=CONTENT_TYPES[recipe.parameters["output_format"]],
                metadata={
                    "model-seed": str(drawn.seed if isinstance(drawn.seed, int) else recipe.seed),
                    "finish-reason": "SUCCESS",
                },
            )
        except (StorageError, StorageAccessDeniedError):
            if deps.remaining_seconds() < wait + LAST_ATTEMPT_SECONDS:
                raise
            deps.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)
        else:
            if written or deps.bucket.has(staging_key(id)):
                return


def _checked(drawn: Drawn, recipe: Recipe) -> bytes:
    """Returns the picture's bytes. Raises ModelFailedError if broken or of the wrong format."""
    picture = _decoded(drawn.encoded)
    try:
        found = parse(picture)
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
        # As base64.b64decode does, which copies it first.
        return binascii.a2b_base64(encoded, strict_mode=True)
    except ValueError as error:
        raise ModelFailedError(detail="picture is not Base64") from error
