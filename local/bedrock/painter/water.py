"""Water: a rippled mirror of what stands above it."""

import numpy as np
from PIL import Image

from local.bedrock.painter.canvas import Canvas, to_bytes
from local.bedrock.painter.noise import Field, fractal_field, smoothstep
from local.bedrock.painter.palette import Colour, mix
from local.bedrock.painter.sky import Luminary

_REDUCTION = 2


def paint_water(
    canvas: Canvas, surface: float, tint: Colour, light: Luminary, *, calm: float
) -> None:
    """Mirrors everything above the surface (units from the top) below it.

    `calm` runs from 0, a swell that breaks up the mirror, to 1, a still lake.
    """
    top = round(surface * canvas.unit)
    rows, columns = (canvas.height - top) // _REDUCTION, canvas.width // _REDUCTION
    if rows < 2:
        return
    mirror = _mirror(canvas, top, rows, columns)
    rng = canvas.brief.detail("ripples")
    depth = (np.arange(rows, dtype=np.float32) / np.float32(rows))[:, None]
    swell = _swell(rng, canvas, rows, columns)
    reach = columns * np.float32(0.004 + 0.02 * (1 - calm))
    sideways = np.rint((swell - 0.5) * 2 * reach * (0.15 + depth)).astype(np.int32)
    upward = np.rint((swell - 0.5) * np.float32(rows * 0.10 * (1.1 - calm)) * depth)
    row = np.clip(np.arange(rows)[:, None] + upward.astype(np.int32), 0, rows - 1)
    column = np.clip(np.arange(columns)[None, :] + sideways, 0, columns - 1)
    water = mirror[row, column].astype(np.float32)

    palette = canvas.palette
    share = np.float32(0.16 + 0.34 * (1 - calm)) + np.float32(0.34) * depth
    water += (tint - water) * share[..., None]
    crest = smoothstep((swell - np.float32(0.60)) / 0.16) * np.float32(0.26 * (1.15 - calm))
    water += (mix(palette.sky[3], palette.sun, 0.3) - water) * crest[..., None]
    if light.shown:
        water += (palette.sun - water) * _glitter(canvas, swell, depth, light)[..., None]
    size = (canvas.width, canvas.height - top)
    picture = Image.fromarray(to_bytes(water)).resize(size, Image.Resampling.BILINEAR)
    canvas.image.paste(picture, (0, top))


def _mirror(canvas: Canvas, top: int, rows: int, columns: int) -> Field:
    """What the water would show if it were a mirror, reduced; squeezed where water is taller."""
    sky = canvas.image.crop((0, max(0, top - rows * _REDUCTION), canvas.width, top))
    flipped = sky.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return np.asarray(flipped.resize((columns, rows), Image.Resampling.BILINEAR))


def _swell(rng: np.random.Generator, canvas: Canvas, rows: int, columns: int) -> Field:
    """Ripples in perspective: fine at the horizon, broad at the front; 0 to 1."""
    texture = fractal_field(rng, (512, 512), (40, 14), 3)
    share = (np.arange(rows, dtype=np.float32) + 1) / np.float32(rows)
    distance = 1 / (share * np.float32(0.9) + np.float32(0.1))
    row = (np.log(distance) * 150).astype(np.int32) % 512
    spread = np.linspace(-1, 1, columns, dtype=np.float32)[None, :] * canvas.breadth
    column = (spread * (40 + 50 * distance[:, None]) + 256).astype(np.int32) % 512
    swell: Field = texture[row[:, None], column]
    return swell


def _glitter(canvas: Canvas, swell: Field, depth: Field, light: Luminary) -> Field:
    """The path of light below the sun or the moon."""
    x = np.linspace(-0.5, 0.5, swell.shape[1], dtype=np.float32)[None, :] * canvas.breadth
    width = np.float32(light.radius) * (0.75 + 1.5 * depth)
    path = np.exp(-(((x - np.float32(light.x)) / width) ** 2))
    sparkle = smoothstep((swell - 0.44) / 0.14)
    amount: Field = path * sparkle * np.float32(0.55 if light.moon else 0.8) * (1 - 0.55 * depth)
    return amount
