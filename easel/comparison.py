"""Says how far two pictures are alike. It needs Pillow and NumPy, which the rest does not."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from easel.picture_file import NotAPictureError
from lambdas.common.answers import Verdict

# SSIM's window, its two constants for eight bits, and the side it is measured at.
_WINDOW = 8
_MEAN_FLOOR, _VARIANCE_FLOOR = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_SIDE = 256

# Modes that lose something as eight bits a channel.
_DEEP_MODES = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})

# What Pillow raises for files that are broken, or large beyond reason.
_UNDECODABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)

_Pixels = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """`distance` is `perceptual_distance` where the pictures are different, else 0."""

    verdict: Verdict
    distance: float


def compare(first: bytes, second: bytes) -> Comparison:
    """Returns whether two pictures are the same file or pixels, and else how far they are apart.

    Pixels are compared as decoded, transparency included, colour profiles and orientation not.
    Raises NotAPictureError for what Pillow cannot decode.
    """
    image, another = _decoded(first), _decoded(second)
    if first == second:
        return Comparison("identical_bytes", 0)
    if _pixels(image) == _pixels(another):
        return Comparison("identical_pixels", 0)
    return Comparison("different", perceptual_distance(image, another))


def perceptual_distance(first: Image.Image, second: Image.Image) -> float:
    """Returns structural dissimilarity, (1 - SSIM) / 2, of both scaled to 256x256: 0 to 1.

    0 is no difference at this size. Measured on the stand-in's pictures of 1024x1024, JPEG of a
    quality from 30 up is less than 0.04 away from its source, another seed or prompt 0.12 to 0.4;
    noise is 0.5 away from other noise, and only turned-over contrast gets near 1. Small pictures
    show JPEG's traces more: up to 0.1 at 256x256. Other shapes are compared stretched.
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


def _decoded(content: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(content))
        image.load()
    except _UNDECODABLE as error:
        raise NotAPictureError(f"This is no picture that can be decoded: {error}.") from error
    return image


def _pixels(image: Image.Image) -> tuple[Any, ...]:
    """Returns what has to be equal: size and pixels, whichever way the file codes them."""
    if image.mode in _DEEP_MODES:
        return image.size, image.mode, image.tobytes()
    return image.size, "RGBA", image.convert("RGBA").tobytes()


def _scaled(image: Image.Image) -> _Pixels:
    """Returns a picture at the side that is measured, on white, as a page would show it."""
    seen = image.convert("RGBA")
    page = Image.new("RGBA", seen.size, "white")
    page.alpha_composite(seen)
    scaled = page.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(scaled, dtype=np.float64)


def _windowed(values: _Pixels) -> _Pixels:
    """Returns the mean of every window, by sums that run along both axes."""
    for axis in (0, 1):
        sums = np.cumsum(np.insert(values, 0, 0, axis=axis), axis=axis)
        ends = np.arange(_WINDOW, sums.shape[axis])
        values = (sums.take(ends, axis) - sums.take(ends - _WINDOW, axis)) / _WINDOW
    return values
