"""What a client reads out of a picture's file, and how it compares two."""

import io
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageOps
from PIL.PngImagePlugin import PngInfo

from easel.comparison import compare, perceptual_distance
from easel.picture_file import (
    PictureFileError,
    read_recipe,
)
from lambdas.common.answers import Verdict
from lambdas.common.recipe import Recipe
from lambdas.picture import parse

RECIPE = Recipe(
    model="stability.stable-image-core-v1:1",
    prompt="a lighthouse at dusk",
    negative_prompt="",
    seed=42,
    parameters={"aspect_ratio": "1:1", "output_format": "png"},
)
RED = Image.new("RGB", (8, 8), "red")


@cache
def painted(prompt: str = "a lighthouse at dusk", seed: int = 42, side: int = 256) -> Image.Image:
    """Returns discs of which prompt and seed decide place, size and colour."""
    rng, picture = Random(f"{prompt} {seed}"), Image.new("RGB", (side, side), "navy")
    for _ in range(40):
        x, y, radius = (rng.uniform(0, side * share) for share in (1, 1, 0.3))
        colour = tuple(rng.randrange(256) for _ in range(3))
        ImageDraw.Draw(picture).circle((x, y), radius, colour)
    return picture


def encoded(kind: str, image: Image.Image, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def embed(picture: bytes, recipe: Recipe) -> bytes:
    return parse(picture).with_recipe(recipe).content


def saying(text: str) -> bytes:
    """A picture whose recipe is this text."""
    info = PngInfo()
    info.add_itxt("easel", text)
    return encoded("png", RED, pnginfo=info)


def of_recipe(**changed: object) -> bytes:
    return saying(json.dumps(RECIPE.to_dict() | changed))


def noise(seed: int) -> Image.Image:
    return Image.frombytes("RGB", (256, 256), Random(seed).randbytes(256 * 256 * 3))


@pytest.mark.parametrize("kind", ["png", "jpeg"])
@pytest.mark.parametrize(
    "given", [Path, str, lambda path: path.read_bytes()], ids=["path", "name", "bytes"]
)
def test_a_recipe_is_read_as_a_manifest_has_it(
    kind: str, given: Callable[[Path], Path | str | bytes], tmp_path: Path
) -> None:
    path = tmp_path / "picture"
    path.write_bytes(embed(encoded(kind, painted()), RECIPE))

    assert read_recipe(given(path)) == RECIPE.to_dict()


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (encoded("png", RED), "There is no recipe in this picture"),
        (encoded("jpeg", RED, xmp=b"<x/>"), "There is no recipe in this picture"),
        (b"text", "no whole PNG or JPEG: neither PNG nor JPEG"),
        (encoded("gif", RED), "neither PNG nor JPEG"),
        (embed(encoded("png", RED), RECIPE)[:-9], "PNG is cut short"),
        (of_recipe(version=2), "version 2 is not known. Try a newer Easel"),
        (of_recipe(mood="calm"), "other fields than a recipe: .*mood"),
        (of_recipe(parameters=[1]), "other fields than a recipe"),
        (saying('{"version":1}'), "other fields than a recipe: .*model"),
        (saying("{}"), "other fields than a recipe: 'version'"),
        (saying("[]"), "no JSON object"),
        (saying("a cat"), "no JSON: Expecting value"),
        (saying("[" * 100_000), "no JSON"),
        (
            encoded("jpeg", RED, xmp=b"<x xmlns:e='https://easel.invalid/recipe/1/'"),
            "XMP is broken",
        ),
    ],
    ids=[
        "png without", "jpeg without", "text", "gif", "cut short", "newer version",
        "unknown field", "parameters of another kind", "missing field", "no version",
        "a list", "no JSON", "too deep", "broken XMP",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_an_error_that_says_why(picture: bytes, message: str) -> None:
    with pytest.raises(PictureFileError, match=message):
        read_recipe(picture)


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (encoded("png", RED), encoded("png", RED), "identical_bytes"),
        (
            encoded("png", RED),
            embed(encoded("png", RED, compress_level=0), RECIPE),
            "identical_pixels",
        ),
        (encoded("jpeg", RED), embed(encoded("jpeg", RED), RECIPE), "identical_pixels"),
        (
            encoded("png", RED),
            encoded("png", RED.quantize(2)),
            "identical_pixels",
        ),
        (
            encoded("png", RED),
            encoded("png", RED.convert("RGBA")),
            "identical_pixels",
        ),
        (
            encoded("png", RED.convert("RGBA")),
            encoded("png", Image.new("RGBA", RED.size, (255, 0, 0, 254))),
            "different",
        ),
        (
            encoded("png", Image.new("I;16", (8, 8), 1)),
            encoded("png", Image.new("I;16", (8, 8), 2)),
            "different",
        ),
        (encoded("png", RED), encoded("png", RED.resize((8, 9))), "different"),
    ],
    ids=[
        "same file", "other compression and metadata", "jpeg metadata", "palette", "opaque alpha",
        "transparency", "sixteen bits", "size",
    ],
)  # fmt: skip
def test_two_pictures_are_compared_by_what_they_show(
    first: bytes, second: bytes, verdict: Verdict
) -> None:
    assert compare(first, second).verdict == verdict
    assert compare(second, first) == compare(first, second)


def test_only_different_pictures_have_a_distance() -> None:
    png = encoded("png", painted())

    assert compare(png, png).distance == 0
    assert compare(png, embed(png, RECIPE)).distance == 0
    assert 0 < compare(png, encoded("jpeg", painted(), quality=92)).distance < 0.05


@pytest.mark.parametrize("broken", [b"text", encoded("png", noise(1))[:5_000]])
def test_what_cannot_be_decoded_is_not_compared(broken: bytes) -> None:
    with pytest.raises(PictureFileError):
        compare(broken, encoded("png", RED))
    with pytest.raises(PictureFileError):
        compare(broken, broken)


@pytest.mark.parametrize(
    ("other", "least", "most"),
    [
        (painted(), 0, 0),
        (Image.open(io.BytesIO(encoded("jpeg", painted(), quality=75))), 0.001, 0.07),
        (painted().resize((400, 130)), 0.001, 0.1),
        (painted(seed=43), 0.1, 0.4),
        (painted("a city at night"), 0.1, 0.4),
        (ImageOps.invert(painted()), 0.35, 1),
    ],
    ids=["same", "jpeg", "resized", "another seed", "another prompt", "negative"],
)
def test_the_distance_grows_with_what_is_seen(
    other: Image.Image, least: float, most: float
) -> None:
    assert least <= perceptual_distance(painted(), other) <= most


def test_the_distance_of_noise_and_of_turned_over_contrast_are_as_the_docstring_says() -> None:
    board = Image.frombytes("L", (256, 256), (b"\0\xff" * 128 + b"\xff\0" * 128) * 128)

    assert perceptual_distance(noise(1), noise(2)) == pytest.approx(0.5, abs=0.02)
    assert perceptual_distance(board, ImageOps.invert(board)) == pytest.approx(1, abs=0.01)
