"""From a recipe to a staged picture, and what is never paid twice."""

import base64
import io
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from PIL import Image

from lambdas.common.bucket import Bucket
from lambdas.common.errors import (
    BeingDrawnError,
    ModelFailedError,
    ModelTimeoutError,
    ModelUnavailableError,
    NoTimeLeftError,
    PictureBlockedError,
    ServiceError,
    StorageError,
    ThrottledError,
)
from lambdas.common.keys import lock_key, manifest_key, picture_key, staging_key
from lambdas.common.recipe import Recipe
from lambdas.generate.draw_lock import DrawLock
from lambdas.generate.drawing import Dependencies, Models, draw
from tests.lambdas.fake_s3 import WRITTEN_AT, FakeS3
from tests.lambdas.side_by_side import ORDERS, SideBySide

RECIPE = Recipe(
    model="stability.stable-image-core-v1:1",
    prompt="a cat",
    negative_prompt="",
    seed=5,
    parameters={"aspect_ratio": "1:1", "output_format": "png"},
)


# The longest call, of a function that has 135 seconds.
CALL_SECONDS = 120
STARTED_AT = datetime(2026, 11, 20, tzinfo=UTC)


# When a call has to have ended for its caller.
DRAW_UNTIL = STARTED_AT + timedelta(seconds=21)


class Clock:
    """Time that passes only by sleeping, from `seconds` after the execution's start on."""

    def __init__(self, seconds: float) -> None:
        self._at = STARTED_AT + timedelta(seconds=seconds)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._at += timedelta(seconds=seconds)

    def remaining_seconds(self) -> float:
        return 135 - sum(self.slept)


def lock_of(bucket: Bucket, holder: str, *, later: float = 0) -> DrawLock:
    """The lock as a function takes it, `later` seconds from now."""
    return DrawLock(
        bucket,
        lifetime=timedelta(seconds=135),
        holder=holder,
        began_at=datetime.now(UTC) + timedelta(seconds=later),
    )


def deps_of(bucket: Bucket, models: Models, clock: Clock | None = None) -> Dependencies:
    clock = clock or Clock(1)
    return Dependencies(
        bucket=bucket,
        models=models,
        lock=lock_of(bucket, "this"),
        draw_until=DRAW_UNTIL,
        call_seconds=CALL_SECONDS,
        remaining_seconds=clock.remaining_seconds,
        now=clock.now,
        sleep=clock.sleep,
    )


def picture(kind: str = "png") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, kind)
    return out.getvalue()


class ScriptedModels:
    """Answers with one image, or whatever it is told, and counts its calls."""

    def __init__(self, image: str, finish_reason: str | None = None) -> None:
        self.calls: list[tuple[str, Any]] = []
        self._answer = {"seeds": [5], "finish_reasons": [finish_reason], "images": [image]}

    def invoke(self, model: str, body: Any) -> dict[str, Any]:
        self.calls.append((model, body))
        return self._answer


def models_with(content: bytes) -> ScriptedModels:
    return ScriptedModels(base64.b64encode(content).decode())


def test_a_new_recipe_is_drawn_once_and_staged_as_the_model_gave_it(bucket: Bucket) -> None:
    models = models_with(picture())

    source = draw(RECIPE, deps_of(bucket, models), id=RECIPE.id)

    found = bucket.get(staging_key(RECIPE.id))
    assert found is not None
    assert found.content == picture()
    assert found.metadata == {"model-seed": "5", "finish-reason": "SUCCESS"}
    assert source == "model"
    assert len(models.calls) == 1


KEY = picture_key(RECIPE.id, "0" * 64, "png")


@pytest.mark.parametrize(
    ("keys", "source"),
    [([staging_key(RECIPE.id)], "staged"), ([manifest_key(RECIPE.id), KEY], "published")],
    ids=["staged", "published"],
)
def test_what_is_there_already_is_not_paid_for_again(
    bucket: Bucket, keys: list[str], source: str
) -> None:
    for key in keys:
        manifest = json.dumps({"key": KEY}).encode()
        bucket.put_once(key, manifest, content_type="application/json")
    models = models_with(picture())

    assert draw(RECIPE, deps_of(bucket, models), id=RECIPE.id) == source
    assert models.calls == []


@pytest.mark.parametrize(
    "image",
    [
        "",
        "not base64!",
        base64.b64encode(picture()).decode()[:-3],
        base64.b64encode(b"not a picture").decode(),
        base64.b64encode(picture()[:-4]).decode(),
        base64.b64encode(picture("jpeg")).decode(),
        "\n" + base64.b64encode(picture()).decode(),
    ],
    ids=["empty", "alphabet", "padding", "text", "cut short", "another format", "white space"],
)
def test_a_broken_picture_is_the_models_failure_and_no_object(bucket: Bucket, image: str) -> None:
    with pytest.raises(ModelFailedError):
        draw(RECIPE, deps_of(bucket, ScriptedModels(image)), id=RECIPE.id)

    assert not bucket.has(staging_key(RECIPE.id))


