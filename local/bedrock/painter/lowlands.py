"""Scenes in the plain: forest, meadow, desert and canyon."""

import numpy as np

from local.bedrock.painter.canvas import (
    Canvas,
    Colours,
    Fill,
    Patch,
    fade,
    misty,
)
from local.bedrock.painter.noise import Field, fractal_field, fractal_line, smoothstep
from local.bedrock.painter.palette import Colour, colour, mix
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


def forest(canvas: Canvas) -> Stage:
    """Rows of trees in mist, with shafts of light between them."""
    horizon = 0.66 * canvas.tallness
    light = paint_sky(canvas, horizon)
    rng = canvas.brief.arrangement("trees")
    palette = canvas.palette
    broad = canvas.brief.light in ("autumn", "spring")
    leaf = palette.leaf * palette.light / 255
    count = 5
    for step in range(count):
        share = step / (count - 1)
        base = horizon - 0.04 + (canvas.tallness - 0.12 - horizon) * share
        swell = fractal_line(rng, canvas.across, 1.0, 2) * np.float32(0.05)
        height = (0.16 + 0.22 * share) * (0.8 if broad else 1)
        trees = (crowns if broad else conifers)(rng, canvas.across, height)
        # A clearing in the middle, so that the eye has somewhere to go.
        middle = np.float32(0.05 * np.sin(step * 2.1))
        clearing = smoothstep(np.abs(canvas.across - middle) / (0.30 + 0.1 * share))
        line = np.float32(base) + swell - trees * (1 - share * (1 - clearing) * 0.85)
        near = mix(leaf, palette.ink, 0.1 + 0.55 * share)
        if broad:
            near = mix(near, palette.accent * palette.light / 255, 0.22 * ((step + 1) % 2))
        canvas.layer(line, _foliage(canvas, near, 0.72 * (1 - share) ** 1.2, step))
        if step == 2:
            _shafts(canvas, light)
    ground = foreground(canvas, mix(leaf, palette.ink, 0.55), grass=0.05)
    _trunks(canvas, rng)
    return Stage(light, ground)


def meadow(canvas: Canvas) -> Stage:
    """Rolling hills and a field of flowers."""
    horizon = 0.55 * canvas.tallness
    light = paint_sky(canvas, horizon)
    rng = canvas.brief.arrangement("hills")
    palette = canvas.palette
    leaf = palette.leaf * palette.light / 255
    fresh = mix(leaf, palette.sun, 0.22)
    count = 4
    for step in range(count):
        share = step / (count - 1)
        base = horizon + (canvas.tallness - 0.33 - horizon) * share
        line = np.float32(base) + fractal_line(rng, canvas.across, 1.0, 2) * np.float32(0.07)
        edge = line
        if step < 3:
            grove = smoothstep(fractal_line(rng, canvas.across, 0.35, 2) * 2 - 0.2)
            edge = line - crowns(rng, canvas.across, 0.03 + 0.03 * share) * grove
            wood = mix(leaf, palette.ink, 0.3 + 0.2 * share)
            canvas.layer(edge, misty(canvas, wood, 0.6 * (1 - share), 0.2))
        near = mix(fresh, leaf, share)
        canvas.layer(line, _furrows(canvas, rng, palette.far(near, 0.55 * (1 - share))))
    ground = foreground(canvas, mix(leaf, palette.ink, 0.22), rise=0.19, grass=0.045)
    if "flowers" not in canvas.brief.absent:
        _flowers(canvas, rng)
    return Stage(light, ground)


