"""From a recipe to a staged picture, and what is never paid twice."""

import base64
import io
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image

from lambdas.common.bucket import Bucket, claim_key, manifest_key, picture_key, staging_key
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
    TooLateToRetryError,
)
from lambdas.common.recipe import Recipe
from lambdas.generate.caller_clock import CallerClock
from lambdas.generate.claims import Claims
from lambdas.generate.drawing import Models, Surroundings, draw

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


class World:
    """Time that passes only by sleeping. `during_sleep` is what others do meanwhile."""

    def __init__(self, seconds: float, during_sleep: Callable[[], None] = lambda: None) -> None:
        self._at = STARTED_AT + timedelta(seconds=seconds)
        self._during_sleep = during_sleep
        self.slept: list[float] = []
        self.clock = CallerClock(
            started_at=STARTED_AT,
            attempt_started_at=self._at,
            attempt_seconds=15,
            answer_until_seconds=21,
            retry_wait_seconds=3,
            now=self.now,
        )

    def now(self) -> datetime:
        return self._at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._at += timedelta(seconds=seconds)
        self._during_sleep()

    def remaining_seconds(self) -> float:
        return 135 - sum(self.slept)


def clock_at(seconds: float) -> World:
    """The clock of a caller who has waited this long."""
    return World(seconds)


def claims_of(bucket: Bucket, holder: str, now: Callable[[], datetime]) -> Claims:
    return Claims(bucket, lifetime=timedelta(seconds=135), holder=holder, now=now)


