"""The recipe in a downloaded file, over the running stack: read by others, and as a request."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, JpegImagePlugin

from easel.picture_file import read_recipe
from tests.local_client import LocalClient
from tests.picture_readers import exiftool, needs, pngcheck

PROMPT = 'a lighthouse, at dusk\n灯台 "Café" <x> & 🐈'
REQUESTS: dict[str, dict[str, Any]] = {
    "png": {"prompt": PROMPT, "negative_prompt": "people", "seed": 42},
    "jpeg": {"prompt": PROMPT, "seed": 42, "output_format": "jpeg"},
    "SDXL": {
        "text_prompts": [{"text": PROMPT}, {"text": "people", "weight": -1}],
        "model": "stability.stable-diffusion-xl-v1",
        "seed": 42,
        "steps": 20,
    },
    "Nova Canvas": {
        "prompt": PROMPT,
        "model": "amazon.nova-canvas-v1:0",
        "width": 320,
        "height": 320,
        "seed": 42,
    },
}
USER_COMMENT = 0x9286
EXIF = 0x8769

pytestmark = pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)


def manifest_of(easel: LocalClient, id: str) -> dict[str, Any]:
    return dict(easel.look(f"/images/{id}").body["manifest"])


def image_of(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def test_pillow_reads_recipe_and_text(easel: LocalClient, request_: dict[str, Any]) -> None:
    drawn = easel.post(request_).body

    image = image_of(easel.downloaded(drawn))

    recipe = manifest_of(easel, drawn["id"])["recipe"]
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        written, text = str(image.info["xmp"]), image.getexif().get_ifd(EXIF)[USER_COMMENT]
        assert "easel:recipe" in written
        said = text[8:].decode("utf-16-be")
    else:
        assert json.loads(image.info["easel"]) == recipe
        said = image.info["parameters"]
    assert said.startswith(PROMPT.partition("\n")[0])
    assert "Seed: 42" in said


def test_pixels_are_the_models(easel: LocalClient, request_: dict[str, Any]) -> None:
    with_recipe = easel.downloaded(easel.post(request_).body)

    bare = easel.post({**request_, "recipe_in_picture": False}).body

    assert bare["reused"] is True
    own = easel.downloaded(bare)
    assert own != with_recipe
    assert image_of(own).tobytes() == image_of(with_recipe).tobytes()
    model = manifest_of(easel, bare["id"])["model"]
    assert hashlib.sha256(own).hexdigest() == model["sha256"] == bare["sha256"]


def test_a_picture_published_without_its_recipe_is_the_models_own_file(
    easel: LocalClient, request_: dict[str, Any]
) -> None:
    request = {**request_, "seed": 43}

    bare = easel.post({**request, "recipe_in_picture": False}).body

    manifest = manifest_of(easel, bare["id"])
    assert bare["reused"] is False
    assert manifest["sha256"] == manifest["model"]["sha256"] == bare["sha256"]
    own = easel.downloaded(bare)
    with_recipe = easel.post({**request, "recipe_in_picture": True}).body
    assert with_recipe["id"] == bare["id"]
    assert read_recipe(easel.downloaded(with_recipe)) == manifest["recipe"]
    assert easel.downloaded(bare) == own


def test_the_recipe_in_the_file_is_a_request_for_the_same_picture(
    easel: LocalClient, request_: dict[str, Any]
) -> None:
    drawn = easel.post(request_).body
    calls = easel.model_calls()

    again = easel.post({"recipe": read_recipe(easel.downloaded(drawn))}).body

    assert (again["id"], again["sha256"], again["reused"]) == (drawn["id"], drawn["sha256"], True)
    assert easel.model_calls() == calls


@needs("exiftool")
def test_exiftool_reads_the_recipe_without_a_warning(
    easel: LocalClient, request_: dict[str, Any], tmp_path: Path
) -> None:
    drawn = easel.post(request_).body
    path = tmp_path / "picture"
    path.write_bytes(easel.downloaded(drawn))

    name = "XMP-easel:Recipe" if drawn["output_format"] == "jpeg" else "PNG:Easel"
    assert json.loads(exiftool(path, name)) == manifest_of(easel, drawn["id"])["recipe"]
    assert exiftool(path, "Warning") == exiftool(path, "Error") == ""


@needs("pngcheck")
def test_pngcheck_finds_nothing_wrong(
    easel: LocalClient, request_: dict[str, Any], tmp_path: Path
) -> None:
    drawn = easel.post({**request_, "output_format": "png"}).body
    path = tmp_path / "picture.png"
    path.write_bytes(easel.downloaded(drawn))

    pngcheck(path)
