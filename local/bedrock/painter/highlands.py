"""Scenes under snow-capped peaks: mountains, lake and snow."""

import numpy as np

from local.bedrock.painter.canvas import (
    Canvas,
    Colours,
    Fill,
    Patch,
    misty,
)
from local.bedrock.painter.noise import Field, fractal_field, fractal_line, smoothstep
from local.bedrock.painter.palette import Colour, mix
from local.bedrock.painter.pen import Pen
from local.bedrock.painter.sky import Luminary, paint_sky
from local.bedrock.painter.stage import (
    Stage,
    conifers,
    crowns,
    foreground,
    put,
    stands_on_ground,
    tones,
)
from local.bedrock.painter.water import paint_water


def mountains(canvas: Canvas) -> Stage:
    """A snow-capped massif behind ridges that sink into mist."""
    horizon = 0.60 * canvas.tallness
    light = paint_sky(canvas, horizon)
    rng = canvas.brief.arrangement("ridges")
    palette = canvas.palette
    _massif(canvas, rng, horizon - 0.02, 0.30, light, distance=0.5)
    count = 3 + round(canvas.tallness)
    low = canvas.tallness - 0.10
    for step in range(count):
        share = (step + 1) / count
        base = horizon + (low - horizon) * share**1.15 - 0.02
        line = np.float32(base) + fractal_line(
            rng, canvas.across, 0.85 - 0.25 * share, 5, jagged=step < 2
        ) * np.float32(0.10 - 0.03 * share)
        if step >= count - 2:
            line -= conifers(rng, canvas.across, 0.035 + 0.055 * share)
        near = mix(palette.ink, palette.lit("#5b7f86"), 0.55 * (1 - share))
        canvas.layer(line, misty(canvas, near, 0.62 * (1 - share), 0.26))
    ground = foreground(
        canvas, mix(palette.ink, palette.leaf * palette.light / 255, 0.3), grass=0.03
    )
    return Stage(light, ground)


def lake(canvas: Canvas) -> Stage:
    """A massif and its mirror image in still water."""
    horizon = 0.56 * canvas.tallness
    light = paint_sky(canvas, horizon)
    rng = canvas.brief.arrangement("shores")
    palette = canvas.palette
    _massif(canvas, rng, horizon - 0.06, 0.28, light, distance=0.45)
    wooded = crowns if canvas.brief.light in ("autumn", "spring") else conifers
    for step, (distance, height) in enumerate(((0.45, 0.03), (0.22, 0.05), (0.05, 0.07))):
        swell = fractal_line(rng, canvas.across, 0.9, 3) * np.float32(0.04)
        # Each shore comes in from one side and leaves the middle of the lake open.
        side = canvas.across * np.float32((-1) ** step / canvas.breadth * 2)
        base = horizon - 0.045 * (2 - step) + smoothstep(side + 0.55) * 0.05 * (step + 0.4)
        line = np.float32(0) + base + swell - wooded(rng, canvas.across, height)
        near = mix(palette.leaf * palette.light / 255, palette.ink, 0.35 + 0.12 * step)
        canvas.layer(line, misty(canvas, near, distance, 0.16), until=horizon)
    paint_water(canvas, horizon, mix(palette.sky[1], palette.ink, 0.45), light, calm=0.86)
    _haze_band(canvas, horizon, 0.05, 0.5)
    ground = foreground(
        canvas, mix(palette.ink, palette.leaf * palette.light / 255, 0.35), grass=0.06
    )
    return Stage(light, ground, water=horizon)


def snow(canvas: Canvas) -> Stage:
    """White hills under pines, with a cabin's window for warmth."""
    horizon = 0.60 * canvas.tallness
    light = paint_sky(canvas, horizon)
    rng = canvas.brief.arrangement("drifts")
    palette = canvas.palette
    _massif(canvas, rng, horizon - 0.02, 0.26, light, distance=0.5, snowline=0.4)
    white = mix(palette.lit("#f6faff"), palette.sky[2], 0.18)
    shade = mix(palette.lit("#a9bfde"), palette.sky[1], 0.3)
    for step in range(4):
        share = step / 3
        base = horizon + 0.02 + (canvas.tallness - 0.2 - horizon) * share
        line = np.float32(base) + fractal_line(rng, canvas.across, 1.1, 2) * np.float32(0.06)
        if step < 3:
            clump = smoothstep(fractal_line(rng, canvas.across, 0.5, 2) * 1.6 + 0.5)
            pines = conifers(rng, canvas.across, 0.07 + 0.08 * share) * clump
            dark = mix(palette.ink, palette.leaf * palette.light / 255, 0.35)
            canvas.layer(line - pines, misty(canvas, dark, 0.5 * (1 - share), 0.2))
        canvas.layer(line, _drift(canvas, rng, line, palette.far(white, 0.3 * (1 - share)), shade))
    if not canvas.brief.figures and "house" not in canvas.brief.absent:
        x = float(rng.choice([-1, 1]) * rng.uniform(0.12, 0.3)) * canvas.breadth
        pen = Pen(width=1.4, height=1.0, scale=0.11 * canvas.unit, tones=tones(palette))
        _cabin(pen)
        put(canvas, pen, x, float(line[canvas.column(x)]) + 0.006)
    ground = foreground(canvas, white) if stands_on_ground(canvas.brief) else line
    return Stage(light, ground)


