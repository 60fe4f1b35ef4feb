"""Reads the recipe out of a picture's file, and says how far two pictures are alike."""

import io
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lambdas.common.recipe import Recipe
from lambdas.picture import parse

# SSIM's window, its two constants for eight bits, and the side it is measured at.
_WINDOW = 8
_MEAN_FLOOR, _VARIANCE_FLOOR = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_SIDE = 256

# Modes that lose something as eight bits a channel.
_DEEP_MODES = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})

# What Pillow raises for files that are broken, or large beyond reason.
_UNDECODABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)

_Pixels = NDArray[np.float64]


class PictureFileError(ValueError):
    """A picture's file cannot be read.

    PictureFileError
    ├── NotAPictureError        neither PNG nor JPEG, or cut short
    ├── NoRecipeError           a picture without a recipe
    └── UnreadableRecipeError   a recipe that is broken, or of a version that is not known
    """


class NotAPictureError(PictureFileError):
    pass


class NoRecipeError(PictureFileError):
    pass


class UnreadableRecipeError(PictureFileError):
    pass


class Verdict(StrEnum):
    IDENTICAL_BYTES = "identical_bytes"
    IDENTICAL_PIXELS = "identical_pixels"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Comparison:
    """`distance` is `perceptual_distance` where the pictures are different, else 0."""

    verdict: Verdict
    distance: float


def read_recipe(picture: Path | str | bytes) -> dict[str, Any]:
    """The recipe in a PNG or JPEG, as a manifest has it: POST it as `recipe`, or read its id with
    `Recipe.from_dict`. `picture` is a path or the file's bytes. PictureFileError, or OSError."""
    content = _content(picture)
    try:
        parsed = parse(content)
    except ValueError as error:
        raise NotAPictureError(f"This is no whole PNG or JPEG: {error}.") from error
    try:
        written = parsed.recipe_json()
    except ValueError as error:
        raise UnreadableRecipeError(f"The recipe in the picture is broken: {error}.") from error
    if written is None:
        raise NoRecipeError(
            "There is no recipe in this picture: it was not drawn by Easel, was published without "
            "one, or some program has left out what it did not know."
        )
    return _recipe(written)


def compare(first: Path | str | bytes, second: Path | str | bytes) -> Comparison:
    """Whether two pictures are the same file, show the same pixels, or how far they are apart.

    Pixels are compared as decoded, transparency included, colour profiles and orientation not.
    NotAPictureError for what Pillow cannot decode.
    """
    one, other = _content(first), _content(second)
    if one == other:
        _decoded(one)
        return Comparison(Verdict.IDENTICAL_BYTES, 0)
    image, another = _decoded(one), _decoded(other)
    if _pixels(image) == _pixels(another):
        return Comparison(Verdict.IDENTICAL_PIXELS, 0)
    return Comparison(Verdict.DIFFERENT, perceptual_distance(image, another))


def perceptual_distance(first: Image.Image, second: Image.Image) -> float:
    """Structural dissimilarity, (1 - SSIM) / 2, of both scaled to 256x256: 0 to 1.

    0 is no difference at this size. Measured on the stand-in's pictures of 1024x1024, JPEG of a
    quality from 75 up is less than 0.03 away from its source, another seed 0.05 to 0.3, another
    prompt 0.15 to 0.5; noise is 0.5 away from other noise, and only turned-over contrast gets near
    1. Small pictures show JPEG's traces more. Other shapes are compared stretched.
    Source: Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to
    Structural Similarity", 2004; here for each channel of RGB, with a square window.
    """
    a, b = _scaled(first), _scaled(second)
    mean_a, mean_b = _windowed(a), _windowed(b)
    variance_a = _windowed(a * a) - mean_a**2
    variance_b = _windowed(b * b) - mean_b**2
    covariance = _windowed(a * b) - mean_a * mean_b
    similarity = ((2 * mean_a * mean_b + _MEAN_FLOOR) * (2 * covariance + _VARIANCE_FLOOR)) / (
        (mean_a**2 + mean_b**2 + _MEAN_FLOOR) * (variance_a + variance_b + _VARIANCE_FLOOR)
    )
    return float(np.clip((1 - similarity.mean()) / 2, 0, 1))


def _content(picture: Path | str | bytes) -> bytes:
    return picture if isinstance(picture, bytes) else Path(picture).read_bytes()


def _recipe(written: str) -> dict[str, Any]:
    try:
        recipe = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise UnreadableRecipeError(f"The recipe in the picture is no JSON: {error}.") from error
    if not isinstance(recipe, dict):
        raise UnreadableRecipeError("The recipe in the picture is no JSON object.")
    try:
        return Recipe.from_dict(recipe).to_dict()
    except ValueError as error:
        raise UnreadableRecipeError(
            f"The recipe in the picture cannot be read here: {error}. Try a newer Easel."
        ) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableRecipeError(
            f"The recipe in the picture has other fields than a recipe: {error}."
        ) from error


def _decoded(content: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(content))
        image.load()
    except _UNDECODABLE as error:
        raise NotAPictureError(f"This is no picture that can be decoded: {error}.") from error
    return image


def _pixels(image: Image.Image) -> tuple[Any, ...]:
    """What has to be equal: size and pixels, whichever way the file codes them."""
    if image.mode in _DEEP_MODES:
        return image.size, image.mode, image.tobytes()
    return image.size, "RGBA", image.convert("RGBA").tobytes()


def _scaled(image: Image.Image) -> _Pixels:
    """On white, as a page would show it."""
    seen = image.convert("RGBA")
    page = Image.new("RGBA", seen.size, "white")
    page.alpha_composite(seen)
    scaled = page.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(scaled, dtype=np.float64)


def _windowed(values: _Pixels) -> _Pixels:
    """The mean of every window, by sums that run along both axes."""
    for axis in (0, 1):
        sums = np.cumsum(np.insert(values, 0, 0, axis=axis), axis=axis)
        ends = np.arange(_WINDOW, sums.shape[axis])
        values = (sums.take(ends, axis) - sums.take(ends - _WINDOW, axis)) / _WINDOW
    return values