@pytest.mark.parametrize("key", [KEY, None], ids=["deleted", "refused"])
def test_a_manifest_without_its_picture_does_not_count(bucket: Bucket, key: str | None) -> None:
    manifest = json.dumps({"key": key}).encode()
    bucket.put_once(manifest_key(RECIPE.id), manifest, content_type="application/json")

    assert draw(RECIPE, deps_of(bucket, models_with(picture())), id=RECIPE.id) == "model"


def test_a_filtered_picture_is_no_object(bucket: Bucket) -> None:
    models = ScriptedModels("", "Filter reason: output image")

    with pytest.raises(PictureBlockedError):
        draw(RECIPE, deps_of(bucket, models), id=RECIPE.id)

    assert not bucket.has(staging_key(RECIPE.id))


class FailingModels:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def invoke(self, model: str, body: Any) -> dict[str, Any]:
        raise self._error


class TestTimeLeft:
    @pytest.mark.parametrize(
        ("begun_after", "function_seconds"),
        [(16.1, 135), (1, CALL_SECONDS + 4.9)],
        ids=["for the caller", "for the function"],
    )
    def test_a_call_that_would_end_too_late_is_not_begun(
        self, bucket: Bucket, begun_after: float, function_seconds: float
    ) -> None:
        models = models_with(picture())
        deps = deps_of(bucket, models, Clock(begun_after))

        with pytest.raises(NoTimeLeftError):
            draw(RECIPE, replace(deps, remaining_seconds=lambda: function_seconds), id=RECIPE.id)

        assert models.calls == []

    def test_a_call_that_just_fits_is_begun(self, bucket: Bucket) -> None:
        models = models_with(picture())

        draw(RECIPE, deps_of(bucket, models, Clock(16)), id=RECIPE.id)

        assert len(models.calls) == 1

    def test_what_is_there_already_is_found_however_late(self, bucket: Bucket) -> None:
        bucket.put_once(staging_key(RECIPE.id), b"", content_type="image/png")

        source = draw(RECIPE, deps_of(bucket, models_with(b""), Clock(20)), id=RECIPE.id)

        assert source == "staged"

    @pytest.mark.parametrize("error", [ThrottledError(), ModelUnavailableError()], ids=repr)
    @pytest.mark.parametrize("seconds", [3, 16])
    def test_a_failure_that_cost_nothing_is_the_state_machines_to_try_again(
        self, bucket: Bucket, error: ServiceError, seconds: float
    ) -> None:
        with pytest.raises(type(error)):
            draw(RECIPE, deps_of(bucket, FailingModels(error), Clock(seconds)), id=RECIPE.id)

    def test_a_failure_that_is_never_retried_stays_what_it_is(self, bucket: Bucket) -> None:
        models = FailingModels(ModelTimeoutError())

        with pytest.raises(ModelTimeoutError):
            draw(RECIPE, deps_of(bucket, models, Clock(10)), id=RECIPE.id)


class TestDrawLock:
    """Two executions of one recipe, and one call of the model."""

    @pytest.mark.parametrize("seconds", [1, 20], ids=["in time", "too late for a call"])
    def test_who_comes_second_is_told_at_once_and_does_not_wait(
        self, bucket: Bucket, seconds: float
    ) -> None:
        lock_of(bucket, "other").acquire(RECIPE.id)
        models, clock = models_with(picture()), Clock(seconds)

        with pytest.raises(BeingDrawnError):
            draw(RECIPE, deps_of(bucket, models, clock), id=RECIPE.id)

        assert (models.calls, clock.slept) == ([], [])

    def test_who_comes_when_the_first_ones_picture_is_there_gets_it(self, bucket: Bucket) -> None:
        lock_of(bucket, "other").acquire(RECIPE.id)
        bucket.put_once(staging_key(RECIPE.id), picture(), content_type="image/png")
        models = models_with(picture())

        source = draw(RECIPE, deps_of(bucket, models), id=RECIPE.id)

        assert (source, models.calls) == ("staged", [])

    def test_a_lock_that_its_holder_released_is_taken_over(self, bucket: Bucket) -> None:
        other = lock_of(bucket, "other")
        other.acquire(RECIPE.id)
        other.release(RECIPE.id)
        models = models_with(picture())

        assert draw(RECIPE, deps_of(bucket, models), id=RECIPE.id) == "model"
        assert len(models.calls) == 1

    def test_a_lock_whose_function_is_dead_is_taken_over(self, bucket: Bucket) -> None:
        lock_of(bucket, "dead").acquire(RECIPE.id)

        assert not lock_of(bucket, "new").is_free(RECIPE.id)
        assert lock_of(bucket, "new", later=137).is_free(RECIPE.id)
        assert not lock_of(bucket, "new").take_over(RECIPE.id)
        assert lock_of(bucket, "new", later=137).take_over(RECIPE.id)

    def test_a_dead_functions_picture_is_drawn(self, bucket: Bucket) -> None:
        lock_of(bucket, "dead").acquire(RECIPE.id)
        models = models_with(picture())
        late = replace(deps_of(bucket, models), lock=lock_of(bucket, "new", later=137))

        assert draw(RECIPE, late, id=RECIPE.id) == "model"

    def test_a_lock_that_was_taken_over_is_released_after_a_failure(self, bucket: Bucket) -> None:
        lock_of(bucket, "dead").acquire(RECIPE.id)
        models = FailingModels(ThrottledError())
        late = replace(deps_of(bucket, models), lock=lock_of(bucket, "new", later=137))

        with pytest.raises(ThrottledError):
            draw(RECIPE, late, id=RECIPE.id)

        assert not bucket.has(lock_key(RECIPE.id))

    @pytest.mark.parametrize(
        "error",
        [ThrottledError(), ModelTimeoutError(), ModelFailedError(), KeyError("odd")],
        ids=lambda error: type(error).__name__,
    )
    def test_a_failure_releases_the_lock(self, bucket: Bucket, error: Exception) -> None:
        with pytest.raises(type(error)):
            draw(RECIPE, deps_of(bucket, FailingModels(error)), id=RECIPE.id)

        assert not bucket.has(lock_key(RECIPE.id))


