"""Space: a ringed planet over the ground of its moon."""

import numpy as np
from PIL import Image

from local.bedrock.painter.canvas import (
    Canvas,
    Colours,
    Patch,
    fade,
    to_bytes,
    upscaled,
)
from local.bedrock.painter.noise import Field, fractal_field, fractal_line, smoothstep
from local.bedrock.painter.palette import Colour, colour, mix
from local.bedrock.painter.pen import Pen, Point
from local.bedrock.painter.sky import Luminary, scatter_stars
from local.bedrock.painter.stage import (
    Stage,
    put,
)


def space(canvas: Canvas) -> Stage:
    """A planet over the horizon of its moon, before a nebula."""
    rng = canvas.brief.arrangement("space")
    x, y = canvas.grid(8)
    palette = canvas.palette
    void = mix(palette.sky[0] * np.float32(0.3), colour("#05060f"), 0.4)
    cloud = fractal_field(rng, (y.size, x.size), (canvas.tallness * 3, canvas.breadth * 3), 5)
    warp = fractal_field(rng, (y.size, x.size), (canvas.tallness * 2, canvas.breadth * 2), 4)
    hues = rng.permutation(["#3a5bd9", "#9a3fc4", "#e0508c", "#28b0b8", "#f08a4a"])
    nebula = np.zeros((y.size, x.size, 3), np.float32) + void
    tilt = np.float32(rng.uniform(-0.6, 0.6))
    lane = np.exp(-(((y - canvas.tallness * 0.42 + x * tilt + (warp - 0.5) * 0.5) / 0.34) ** 2))
    for code, density in zip(hues[:3], (cloud, warp, cloud * warp * 1.5), strict=True):
        amount = smoothstep((density - 0.38) / 0.5) * lane * np.float32(0.75)
        nebula += (colour(str(code)) - nebula) * amount[..., None]
    canvas.image = upscaled(nebula, (nebula.shape[1] * 8, nebula.shape[0] * 8)).crop(
        (0, 0, canvas.width, canvas.height)
    )
    scatter_stars(canvas, canvas.tallness * 1.04)
    side = float(rng.choice([-1, 1]))
    if canvas.brief.figures:
        side = 1.0
    light = Luminary(side * -0.5, -0.2, 0.1, True, True)
    if "planet" not in canvas.brief.absent:
        radius = float(rng.uniform(0.2, 0.27))
        # The planet stays whole where the picture is narrow.
        place = side * min(canvas.breadth * 0.2, canvas.breadth / 2 - 0.1)
        hue = colour(str(hues[3]))
        _planet(canvas, rng, (place, canvas.tallness * 0.38), radius, hue, ringed=True)
        _planet(
            canvas, rng, (-place * 1.3, canvas.tallness * 0.2), 0.06, palette.accent, ringed=False
        )
    return Stage(light, _lunar_ground(canvas, rng))


