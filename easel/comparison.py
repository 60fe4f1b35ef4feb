"""Says how far two pictures are alike. It needs Pillow, which the rest does not."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from PIL import Image, ImageMath

from easel.picture_file import PictureFileError
from lambdas.common.answers import Verdict

# SSIM's window, its two constants for eight bits, and the side it is measured at.
_WINDOW = 8
_MEAN_FLOOR, _VARIANCE_FLOOR = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_SIDE = 256

# Modes that lose something as eight bits a channel.
_DEEP_MODES = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})

# What Pillow raises for files that are broken, or large beyond reason.
_UNDECODABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)


@dataclass(frozen=True)
class Comparison:
    """`distance` is `perceptual_distance` where the pictures are different, else 0."""

    verdict: Verdict
    distance: float


def compare(first: bytes, second: bytes) -> Comparison:
    """Returns whether two pictures are the same file or pixels, and else how far they are apart.

    Pixels are compared as decoded, transparency included, colour profiles and orientation not.
    Raises PictureFileError for what Pillow cannot decode.
    """
    image, another = _decoded(first), _decoded(second)
    if first == second:
        return Comparison("identical_bytes", 0)
    if _pixels(image) == _pixels(another):
        return Comparison("identical_pixels", 0)
    return Comparison("different", perceptual_distance(image, another))


def perceptual_distance(first: Image.Image, second: Image.Image) -> float:
    """Returns structural dissimilarity, (1 - SSIM) / 2, of both scaled to 256x256: 0 to 1.

    0 is no difference at this size. Measured on the stand-in's posters of 1024x1024, JPEG of a
    quality from 30 up is less than 0.01 away from its source, another seed 0.05 to 0.24, another
    prompt 0.2 to 0.3; noise is 0.5 away from other noise, and only turned-over contrast gets near
    1. Small pictures show JPEG's traces more. Other shapes are compared stretched.
    Source: Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to
    Structural Similarity", 2004; here for each channel of RGB, with square windows side by side.
    """
    channels = zip(_scaled(first).split(), _scaled(second).split(), strict=True)
    similarity = fmean(each for a, b in channels for each in _similarities(a, b))
    return min(max((1 - similarity) / 2, 0), 1)


def _decoded(content: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(content))
        image.load()
    except _UNDECODABLE as error:
        raise PictureFileError(f"This is no picture that can be decoded: {error}.") from error
    return image


def _pixels(image: Image.Image) -> tuple[Any, ...]:
    """Returns what has to be equal: size and pixels, whichever way the file codes them."""
    if image.mode in _DEEP_MODES:
        return image.size, image.mode, image.tobytes()
    return image.size, "RGBA", image.convert("RGBA").tobytes()


def _scaled(image: Image.Image) -> Image.Image:
    """Returns a picture at the side that is measured, on white, as a page would show it."""
    seen = image.convert("RGBA")
    page = Image.new("RGBA", seen.size, "white")
    page.alpha_composite(seen)
    return page.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX)


def _similarities(first: Image.Image, second: Image.Image) -> Iterator[float]:
    """Yields the similarity of two channels, window by window."""
    a, b = first.convert("F"), second.convert("F")
    products = (ImageMath.lambda_eval(lambda of: of["x"] * of["y"], x=x, y=y)
                for x, y in ((a, a), (b, b), (a, b)))  # fmt: skip
    means = [image.reduce(_WINDOW).get_flattened_data() for image in (a, b, *products)]
    for a_mean, b_mean, aa_mean, bb_mean, ab_mean in zip(*means, strict=True):
        variances = aa_mean - a_mean**2 + bb_mean - b_mean**2
        covariance = ab_mean - a_mean * b_mean
        yield ((2 * a_mean * b_mean + _MEAN_FLOOR) * (2 * covariance + _VARIANCE_FLOOR)) / (
            (a_mean**2 + b_mean**2 + _MEAN_FLOOR) * (variances + _VARIANCE_FLOOR)
        )
