"""What is in the air before the scene: birds, fog, rain, falling snow, fireflies."""

import numpy as np
from PIL import Image, ImageDraw

from local.bedrock.painter.canvas import Canvas
from local.bedrock.painter.noise import fractal_field, smoothstep
from local.bedrock.painter.palette import colour, mix
from local.bedrock.painter.pen import Pen

_INDOORS = ("space", "underwater")


def paint_air(canvas: Canvas) -> None:
    """Adds what the brief asks for or the composition chances upon."""
    brief = canvas.brief
    if brief.scene in _INDOORS:
        return
    if brief.has("birds", 0.0 if canvas.palette.night else 0.62):
        _birds(canvas)
    if brief.has("fog"):
        _fog(canvas)
    if brief.has("rain", 0.55 if brief.light == "storm" else 0.0):
        _rain(canvas)
    if brief.has("snowfall", 0.75 if brief.scene == "snow" or brief.light == "winter" else 0.0):
        _snowfall(canvas)
    if brief.has("fireflies", 0.5 if brief.light == "night" and brief.scene == "forest" else 0.0):
        _fireflies(canvas)


def _birds(canvas: Canvas) -> None:
    """A loose flock; where it flies is the composition's, how each bird holds its wings is not."""
    place, rng = canvas.brief.arrangement("flock"), canvas.brief.detail("birds")
    flock = int(place.integers(5, 10))
    x = float(place.uniform(-0.25, 0.25)) * canvas.breadth
    y = float(place.uniform(0.14, 0.3)) * canvas.tallness
    ink = mix(canvas.palette.ink, canvas.palette.sky[1], 0.25)
    if canvas.palette.night:
        ink = mix(canvas.palette.sky[3], canvas.palette.sun, 0.4)
    pen = Pen(width=0.46, height=0.2, scale=canvas.unit, tones={"ink": ink})
    for _ in range(flock):
        bx, by = float(rng.uniform(-0.19, 0.19)), float(rng.uniform(0.03, 0.16))
        span = float(rng.uniform(0.011, 0.026))
        lift = float(rng.uniform(0.25, 0.6)) * span
        tilt = float(rng.uniform(-0.2, 0.2)) * span
        thick = span * 0.16
        for side in (-1, 1):
            pen.curve(
                [(bx, by), (bx + side * span * 0.5, by + lift + tilt * side * 0.5),
                 (bx + side * span, by + lift * 0.45 + tilt * side)],
                [thick, thick * 0.9, thick * 0.2],
            )  # fmt: skip
    patch = pen.picture()
    at = (canvas.column(x) - patch.width // 2, round(y * canvas.unit) - patch.height // 2)
    canvas.image.paste(patch, at, patch)


def _fog(canvas: Canvas) -> None:
    x, y = canvas.grid(8)
    rng = canvas.brief.detail("fog")
    cells = (canvas.tallness * 5, canvas.breadth * 2)
    drift = fractal_field(rng, (y.size, x.size), cells, 4)
    low = smoothstep((y / np.float32(canvas.tallness) - 0.3) * 1.8)
    canvas.glow(smoothstep((drift - 0.25) * 1.7) * low * np.float32(0.75), canvas.palette.haze)


def _rain(canvas: Canvas) -> None:
    rng = canvas.brief.detail("rain")
    mask = Image.new("L", (canvas.width, canvas.height))
    pen = ImageDraw.Draw(mask)
    slant = 0.16
    width = max(1, round(canvas.unit / 700))
    for x, y, near in rng.random((int(420 * canvas.breadth * canvas.tallness), 3)):
        px, py = (x * 1.2 - 0.1) * canvas.width, (y * 1.1 - 0.1) * canvas.height
        length = canvas.unit * (0.015 + 0.05 * near)
        pen.line((px, py, px - length * slant, py + length), fill=int(40 + 75 * near), width=width)
    canvas.image.paste((232, 240, 248), (0, 0), mask)


def _snowfall(canvas: Canvas) -> None:
    rng = canvas.brief.detail("snowfall")
    mask = Image.new("L", (canvas.width, canvas.height))
    pen = ImageDraw.Draw(mask)
    for x, y, near in rng.random((int(420 * canvas.breadth * canvas.tallness), 3)):
        px, py = x * canvas.width, y * canvas.height
        radius = canvas.unit * (0.0009 + 0.0034 * near**4)
        pen.ellipse(
            (px - radius, py - radius, px + radius, py + radius), fill=int(110 + 120 * near)
        )
    canvas.image.paste((255, 255, 255), (0, 0), mask)


def _fireflies(canvas: Canvas) -> None:
    rng = canvas.brief.detail("fireflies")
    x, y = canvas.grid(4)
    amount = np.zeros((y.size, x.size), np.float32)
    reach = max(2, round(0.02 * canvas.unit / 4))
    ramp = np.arange(-reach, reach + 1, dtype=np.float32) / np.float32(reach)
    spot = np.exp(-(ramp[:, None] ** 2 + ramp[None, :] ** 2) * 7)
    for u, v, size in rng.random((int(46 * canvas.breadth), 3)):
        row = int((0.45 + 0.48 * v) * (y.size - 1))
        column = int(u * (x.size - 1))
        top, left = max(row - reach, 0), max(column - reach, 0)
        part = amount[top : row + reach + 1, left : column + reach + 1]
        part += spot[: part.shape[0], : part.shape[1]] * np.float32(0.35 + 0.65 * size)
    canvas.glow(np.clip(amount, 0, 1), colour("#ffe48a"))
