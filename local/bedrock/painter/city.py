"""The city: a skyline mirrored in its river, or seen from the street."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from local.bedrock.painter.canvas import (
    Canvas,
    misty,
)
from local.bedrock.painter.noise import Field
from local.bedrock.painter.palette import colour, mix, rgb
from local.bedrock.painter.sky import paint_sky
from local.bedrock.painter.stage import (
    Stage,
    foreground,
    stands_on_ground,
)
from local.bedrock.painter.water import paint_water

# Roofs' profiles across a building, -1 to 1, in about the building's width.
_ROOFS: dict[str, Callable[[Field], Field]] = {
    "flat": np.zeros_like,
    "step": lambda x: (np.abs(x) < 0.7) * 0.3 + (np.abs(x) < 0.4) * 0.35,
    "mast": lambda x: (np.abs(x) < 0.55) * 0.2 + (np.abs(x) < 0.045) * 0.9,
    "slant": lambda x: (x + 1) * 0.35,
    "spire": lambda x: np.clip(1 - np.abs(x) * 1.5, 0, 1) * 0.9 + (np.abs(x) < 0.03) * 0.4,
    "needle": lambda x: np.clip(1 - np.abs(x), 0, 1) ** 7 * 2.0 + (np.abs(x) < 0.5) * 0.2,
    "taper": lambda x: np.clip(1 - np.abs(x), 0, 1) ** 0.4 * 0.7 + (np.abs(x) < 0.04) * 0.8,
    "dome": lambda x: np.sqrt(np.clip(1 - x * x, 0, 1)) * 0.5,
}
_PLAIN_ROOFS = ("flat", "flat", "step", "mast", "slant", "spire", "dome")
_FUTURISTIC_ROOFS = ("needle", "dome", "slant", "mast", "taper", "taper")


def city(canvas: Canvas) -> Stage:
    """A skyline with lit windows, mirrored in a river or seen from the street."""
    on_ground = stands_on_ground(canvas.brief)
    horizon = canvas.tallness - 0.15 if on_ground else 0.70 * canvas.tallness
    light = paint_sky(canvas, horizon)
    rng = canvas.brief.arrangement("blocks")
    palette = canvas.palette
    reach = min(0.62, horizon - 0.12)
    for step, (distance, share) in enumerate(((0.72, 0.86), (0.42, 1.0), (0.08, 0.62))):
        line, blocks = _blocks(canvas, rng, horizon, reach * share, step)
        wall = mix(palette.ink, palette.lit("#5a6a8c"), 0.35)
        canvas.layer(line, misty(canvas, wall, distance, 0.5), until=horizon, reduction=8)
        if step:
            _windows(canvas, rng, blocks, horizon, distance)
    water = not on_ground
    if water:
        paint_water(canvas, horizon, mix(palette.ink, palette.sky[1], 0.4), light, calm=0.72)
        return Stage(light, np.full_like(canvas.across, horizon), water=horizon)
    ground = foreground(canvas, mix(palette.ink, palette.sky[1], 0.25), level=True)
    _road(canvas, ground)
    return Stage(light, ground, water=horizon)


def _blocks(
    canvas: Canvas, rng: np.random.Generator, base: float, reach: float, step: int
) -> tuple[Field, list[tuple[int, int, float]]]:
    """A row of buildings as a line, and their walls as (first column, last column, top)."""
    line = np.full_like(canvas.across, base - 0.03)
    walls: list[tuple[int, int, float]] = []
    spires = "spires" in canvas.brief.features
    x = -canvas.breadth / 2 - 0.05
    centre = float(rng.uniform(-0.25, 0.25)) * canvas.breadth
    while x < canvas.breadth / 2:
        width = float(rng.uniform(0.05, 0.115)) * (0.8 if step == 0 else 1)
        # Downtown is tallest; the outskirts fall away.
        tall = 0.30 + 0.7 * float(np.exp(-(((x - centre) / 0.34) ** 2)))
        height = reach * tall * float(rng.uniform(0.45, 1.0))
        first, last = max(canvas.column(x), 0), min(canvas.column(x + width), canvas.width)
        roof = str(rng.choice(_FUTURISTIC_ROOFS if spires else _PLAIN_ROOFS))
        if last > first:
            top = base - height
            share = np.linspace(-1, 1, last - first, dtype=np.float32)
            crown = _ROOFS[roof](share) * np.float32(min(width * 0.9, height * 0.4))
            line[first:last] = np.minimum(line[first:last], np.float32(top) - crown)
            walls.append((first, last, top))
        x += width + float(rng.choice([0.0, 0.004, 0.02]))
    return line, walls


def _windows(
    canvas: Canvas,
    rng: np.random.Generator,
    walls: list[tuple[int, int, float]],
    base: float,
    distance: float,
) -> None:
    palette = canvas.palette
    chance = 0.42 if palette.night else 0.26 if canvas.brief.light in ("dusk", "dawn") else 0.1
    pitch_x = max(3, round(0.0115 * canvas.unit * (1 - 0.4 * distance)))
    pitch_y = max(3, round(0.0165 * canvas.unit * (1 - 0.4 * distance)))
    pane = np.zeros((pitch_y, pitch_x), np.uint8)
    pane[: max(1, round(pitch_y * 0.52)), : max(1, round(pitch_x * 0.55))] = 1
    bottom = min(canvas.height, round(base * canvas.unit))
    warm = np.zeros((bottom, canvas.width), np.uint8)
    cool = np.zeros_like(warm)
    for first, last, top in walls:
        # A fixed number of draws keeps the arrangement the same at any size.
        lamps = rng.random((96, 24))
        tinted = rng.random() < (0.5 if canvas.brief.light == "neon" else 0.16)
        y = max(0, round((top + 0.014) * canvas.unit))
        rows, columns = (bottom - y) // pitch_y, (last - first - 2) // pitch_x
        if rows < 1 or columns < 1:
            continue
        lit = (np.resize(lamps, (rows, columns)) if rows > 96 or columns > 24
               else lamps[:rows, :columns]) < chance  # fmt: skip
        block = np.kron(lit.astype(np.uint8), pane)
        left = first + (last - first - columns * pitch_x + pitch_x // 2) // 2
        block = block[:, : canvas.width - left]
        target = cool if tinted else warm
        target[y : y + block.shape[0], left : left + block.shape[1]] = block
    strength = round(235 * (1 - 0.55 * distance))
    for mask, tone in ((warm, colour("#ffd98a")), (cool, palette.accent)):
        canvas.image.paste(rgb(tone), (0, 0), Image.fromarray(mask * np.uint8(strength)))


def _road(canvas: Canvas, ground: Field) -> None:
    """Kerb and lane markings along the foreground."""
    pen = ImageDraw.Draw(canvas.image)
    unit = canvas.unit
    top = float(ground[0])
    mark = rgb(mix(canvas.palette.ink, colour("#f6d98a"), 0.55))
    dash = 0.13
    y = top + 0.085
    for index in range(int(canvas.breadth / dash) + 2):
        x = (index - 0.5) * dash * unit
        slant = 0.012 * unit
        pen.polygon(
            [(x + slant, y * unit), (x + 0.07 * unit + slant, y * unit),
             (x + 0.07 * unit, (y + 0.008) * unit), (x, (y + 0.008) * unit)], fill=mark
        )  # fmt: skip
    kerb = rgb(mix(canvas.palette.ink, canvas.palette.sky[2], 0.55))
    pen.rectangle((0, (top - 0.002) * unit, canvas.width, (top + 0.004) * unit), fill=kerb)
