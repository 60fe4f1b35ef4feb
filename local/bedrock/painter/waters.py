"""Scenes on the sea and under it."""

import numpy as np

from local.bedrock.painter.canvas import (
    Canvas,
    fade,
    misty,
    upscaled,
)
from local.bedrock.painter.figures import FIGURES
from local.bedrock.painter.noise import Field, fractal_line, smoothstep
from local.bedrock.painter.palette import Colour, colour, mix
from local.bedrock.painter.pen import Pen, Point
from local.bedrock.painter.sky import Luminary, paint_sky
from local.bedrock.painter.stage import (
    Stage,
    foreground,
    put,
    tones,
)
from local.bedrock.painter.water import paint_water


def sea(canvas: Canvas) -> Stage:
    """Open water with islands, and a headland for the lighthouse."""
    horizon = 0.60 * canvas.tallness
    light = paint_sky(canvas, horizon)
    rng = canvas.brief.arrangement("coast")
    palette = canvas.palette
    for distance in (0.72, 0.5):
        wave = fractal_line(rng, canvas.across, 0.6, 4) - (0.1 if distance > 0.6 else 0.3)
        line = np.float32(horizon) - np.clip(wave, -0.1, 1) * np.float32(0.13)
        canvas.layer(line, misty(canvas, palette.lit("#4a6a7c"), distance, 0.12), until=horizon)
    calm = float(rng.uniform(0.25, 0.55))
    paint_water(canvas, horizon, mix(palette.lit("#14507a"), palette.sky[0], 0.4), light, calm=calm)
    perches: dict[str, Point] = {}
    wanted = set(canvas.brief.figures)
    if "lighthouse" in wanted or (not wanted and canvas.brief.has("lighthouse", 0.5)):
        side = 1 if light.x < 0 else -1
        perch = _headland(canvas, rng, horizon, side)
        perches["lighthouse"] = perch
        _beam(canvas, perch, side)
        if not wanted:
            _ornament(canvas, "lighthouse", perch, 0.42)
    if not wanted and canvas.brief.has("boat", 0.7):
        _ornament(canvas, "boat", (light.x * 0.6, horizon + 0.09), 0.17)
    needs_ground = any(
        FIGURES[f].place == "ground" and f not in perches for f in canvas.brief.figures
    )
    beach = mix(palette.lit("#d8b88c"), palette.ink, 0.35)
    ground = foreground(canvas, beach) if needs_ground else np.full_like(canvas.across, horizon)
    return Stage(light, ground, water=horizon, perches=perches)


def underwater(canvas: Canvas) -> Stage:
    """Light from above, fish in between, corals on the ground."""
    rng = canvas.brief.arrangement("reef")
    palette = canvas.palette
    x, y = canvas.grid()
    top, deep = (
        mix(colour("#6fe3e1"), palette.sky[2], 0.3),
        mix(colour("#05284f"), palette.sky[0], 0.25),
    )
    if palette.night:
        top, deep = top * np.float32(0.45), deep * np.float32(0.6)
    share = smoothstep(y / np.float32(canvas.tallness) * 0.98)[..., None]
    water = np.zeros((y.size, x.size, 3), np.float32) + top + (deep - top) * share
    source = float(rng.uniform(-0.3, 0.3)) * canvas.breadth
    angle = np.arctan2(x - np.float32(source), y + np.float32(0.45))
    beams = smoothstep(fractal_line(canvas.brief.detail("beams"), angle, 0.13, 3) * 1.4 + 0.3)
    amount = beams * np.exp(-y * 1.7) * np.float32(0.55)
    water += (colour("#eaffff") - water) * amount[..., None]
    canvas.image = upscaled(water, (water.shape[1] * 4, water.shape[0] * 4)).crop(
        (0, 0, canvas.width, canvas.height)
    )
    murk = mix(deep, top, 0.35)
    for step in range(3):
        nearness = step / 2
        base = canvas.tallness - 0.34 + 0.08 * step
        line = np.float32(base) + fractal_line(rng, canvas.across, 0.55, 4) * np.float32(0.09)
        reef = mix(murk, mix(colour("#c9b98f"), deep, 0.45 if not palette.night else 0.8), nearness)
        canvas.layer(line, fade(mix(reef, top, 0.22), mix(reef, deep, 0.6), 0.24), reduction=8)
        if step == 0 and "fish" not in canvas.brief.absent:
            _shoal(canvas, rng, mix(deep, top, 0.2))
    _corals(canvas, rng, line)
    _bubbles(canvas, rng)
    return Stage(Luminary(source, 0.0, 0.1, True, True), line, water=canvas.tallness * 0.45)