def desert(canvas: Canvas) -> Stage:
    """Dunes with a lit and a shaded side."""
    horizon = 0.58 * canvas.tallness
    light = paint_sky(canvas, horizon)
    rng = canvas.brief.arrangement("dunes")
    palette = canvas.palette
    if "pyramid" not in canvas.brief.figures and canvas.brief.has("pyramid", 0.3):
        for x, size in ((-0.18, 0.17), (-0.02, 0.11)):
            pen = Pen(width=1.7, height=1.02, scale=size * canvas.unit, tones=_hazy(canvas, 0.45))
            pen.shape([(-0.8, 0.0), (0.1, 1.0), (0.28, 0.0)], "sand light")
            pen.shape([(0.28, 0.0), (0.1, 1.0), (0.8, 0.0)], "sand dark")
            put(canvas, pen, x * canvas.breadth, horizon + 0.03)
    sand, shadow = palette.lit("#eab66b"), mix(palette.lit("#a05c34"), palette.ink, 0.3)
    count = 5
    for step in range(count):
        share = step / (count - 1)
        base = horizon + 0.015 + (canvas.tallness - 0.14 - horizon) * share**1.2
        line, ridge = _dune_line(canvas, rng, base, 0.05 + 0.13 * share, 0.5 + 0.55 * share)
        lit = palette.far(mix(sand, palette.sun, 0.15), 0.6 * (1 - share))
        dark = palette.far(shadow, 0.55 * (1 - share))
        canvas.layer(line, _dune(canvas, rng, ridge, lit, dark, light), reduction=2)
    if stands_on_ground(canvas.brief):
        return Stage(light, foreground(canvas, mix(shadow, palette.ink, 0.15)))
    return Stage(light, line)


def canyon(canvas: Canvas) -> Stage:
    """Mesas of banded rock over a desert floor."""
    horizon = 0.64 * canvas.tallness
    light = paint_sky(canvas, horizon)
    rng = canvas.brief.arrangement("mesas")
    palette = canvas.palette
    rock = palette.lit("#c8613a")
    for step, (base, height, distance) in enumerate(
        ((0.0, 0.13, 0.66), (0.03, 0.25, 0.4), (0.09, 0.34, 0.12))
    ):
        butte = np.float32(rng.uniform(0.12, 0.4) * canvas.breadth * (-1) ** step)
        # Steep sides and flat tops: a wave pushed against two stops, twice for a talus step.
        wave = fractal_line(rng, canvas.across, 0.42 + 0.14 * step, 3) - 0.08 - 0.12 * step
        wave += np.exp(-(((canvas.across - butte) / np.float32(0.17)) ** 2)) * np.float32(0.55)
        plateau = smoothstep(wave * 6) * 0.62 + smoothstep(wave * 6 - 1.6) * 0.38
        rubble = fractal_line(rng, canvas.across, 0.05, 4, jagged=True) * 0.014
        talus = smoothstep(wave * 1.6 + 0.45) * 0.22
        line = np.float32(horizon + base) - (plateau * 0.78 + talus) * np.float32(height) + rubble
        canvas.layer(
            line, _strata(canvas, rng, palette.far(rock, distance), line, light), reduction=2
        )
    floor = np.float32(horizon + 0.07) + fractal_line(rng, canvas.across, 1.2, 3) * np.float32(0.02)
    sand = mix(rock, palette.lit("#f0b070"), 0.45)
    canvas.layer(floor, fade(palette.far(sand, 0.3), mix(rock, palette.ink, 0.55), 0.34))
    ground = foreground(canvas, mix(rock, palette.ink, 0.6), grass=0.035)
    return Stage(light, ground)


def _foliage(canvas: Canvas, near: Colour, distance: float, step: int) -> Fill:
    palette = canvas.palette
    rng = canvas.brief.arrangement(f"foliage {step}")
    top = palette.far(near, distance)
    lit = mix(top, palette.sun, 0.22)
    foot = mix(top, palette.haze, 0.2 + 0.55 * distance)

    def paint(patch: Patch) -> Colours:
        clumps = fractal_field(rng, patch.shape, (16, 22 * canvas.breadth), 3)[..., None]
        colours = top + (lit - top) * smoothstep((clumps - 0.45) * 2.2)
        sink = np.clip(patch.depth / np.float32(0.34), 0, 1)[..., None]
        faded: Colours = colours + (foot - colours) * sink
        return faded

    return paint


def _furrows(canvas: Canvas, rng: np.random.Generator, near: Colour) -> Fill:
    """Grassland: the crest in the sun, soft patches of light and shade below."""
    lit, dark = mix(near, canvas.palette.sun, 0.3), mix(near, canvas.palette.ink, 0.28)

    def paint(patch: Patch) -> Colours:
        soft = fractal_field(rng, patch.shape, (8, 5 * canvas.breadth), 3)
        share = np.clip(patch.depth / 0.22 + (soft - 0.5) * 0.8, 0, 1)[..., None]
        colours: Colours = lit + (dark - lit) * share
        return colours

    return paint