def _planet(
    canvas: Canvas,
    rng: np.random.Generator,
    centre: Point,
    radius: float,
    hue: Colour,
    *,
    ringed: bool,
) -> None:
    reach = radius * (2.15 if ringed else 1.12)
    size = max(8, round(2 * reach * canvas.unit))
    side = max(8, size // (2 if size > 200 else 1))
    grid = np.linspace(-reach, reach, side, dtype=np.float32) / np.float32(radius)
    x, y = grid[None, :], grid[:, None]
    away = np.sqrt(x * x + y * y)
    bulge = np.sqrt(np.clip(1 - away * away, 0, 1))
    soft = np.float32(radius * canvas.unit * side / size)
    body = np.clip((1 - away) * soft + 0.5, 0, 1)
    rough = fractal_field(rng, (side, side), (9, 5), 4)
    tilt = float(rng.uniform(0.15, 0.4))
    scale = fractal_line(rng, np.linspace(-4, 4, 2048, dtype=np.float32), 0.28, 3)
    latitude = (y + x * tilt + (rough - 0.5) * 0.22 + 4) * 256
    bands = scale[np.clip(latitude, 0, 2047).astype(np.int32)]
    sunward = 1 if centre[0] < 0 else -1
    lit = np.clip(x * 0.62 * sunward - y * 0.5 + bulge * 0.62, 0, 1)
    warm, cold = mix(hue, colour("#fff2dc"), 0.55), mix(hue, colour("#0a0a24"), 0.35)
    share = np.clip(0.5 + bands * 0.6 + (rough - 0.5) * 0.4, 0, 1)
    face = (cold + (warm - cold) * share[..., None]) * (0.05 + 0.98 * lit[..., None] ** 0.8)
    rim = np.exp(-((1 - away) / 0.07).clip(0, 9)) * lit
    face += (colour("#d8f0ff") - face) * (rim * np.float32(0.5))[..., None]
    alpha = body + (1 - body) * np.exp(-((away - 1) / 0.05).clip(0, 9)) * lit.max() * 0.18
    if ringed:
        face, alpha = _with_ring(face, alpha, x, y, away, warm, tilt)
    layer = Image.merge(
        "RGBA", [Image.fromarray(to_bytes(c)) for c in (*np.moveaxis(face, 2, 0), alpha * 255)]
    ).resize((size, size), Image.Resampling.BICUBIC)
    at = (canvas.column(centre[0]) - size // 2, round(centre[1] * canvas.unit) - size // 2)
    canvas.image.paste(layer, at, layer)


def _with_ring(
    face: Colours, alpha: Field, x: Field, y: Field, away: Field, tone: Colour, tilt: float
) -> tuple[Colours, Field]:
    turned_x, turned_y = x - y * tilt, y + x * tilt
    across = np.sqrt(turned_x**2 + (turned_y / 0.24) ** 2)
    place = (across - 1.32) / 0.66
    gap = 1 - 0.8 * np.exp(-(((place - 0.62) / 0.06) ** 2))
    ring = smoothstep(np.minimum(place, 1 - place) * 9) * gap * (0.72 + 0.2 * np.sin(across * 46))
    ring = ring * ((away > 1) | (turned_y > 0))
    ring = ring * np.float32(0.78)
    face = face + (tone - face) * ring[..., None]
    return face, np.clip(np.maximum(alpha, ring), 0, 1)


def _lunar_ground(canvas: Canvas, rng: np.random.Generator) -> Field:
    palette = canvas.palette
    stone = mix(colour("#8f88a8"), palette.haze, 0.3)
    far = np.float32(canvas.tallness - 0.2) + fractal_line(rng, canvas.across, 0.5, 5) * np.float32(
        0.07
    )
    canvas.layer(far, fade(mix(stone, palette.ink, 0.35), mix(stone, palette.ink, 0.75), 0.15))
    ground = np.float32(canvas.tallness - 0.13) + fractal_line(
        rng, canvas.across, 1.4, 4
    ) * np.float32(0.05)

    def regolith(patch: Patch) -> Colours:
        rough = fractal_field(rng, patch.shape, (10, 14 * canvas.breadth), 4)
        share = np.clip(0.75 - patch.depth / 0.26 + (rough - 0.5) * 0.5, 0, 1)[..., None]
        dark = mix(stone, palette.ink, 0.85)
        colours: Colours = dark + (stone - dark) * share
        return colours

    canvas.layer(ground, regolith)
    inks = {"ink": mix(stone, palette.ink, 0.7), "lip": mix(stone, colour("#ffffff"), 0.2)}
    pen = Pen(width=canvas.breadth, height=0.14, scale=canvas.unit, tones=inks)
    for _ in range(int(9 * canvas.breadth)):
        x, y = float(rng.uniform(-0.5, 0.5)) * canvas.breadth, float(rng.uniform(0.01, 0.08))
        size = float(rng.uniform(0.008, 0.03))
        pen.oval(x, y, size, size * 0.28, "lip")
        pen.oval(x, y + size * 0.06, size * 0.93, size * 0.22)
    put(canvas, pen, 0.0, canvas.tallness)
    return ground