class Interrupted:
    """A client of S3 that does something else before one of its calls, counted from 1."""

    def __init__(self, s3: Any, calls: int, meanwhile: Callable[[], object]) -> None:
        self._s3, self._left, self._meanwhile = s3, calls, meanwhile

    def __getattr__(self, name: str) -> Any:
        self._left -= 1
        if self._left == 0:
            self._meanwhile()
        return getattr(self._s3, name)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("calls", range(1, 6))
def test_two_executions_pay_for_one_picture_wherever_they_meet(calls: int, order: str) -> None:
    s3: Any = FakeS3()
    models = models_with(picture())
    sources: list[str] = []

    def drawn(client: Any) -> None:
        bucket = Bucket("pictures", client)
        lock = replace(lock_of(bucket, str(len(sources))), began_at=WRITTEN_AT)
        with suppress(BeingDrawnError):
            deps = replace(deps_of(bucket, models), lock=lock, threads=partial(SideBySide, order))
            sources.append(draw(RECIPE, deps, id=RECIPE.id))

    drawn(Interrupted(s3, calls, lambda: drawn(s3)))
    drawn(s3)

    assert len(models.calls) == sources.count("model") == 1
    assert sources[-1] == "staged"


@pytest.mark.parametrize("order", ORDERS)
def test_a_look_that_fails_releases_the_lock(bucket: Bucket, order: str) -> None:
    class Unseen(Bucket):
        def keys(self, prefix: str, **rest: Any) -> list[str]:
            raise StorageError

        def get(self, key: str) -> Any:
            raise StorageError

    unseen = Unseen(bucket.name, bucket._client)
    deps = replace(deps_of(unseen, models_with(picture())), threads=partial(SideBySide, order))

    with pytest.raises(StorageError):
        draw(RECIPE, deps, id=RECIPE.id)

    assert lock_of(bucket, "other").is_free(RECIPE.id)


class UnwellBucket(Bucket):
    """Fails to write pictures a number of times."""

    failures = 0

    def put_once(self, key: str, content: bytes, **rest: Any) -> bool:
        if key == staging_key(RECIPE.id) and self.failures > 0:
            self.failures -= 1
            raise StorageError
        return super().put_once(key, content, **rest)


class TestPaidPictures:
    def test_a_paid_picture_is_staged_once_s3_is_well_again(self, bucket: Bucket) -> None:
        unwell = UnwellBucket(bucket.name, bucket._client)
        unwell.failures = 6
        models = models_with(picture())
        clock = Clock(1)

        assert draw(RECIPE, deps_of(unwell, models, clock), id=RECIPE.id) == "model"
        assert clock.slept == [0.5, 1, 2, 4, 8, 8]
        assert len(models.calls) == 1
        assert bucket.has(staging_key(RECIPE.id))

    def test_it_is_tried_as_long_as_the_function_lives(self, bucket: Bucket) -> None:
        unwell = UnwellBucket(bucket.name, bucket._client)
        unwell.failures = 1_000
        clock = Clock(1)

        with pytest.raises(StorageError):
            draw(RECIPE, deps_of(unwell, models_with(picture()), clock), id=RECIPE.id)

        assert 115 < sum(clock.slept) < 135