def _dune_line(
    canvas: Canvas, rng: np.random.Generator, base: float, height: float, wavelength: float
) -> tuple[Field, Field]:
    """A row of dunes, each with a long windward and a short leeward side, and its crests' x."""
    phase = canvas.across / np.float32(wavelength) + np.float32(rng.uniform(0, 1))
    phase += fractal_line(rng, canvas.across, 0.7, 2) * np.float32(0.16)
    slot = np.floor(phase)
    share = phase - slot
    crest = np.float32(0.64)
    profile = np.where(share < crest, share / crest, (1 - share) / (1 - crest))
    sizes = rng.uniform(0.5, 1.0, 64).astype(np.float32)
    profile = (profile**1.35) * sizes[slot.astype(np.int32) % 64]
    swell = fractal_line(rng, canvas.across, 1.3, 2) * np.float32(height * 0.35)
    line = np.float32(base) - profile * np.float32(height) + swell
    # Where the crest lies from each column, in units: negative on the windward side.
    return line, (share - crest) * np.float32(wavelength)


def _dune(
    canvas: Canvas,
    rng: np.random.Generator,
    ridge: Field,
    lit: Colour,
    dark: Colour,
    light: Luminary,
) -> Fill:
    bend = fractal_line(rng, np.linspace(0, 1, 512, dtype=np.float32), 0.16, 2)
    reach = float(ridge.max() - ridge.min())
    # The crest runs down towards the viewer in a bow that comes back.
    sway = float(rng.uniform(0.05, 0.16))
    windward_lit = light.x < 0

    def paint(patch: Patch) -> Colours:
        depth = np.maximum(patch.depth, 0)
        column = np.clip((patch.x + canvas.breadth / 2) * canvas.unit, 0, ridge.size - 1)
        away = ridge[column.astype(np.int32)]
        bow = bend[np.clip(depth * 900, 0, 511).astype(np.int32)] * 0.05
        edge = away + sway * np.sin(depth * 9) + bow - depth * 0.35
        lee = smoothstep(edge / (0.012 + depth * 0.25) + 0.5)
        lee = lee * smoothstep((reach * 0.36 - away) / 0.07 + depth * 2)
        share = 1 - lee if windward_lit else 0.25 + 0.75 * lee
        ripple = np.sin((patch.y * 1.2 + np.sin(patch.x * 7 + 1) * 0.025) * 230) * 0.035
        share = np.clip(share * (1 - depth * 1.3) + ripple + 0.02, 0, 1)[..., None]
        colours: Colours = dark + (lit - dark) * share
        return colours

    return paint


def _strata(
    canvas: Canvas, rng: np.random.Generator, rock: Colour, line: Field, light: Luminary
) -> Fill:
    bands = fractal_line(rng, np.linspace(0, 1, 512, dtype=np.float32), 0.035, 3)
    slope = np.gradient(line) * canvas.unit * (1 if light.x > 0 else -1)
    palette = canvas.palette
    bright, dark = mix(rock, palette.sun, 0.38), mix(rock, palette.ink, 0.45)

    def paint(patch: Patch) -> Colours:
        rough = fractal_field(rng, patch.shape, (7, 26 * canvas.breadth), 3)
        depth = np.maximum(patch.depth, 0)
        level = (patch.y / canvas.tallness + (rough - 0.5) * 0.012) * 511
        band = bands[np.clip(level, 0, 511).astype(np.int32)] * 0.22
        column = (patch.x + (rough - 0.5) * 0.07 + canvas.breadth / 2) * canvas.unit
        index = np.clip(column, 0, line.size - 1).astype(np.int32)
        facing = np.clip(slope[index] * 0.35, -0.4, 0.4)
        share = np.clip(0.55 + band + facing + (rough - 0.5) * 0.5 - depth * 0.9, 0, 1)[..., None]
        colours: Colours = dark + (bright - dark) * share
        return colours

    return paint