def _massif(
    canvas: Canvas,
    rng: np.random.Generator,
    base: float,
    height: float,
    light: Luminary,
    *,
    distance: float,
    snowline: float = 0.14,
) -> None:
    shape = fractal_line(rng, canvas.across, 0.36, 4, jagged=True)
    crags = fractal_line(rng, canvas.across, 0.034, 4, jagged=True)
    middle = np.float32(rng.uniform(0.05, 0.28) * canvas.breadth * (-1 if light.x > 0 else 1))
    summit = np.exp(-(((canvas.across - middle) / np.float32(0.26)) ** 2))
    line = np.float32(base) - np.float32(height) * (
        0.40 + 0.42 * shape + 0.62 * summit + 0.045 * crags * (0.6 + summit)
    )
    spine = line + np.float32(height * 0.045) * crags * (0.6 + summit)
    canvas.layer(line, _rock(canvas, rng, spine, light, distance, snowline), reduction=2)


def _rock(
    canvas: Canvas,
    rng: np.random.Generator,
    spine: Field,
    light: Luminary,
    distance: float,
    snowline: float,
) -> Fill:
    """Facets of lit and shaded rock, snow on top, haze at the foot."""
    palette = canvas.palette
    lit = palette.far(mix(palette.lit("#9c9ba4"), palette.sun, 0.22), distance)
    dark = palette.far(mix(palette.lit("#3f4a68"), palette.sky[0], 0.35), distance)
    white = palette.far(mix(palette.lit("#ffffff"), palette.sun, 0.4), distance * 0.25)
    blue = palette.far(mix(palette.lit("#9fb4dc"), palette.sky[1], 0.4), distance * 0.7)
    sunward = 1 if light.x > 0 else -1
    slope = np.gradient(spine) * sunward * canvas.unit
    reach = max(3, round(0.06 * canvas.unit))
    rise = np.tanh(-np.gradient(_averaged(spine, reach)) * canvas.unit * 1.5) * np.float32(0.8)

    def paint(patch: Patch) -> Colours:
        broad = fractal_field(rng, patch.shape, (5, 7 * canvas.breadth), 2) - 0.5
        rough = fractal_field(rng, patch.shape, (6, 13 * canvas.breadth), 4)
        depth = np.maximum(patch.depth, 0)
        # Gullies fan out from the summits: look for the crest uphill of each point.
        column = (patch.x + canvas.breadth / 2) * canvas.unit
        uphill = rise[np.clip(column, 0, spine.size - 1).astype(np.int32)]
        wander = uphill * np.minimum(depth, 0.3) + broad * (0.3 * depth)
        index = np.clip(column + wander * canvas.unit, 0, spine.size - 1).astype(np.int32)
        folds = np.abs(rough - 0.5)
        step = max(1, round(canvas.unit / 512))
        facing = folds[:, np.minimum(np.arange(folds.shape[1]) + step, folds.shape[1] - 1)] - folds
        bumps = facing * sunward * np.float32(46 / step) * np.float32(canvas.unit / 1024)
        relief = smoothstep(0.5 + slope[index] * 0.55 + bumps)[..., None]
        stone = dark + (lit - dark) * relief
        snowy = blue + (white - blue) * relief
        fall = snowline + (rough - 0.5) * 0.16 + broad * 0.1 - depth
        cap = smoothstep(fall / 0.02 + relief[..., 0] * 1.5)[..., None]
        colours = stone + (snowy - stone) * cap
        mist = np.clip(depth / 0.34, 0, 1)[..., None] ** 1.4 * np.float32(0.9)
        veiled: Colours = colours + (palette.haze - colours) * mist
        return veiled

    return paint


def _averaged(line: Field, reach: int) -> Field:
    """The line smoothed over a number of columns, its ends held level."""
    padded = np.pad(line, (reach, reach), mode="edge").cumsum(dtype=np.float64)
    smooth: Field = (padded[2 * reach :] - padded[: -2 * reach]) / (2 * reach)
    return smooth


def _drift(
    canvas: Canvas, rng: np.random.Generator, line: Field, white: Colour, shade: Colour
) -> Fill:
    tracks = fractal_line(rng, canvas.across, 0.5, 3)

    def paint(patch: Patch) -> Colours:
        soft = fractal_field(rng, patch.shape, (6, 5 * canvas.breadth), 3)
        share = np.clip(patch.depth / 0.2 + (soft - 0.5) * 0.7 + float(tracks[0]) * 0.05, 0, 1)
        colours: Colours = white + (shade - white) * share[..., None] * np.float32(0.8)
        return colours

    return paint


def _haze_band(canvas: Canvas, level: float, spread: float, strength: float) -> None:
    """A veil of mist that lies along a level."""
    x, y = canvas.grid(8)
    drift = 0.7 + 0.3 * fractal_line(canvas.brief.detail("haze"), x[0], 0.4, 2)
    veil = np.exp(-(((y - np.float32(level)) / np.float32(spread)) ** 2)) * drift[None, :]
    canvas.glow(veil * np.float32(strength), canvas.palette.haze)


def _cabin(pen: Pen) -> None:
    pen.box(-0.5, 0.0, 0.5, 0.42)
    pen.shape([(-0.66, 0.38), (0.0, 0.9), (0.66, 0.38)], "pale")
    pen.shape([(-0.5, 0.38), (0.0, 0.76), (0.5, 0.38)])
    pen.box(0.3, 0.6, 0.4, 0.95)
    pen.box(-0.36, 0.12, -0.12, 0.32, "glow")
    pen.box(0.14, 0.0, 0.34, 0.32, "accent")