def _headland(canvas: Canvas, rng: np.random.Generator, horizon: float, side: int) -> Point:
    """Paints rock that juts in from one side; returns where a lighthouse stands on it."""
    x = side * canvas.breadth * 0.27
    reach = canvas.across * side - abs(x)
    rise = smoothstep((reach + 0.22) / 0.34)
    rough = fractal_line(rng, canvas.across, 0.16, 5, jagged=True) * np.float32(0.03)
    plateau = 0.10 * smoothstep((reach + 0.14) / 0.16)
    shore = np.float32(horizon + 0.15)
    line = shore - rise * (0.07 + plateau) + rough * rise
    palette = canvas.palette
    rock = mix(palette.lit("#6a5a52"), palette.ink, 0.45)
    _cast(canvas, rise, float(shore))
    canvas.layer(
        line, fade(mix(rock, palette.sun, 0.3), palette.ink, 0.16), until=float(shore), reduction=2
    )
    column = canvas.column(x)
    return x, float(line[min(max(column, 0), canvas.width - 1)]) + 0.02


def _cast(canvas: Canvas, rise: Field, shore: float) -> None:
    """The headland's dark image in the water below it."""
    x, y = canvas.grid(4)
    columns = np.minimum(np.arange(x.size) * 4, canvas.width - 1)
    depth = y - np.float32(shore)
    below = np.exp(-np.where(depth > 0, depth / 0.07, np.minimum(-depth / 0.004, 50)))
    wobble = 1 + 0.25 * fractal_line(canvas.brief.detail("cast"), y[:, 0], 0.02, 2)[:, None]
    amount = below * smoothstep(rise[columns][None, :] * wobble)
    canvas.glow(amount.astype(np.float32) * np.float32(0.7), canvas.palette.ink)


def _beam(canvas: Canvas, perch: Point, side: int) -> None:
    """The lighthouse's beam, where the hour calls for one."""
    if canvas.brief.light not in ("dusk", "night", "neon", "storm", "dawn"):
        return
    x, y = canvas.grid(8)
    lamp = perch[1] - 0.56 * 0.8 * 0.83
    dx, dy = (x - np.float32(perch[0])) * -side, y - np.float32(lamp)
    spread = np.abs(dy + dx * 0.10) / np.maximum(dx * 0.12 + 0.006, 1e-3)
    beam = smoothstep(1.25 - spread) * (dx > 0) * np.exp(-np.maximum(dx, 0) * 1.5)
    bloom = np.exp(-((dx**2 + dy**2) / 0.003))
    canvas.glow(np.clip(beam * 0.55 + bloom * 0.8, 0, 1).astype(np.float32), colour("#fff1c2"))


def _ornament(canvas: Canvas, name: str, foot: Point, height: float) -> None:
    figure = FIGURES[name]
    pen = Pen(
        width=figure.breadth, height=1.02, scale=height * canvas.unit, tones=tones(canvas.palette)
    )
    figure.draw(pen, False)
    put(canvas, pen, *foot)