def _hazy(canvas: Canvas, distance: float) -> dict[str, Colour]:
    return {name: canvas.palette.far(t, distance) for name, t in tones(canvas.palette).items()}


def _shafts(canvas: Canvas, light: Luminary) -> None:
    if not light.shown:
        return
    x, y = canvas.grid(8)
    dx, dy = x - np.float32(light.x), y - np.float32(light.y)
    angle = np.arctan2(dx, dy + 0.45)
    beams = fractal_line(canvas.brief.arrangement("shafts"), angle, 0.22, 3)
    away = np.sqrt(dx * dx + dy * dy)
    # At their source the shafts would be finer than the reduced grid.
    amount = smoothstep(beams * 1.5 + 0.35) * np.exp(-away * 1.5) * smoothstep(away * 4 - 0.4)
    canvas.glow(amount * np.float32(0.25 if light.moon else 0.55), canvas.palette.sun)


def _trunks(canvas: Canvas, rng: np.random.Generator) -> None:
    """Great trunks that frame the view."""
    palette = canvas.palette
    for side in (-1, 1):
        x = side * (canvas.breadth / 2 - float(rng.uniform(0.03, 0.10)))
        height = canvas.tallness / 0.5
        ink = {"ink": palette.ink, "lit": mix(palette.ink, palette.sun, 0.22)}
        pen = Pen(width=0.7, height=height, scale=0.5 * canvas.unit, tones=ink)
        lean = -side * float(rng.uniform(0.02, 0.1))
        pen.curve(
            [(0, 0), (lean * 0.3, height * 0.3), (lean, height * 0.7), (lean * 1.2, height + 0.1)],
            [0.3, 0.19, 0.16, 0.14],
        )
        for at in (0.5, 0.68, 0.82):
            reach = -side * float(rng.uniform(0.16, 0.3))
            start = (lean * at, height * at)
            pen.curve(
                [start, (reach * 0.5, height * at + 0.05), (reach, height * at + 0.2)],
                [0.07, 0.04, 0.012],
            )
        put(canvas, pen, x, canvas.tallness)


def _flowers(canvas: Canvas, rng: np.random.Generator) -> None:
    palette = canvas.palette
    depth = 0.30
    light = 0.35 + 0.65 * palette.light / 255
    petals: list[Colour] = [
        palette.accent * light,
        *(colour(c) * light for c in ("#fff4e0", "#f9c846")),
    ]
    petals.append(mix(petals[0], petals[1], 0.45))
    lead = int(rng.integers(len(petals)))
    kinds = {f"petal {i}": tone for i, tone in enumerate(petals)}
    stem = mix(palette.leaf * palette.light / 255, palette.ink, 0.35)
    inks = {"ink": stem, "heart": mix(colour("#f2b632") * light, palette.ink, 0.15), **kinds}
    pen = Pen(width=canvas.breadth, height=depth, scale=canvas.unit, tones=inks)
    count = int(190 * canvas.breadth)
    for share in np.sort(rng.random(count)):
        x = float(rng.uniform(-0.5, 0.5)) * canvas.breadth
        # Far flowers first: smaller, and higher on the picture.
        near = float(share) ** 1.4
        y, size = 0.235 * (1 - near) - 0.02 * near, 0.0035 + 0.0115 * near
        kind = lead if rng.random() < 0.62 else int(rng.integers(len(petals)))
        sway = float(rng.uniform(-1, 1)) * size
        head = (x + sway, y + size * 2.6)
        pen.limb([(x, y - size), head], [size * 0.26, size * 0.2])
        if near < 0.25:
            pen.disc(*head, size, f"petal {kind}")
            continue
        turn = float(rng.uniform(0, 1))
        for petal in range(5):
            angle = (petal + turn) * 2 * np.pi / 5
            pen.oval(
                head[0] + float(np.cos(angle)) * size * 0.72,
                head[1] + float(np.sin(angle)) * size * 0.6,
                size * 0.62, size * 0.55, f"petal {kind}",
            )  # fmt: skip
        pen.disc(*head, size * 0.42, "heart")
    put(canvas, pen, 0.0, canvas.tallness)
