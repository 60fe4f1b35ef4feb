"""From a recipe to a staged picture, and what is never paid twice."""

import base64
import io
from typing import Any

import pytest
from PIL import Image

from lambdas.common.bucket import Bucket, manifest_key, staging_key
from lambdas.common.errors import ModelFailedError, PictureBlockedError
from lambdas.common.recipe import Recipe
from lambdas.generate.drawing import draw

RECIPE = Recipe(
    model="stability.stable-image-core-v1:1",
    prompt="a cat",
    negative_prompt="",
    seed=5,
    parameters={"aspect_ratio": "1:1", "output_format": "png"},
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

    staged = draw(RECIPE, bucket=bucket, models=models)

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


@pytest.mark.parametrize(
    ("key", "source"),
    [(staging_key(RECIPE.id), "staged"), (manifest_key(RECIPE.id), "published")],
    ids=["staged", "published"],
)
def test_what_is_there_already_is_not_paid_for_again(bucket: Bucket, key: str, source: str) -> None:
    bucket.put_once(key, b"{}", content_type="application/json")
    models = models_with(picture())

    staged = draw(RECIPE, bucket=bucket, models=models)

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
        draw(RECIPE, bucket=bucket, models=ScriptedModels(image))

    assert not bucket.has(staging_key(RECIPE.id))


def test_a_filtered_picture_is_no_object(bucket: Bucket) -> None:
    models = ScriptedModels("", "Filter reason: output image")

    with pytest.raises(PictureBlockedError):
        draw(RECIPE, bucket=bucket, models=models)

    assert not bucket.has(staging_key(RECIPE.id))