def around(bucket: Bucket, models: Models, world: World | None = None) -> Surroundings:
    world = world or World(1)
    return Surroundings(
        bucket=bucket,
        models=models,
        claims=claims_of(bucket, "this", now=lambda: datetime.now(UTC)),
        clock=world.clock,
        call_seconds=CALL_SECONDS,
        remaining_seconds=world.remaining_seconds,
        sleep=world.sleep,
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

    staged = draw(RECIPE, around(bucket, models), id=RECIPE.id)

    found = bucket.get(staging_key(RECIPE.id))
    assert found is not None
    assert found.content == picture()
    assert found.metadata == {"model-seed": "5", "finish-reason": "SUCCESS"}
    assert staged.to_dict() == {
        "key": f"staging/{RECIPE.id}",
        "source": "model",
        "reused": False,
    }
    assert len(models.calls) == 1


KEY = picture_key(RECIPE.id, "png")


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

    staged = draw(RECIPE, around(bucket, models), id=RECIPE.id)

    assert (staged.source, staged.to_dict()["reused"]) == (source, True)
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
        draw(RECIPE, around(bucket, ScriptedModels(image)), id=RECIPE.id)

    assert not bucket.has(staging_key(RECIPE.id))


@pytest.mark.parametrize("key", [KEY, None], ids=["deleted", "refused"])
def test_a_manifest_without_its_picture_does_not_count(bucket: Bucket, key: str | None) -> None:
    manifest = json.dumps({"key": key}).encode()
    bucket.put_once(manifest_key(RECIPE.id), manifest, content_type="application/json")

    assert draw(RECIPE, around(bucket, models_with(picture())), id=RECIPE.id).source == "model"


def test_a_filtered_picture_is_no_object(bucket: Bucket) -> None:
    models = ScriptedModels("", "Filter reason: output image")

    with pytest.raises(PictureBlockedError):
        draw(RECIPE, around(bucket, models), id=RECIPE.id)

    assert not bucket.has(staging_key(RECIPE.id))


class FailingModels:
    def __init__(self, error: ServiceError) -> None:
        self._error = error

    def invoke(self, model: str, body: Any) -> dict[str, Any]:
        raise self._error


class TestCallerClock:
    def test_a_call_that_would_end_too_late_is_not_begun(self, bucket: Bucket) -> None:
        models = models_with(picture())

        with pytest.raises(NoTimeLeftError):
            draw(RECIPE, around(bucket, models, clock_at(16.1)), id=RECIPE.id)

        assert models.calls == []

    def test_a_call_that_just_fits_is_begun(self, bucket: Bucket) -> None:
        models = models_with(picture())

        draw(RECIPE, around(bucket, models, clock_at(16)), id=RECIPE.id)

        assert len(models.calls) == 1

    @pytest.mark.parametrize(("after", "begun"), [(10, True), (10.5, False)])
    def test_a_claim_that_comes_free_is_taken_only_while_the_call_ends_in_its_attempt(
        self, bucket: Bucket, after: float, begun: bool
    ) -> None:
        """The attempt began after 1 s and takes 15; the model usually takes 5."""
        other = claims_of(bucket, "other", now=lambda: datetime.now(UTC))
        other.take(RECIPE.id)
        models = models_with(picture())

        def release() -> None:
            if sum(world.slept) >= after:
                other.release(RECIPE.id)

        world = World(1, release)
        with nullcontext() if begun else pytest.raises(BeingDrawnError):
            draw(RECIPE, around(bucket, models, world), id=RECIPE.id)

        assert len(models.calls) == begun

    def test_no_call_is_begun_that_the_function_would_not_outlive(self, bucket: Bucket) -> None:
        models = models_with(picture())
        short = replace(around(bucket, models), remaining_seconds=lambda: CALL_SECONDS + 4.9)

        with pytest.raises(NoTimeLeftError):
            draw(RECIPE, short, id=RECIPE.id)

        assert models.calls == []

    def test_what_is_there_already_is_found_however_late(self, bucket: Bucket) -> None:
        bucket.put_once(staging_key(RECIPE.id), b"", content_type="image/png")

        staged = draw(RECIPE, around(bucket, models_with(b""), clock_at(20)), id=RECIPE.id)

        assert staged.source == "staged"

    @pytest.mark.parametrize("error", [ThrottledError(), ModelUnavailableError()], ids=repr)
    def test_a_failure_that_time_is_left_for_is_the_state_machines_to_retry(
        self, bucket: Bucket, error: ServiceError
    ) -> None:
        with pytest.raises(type(error)):
            draw(RECIPE, around(bucket, FailingModels(error), clock_at(3)), id=RECIPE.id)

    @pytest.mark.parametrize("error", [ThrottledError(), ModelUnavailableError()], ids=repr)
    def test_a_later_one_is_answered_as_it_is(self, bucket: Bucket, error: ServiceError) -> None:
        with pytest.raises(TooLateToRetryError) as caught:
            draw(RECIPE, around(bucket, FailingModels(error), clock_at(3.1)), id=RECIPE.id)

        assert str(caught.value) == str(error)

    def test_a_failure_that_is_never_retried_stays_what_it_is(self, bucket: Bucket) -> None:
        models = FailingModels(ModelTimeoutError())

        with pytest.raises(ModelTimeoutError):
            draw(RECIPE, around(bucket, models, clock_at(10)), id=RECIPE.id)


class TestClaims:
    """Two executions of one recipe, and one call of the model."""

    def test_who_comes_second_waits_for_the_first_ones_picture(self, bucket: Bucket) -> None:
        claims_of(bucket, "other", now=lambda: datetime.now(UTC)).take(RECIPE.id)
        models = models_with(picture())

        def stage_by_the_third_look() -> None:
            if len(world.slept) == 3:
                bucket.put_once(staging_key(RECIPE.id), picture(), content_type="image/png")

        world = World(1, stage_by_the_third_look)
        staged = draw(RECIPE, around(bucket, models, world), id=RECIPE.id)

        assert (staged.source, models.calls) == ("staged", [])

    def test_who_waits_too_long_is_told_to_come_again(self, bucket: Bucket) -> None:
        claims_of(bucket, "other", now=lambda: datetime.now(UTC)).take(RECIPE.id)
        models = models_with(picture())
        world = World(1)

        with pytest.raises(BeingDrawnError):
            draw(RECIPE, around(bucket, models, world), id=RECIPE.id)

        assert models.calls == []
        assert 12 <= sum(world.slept) <= 13.5

    def test_a_claim_that_its_holder_released_is_taken_over(self, bucket: Bucket) -> None:
        other = claims_of(bucket, "other", now=lambda: datetime.now(UTC))
        other.take(RECIPE.id)
        models = models_with(picture())

        staged = draw(
            RECIPE, around(bucket, models, World(1, lambda: other.release(RECIPE.id))), id=RECIPE.id
        )

        assert staged.source == "model"
        assert len(models.calls) == 1

    def test_a_claim_whose_function_is_dead_is_taken_over(self, bucket: Bucket) -> None:
        claims_of(bucket, "dead", now=lambda: datetime.now(UTC)).take(RECIPE.id)
        later = claims_of(bucket, "new", now=lambda: datetime.now(UTC) + timedelta(seconds=137))

        assert later.take(RECIPE.id)

    @pytest.mark.parametrize(
        "error",
        [ThrottledError(), ModelTimeoutError(), ModelFailedError()],
        ids=lambda error: type(error).__name__,
    )
    def test_a_failure_releases_the_claim(self, bucket: Bucket, error: ServiceError) -> None:
        with pytest.raises(type(error)):
            draw(RECIPE, around(bucket, FailingModels(error)), id=RECIPE.id)

        assert not bucket.has(claim_key(RECIPE.id))


class UnwellBucket(Bucket):
    """Fails to write pictures a number of times."""

    failures = 0

    def put_once(self, key: str, content: bytes, **rest: Any) -> bool:
        if key == staging_key(RECIPE.id) and self.failures > 0:
            self.failures -= 1
            raise StorageError
        return super().put_once(key, content, **rest)


def test_whatever_goes_wrong_the_claim_is_released(bucket: Bucket) -> None:
    class Odd:
        def invoke(self, model: str, body: Any) -> dict[str, Any]:
            raise KeyError("odd")

    with pytest.raises(KeyError):
        draw(RECIPE, around(bucket, Odd()), id=RECIPE.id)

    assert not bucket.has(claim_key(RECIPE.id))


class TestPaidPictures:
    def test_a_paid_picture_is_staged_once_s3_is_well_again(self, bucket: Bucket) -> None:
        unwell = UnwellBucket(bucket.name, bucket._client)
        unwell.failures = 6
        models = models_with(picture())
        world = World(1)

        staged = draw(RECIPE, around(unwell, models, world), id=RECIPE.id)

        assert staged.source == "model"
        assert world.slept == [0.5, 1, 2, 4, 8, 8]
        assert len(models.calls) == 1
        assert bucket.has(staging_key(RECIPE.id))

    def test_it_is_tried_as_long_as_the_function_lives(self, bucket: Bucket) -> None:
        unwell = UnwellBucket(bucket.name, bucket._client)
        unwell.failures = 1_000
        world = World(1)

        with pytest.raises(StorageError):
            draw(RECIPE, around(unwell, models_with(picture()), world), id=RECIPE.id)

        assert 115 < sum(world.slept) < 135