def _shoal(canvas: Canvas, rng: np.random.Generator, tone: Colour) -> None:
    palette = canvas.palette
    bright = mix(palette.accent, colour("#ffb347"), 0.4)
    for _ in range(4):
        x, y = float(rng.uniform(-0.4, 0.4)) * canvas.breadth, float(rng.uniform(0.25, 0.6))
        size, facing = float(rng.uniform(0.012, 0.026)), float(rng.choice([-1, 1]))
        ink = bright if size > 0.019 else tone
        pen = Pen(width=0.42, height=0.26, scale=canvas.unit, tones={"ink": ink})
        for _ in range(int(rng.integers(7, 15))):
            fx, fy = float(rng.normal(0, 0.08)), 0.13 + float(rng.normal(0, 0.04))
            pen.oval(fx, fy, size, size * 0.42)
            tail = fx - facing * size * 0.8
            pen.shape([(tail, fy), (tail - facing * size * 0.8, fy + size * 0.5),
                       (tail - facing * size * 0.8, fy - size * 0.5)])  # fmt: skip
        put(canvas, pen, x, y * canvas.tallness + 0.13)


def _corals(canvas: Canvas, rng: np.random.Generator, line: Field) -> None:
    codes = ("#ff6f61", "#f7a072", "#c74b8b", "#7b5ed6", "#f4d35e", "#3fc1a5")
    shade = 0.55 if canvas.palette.night else 0.92
    for _ in range(int(12 * canvas.breadth)):
        x = float(rng.uniform(-0.5, 0.5)) * canvas.breadth
        tone = mix(colour(str(rng.choice(codes))), colour("#0a3a5c"), 0.22) * np.float32(shade)
        pen = Pen(width=0.24, height=0.3, scale=canvas.unit, tones={"ink": tone})
        if rng.random() < 0.45:
            _kelp(pen, rng)
        else:
            _branch(pen, (0.0, 0.0), np.pi / 2, float(rng.uniform(0.05, 0.075)), 4, rng)
        foot = float(line[min(max(canvas.column(x), 0), canvas.width - 1)]) + 0.02
        put(canvas, pen, x, foot + float(rng.uniform(0, 0.07)))


def _kelp(pen: Pen, rng: np.random.Generator) -> None:
    for _ in range(4):
        x, sway = float(rng.uniform(-0.04, 0.04)), float(rng.uniform(-0.04, 0.04))
        tall = float(rng.uniform(0.1, 0.26))
        pen.curve(
            [(x, 0.0), (x + sway, tall * 0.35), (x - sway * 0.6, tall * 0.7), (x + sway, tall)],
            [0.010, 0.014, 0.012, 0.002],
        )


def _branch(
    pen: Pen, foot: Point, angle: float, length: float, forks: int, rng: np.random.Generator
) -> None:
    tip = (foot[0] + float(np.cos(angle)) * length, foot[1] + float(np.sin(angle)) * length)
    width = 0.004 + 0.0045 * forks
    pen.limb([foot, tip], [width, width * 0.75])
    if forks > 1:
        for turn in (-0.5, 0.45):
            bend = angle + turn + float(rng.uniform(-0.2, 0.2))
            _branch(pen, tip, bend, length * 0.74, forks - 1, rng)


def _bubbles(canvas: Canvas, rng: np.random.Generator) -> None:
    pen = Pen(width=0.16, height=0.7, scale=canvas.unit,
              tones={"ink": colour("#bff4f4"), "gleam": colour("#ffffff")})  # fmt: skip
    for _ in range(16):
        y = float(rng.uniform(0.02, 0.66))
        x, size = float(rng.normal(0, 0.02 + 0.02 * y)), float(rng.uniform(0.003, 0.010))
        pen.ring(x, y, size, 0.0018)
        pen.disc(x - size * 0.3, y + size * 0.35, size * 0.22, "gleam")
    put(canvas, pen, float(rng.uniform(-0.35, 0.35)) * canvas.breadth, canvas.tallness - 0.14)
