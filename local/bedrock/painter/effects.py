"""What several styles share: tone curves, gradient maps, bloom, outlines, grain, vignettes."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from local.bedrock.painter.noise import Field
from local.bedrock.painter.palette import colour


def curve(image: Image.Image, points: Sequence[tuple[int, int]]) -> Image.Image:
    """The picture with its channels sent through a tone curve of (in, out) points."""
    at, to = zip(*points, strict=True)
    table = [round(float(v)) for v in np.interp(range(256), at, to)]
    return image.point(table * 3)


def gradient_map(image: Image.Image, codes: Sequence[str]) -> Image.Image:
    """The picture in the colours of a scale, from shadows to highlights."""
    stops = np.array([colour(code) for code in codes])
    at = np.linspace(0, 255, len(codes))
    grey = image.convert("L")
    channels = []
    for channel in range(3):
        table = np.interp(range(256), at, stops[:, channel])
        channels.append(grey.point([round(float(v)) for v in table]))
    return Image.merge("RGB", channels)


def toned(image: Image.Image, codes: Sequence[str], amount: float) -> Image.Image:
    """The picture blended with its gradient map."""
    return Image.blend(image, gradient_map(image, codes), amount)


def saturated(image: Image.Image, factor: float) -> Image.Image:
    """The picture with its colours away from (over 1) or towards (under 1) grey."""
    grey = image.convert("L").convert("RGB")
    return Image.blend(grey, image, factor)


def softened(image: Image.Image, reduction: int, radius: float) -> Image.Image:
    """A blur done small, where it is cheap; the radius is in reduced pixels."""
    small = image.reduce(reduction).filter(ImageFilter.GaussianBlur(radius))
    return small.resize(image.size, Image.Resampling.BILINEAR)


def bloom(image: Image.Image, amount: float, *, threshold: int = 110) -> Image.Image:
    """Light that spills from what is bright."""
    lights = curve(image, ((0, 0), (threshold, 0), (255, round(255 * amount))))
    return ImageChops.screen(image, softened(lights, 8, max(1.0, min(image.size) / 220)))


def outlines(image: Image.Image, gain: float, *, floor: int = 8) -> Image.Image:
    """Edges as a mask, stronger where the step in brightness is larger."""
    reach = max(1, round(min(image.size) / 700))
    steps = np.zeros((image.height, image.width), np.int16)
    # Red beside purple can be equally bright, so red is traced as well as brightness.
    planes = (image,) if image.mode == "L" else (image.convert("L"), image.getchannel("R"))
    for plane in planes:
        grey = np.asarray(plane.filter(ImageFilter.BoxBlur(1))).astype(np.int16)
        found = np.zeros_like(steps)
        found[reach:-reach] += np.abs(grey[2 * reach :] - grey[: -2 * reach])
        found[:, reach:-reach] += np.abs(grey[:, 2 * reach :] - grey[:, : -2 * reach])
        np.maximum(steps, found, out=steps)
    strength = (steps - floor).astype(np.float32) * np.float32(gain)
    return Image.fromarray(np.clip(strength, 0, 255).astype(np.uint8))


def posterised(image: Image.Image, levels: int) -> Image.Image:
    """The picture with a number of tones per channel."""
    step = 255 / (levels - 1)
    return image.point([round(round(v / step) * step) for v in range(256)] * 3)


def grained(image: Image.Image, rng: np.random.Generator, strength: int) -> Image.Image:
    """Film grain: three levels in clumps of pixels, which a PNG can still compress."""
    clump = max(1, round(min(image.size) / 512))
    shape = (-(-image.height // clump), -(-image.width // clump))
    levels = np.array([128 - strength, *[128] * 4, 128 + strength], np.uint8)
    grain = Image.fromarray(levels[rng.integers(0, levels.size, shape, dtype=np.uint8)])
    grain = grain.resize((shape[1] * clump, shape[0] * clump), Image.Resampling.NEAREST)
    grain = grain.crop((0, 0, *image.size))
    return ImageChops.overlay(image, Image.merge("RGB", (grain, grain, grain)))


def positions(image: Image.Image, reduction: int) -> tuple[Field, Field]:
    """Reduced positions over a picture, -1 to 1 along each side."""
    across = np.linspace(-1, 1, max(2, image.width // reduction), dtype=np.float32)
    down = np.linspace(-1, 1, max(2, image.height // reduction), dtype=np.float32)
    return across[None, :], down[:, None]


def mask_of(image: Image.Image, amounts: Field) -> Image.Image:
    """Reduced amounts, 0 to 1, as a mask of the picture's size."""
    mask = Image.fromarray(np.clip(amounts * 255, 0, 255).astype(np.uint8))
    return mask.resize(image.size, Image.Resampling.BILINEAR)


def vignette(image: Image.Image, amount: float, code: str = "#000000") -> Image.Image:
    """The picture with its corners fading into a colour."""
    x, y = positions(image, 8)
    away = np.clip((x * x + y * y) / 2, 0, 1) ** np.float32(1.4)
    return painted(image, code, mask_of(image, away * np.float32(amount)))


def painted(image: Image.Image, code: str, mask: Image.Image) -> Image.Image:
    """A copy with a colour laid over it through a mask."""
    result = image.copy()
    result.paste(code, (0, 0), mask)
    return result


def halved(image: Image.Image) -> Image.Image:
    """The picture with half the tones: unseen where it is busy, and the PNG is a fifth smaller."""
    return image.point([v & 0xFE for v in range(256)] * 3)
