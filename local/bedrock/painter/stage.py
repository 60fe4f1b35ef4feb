"""What a scene leaves for figures to stand on, and the shapes that several scenes share."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageFilter

from local.bedrock.painter.brief import Brief
from local.bedrock.painter.canvas import Canvas, fade
from local.bedrock.painter.figures import ANIMALS, FIGURES, RUNNING_BREADTH, draw_finish
from local.bedrock.painter.noise import Field, fractal_line
from local.bedrock.painter.palette import Colour, Palette, colour, mix, rgb
from local.bedrock.painter.pen import Pen, Point
from local.bedrock.painter.sky import Luminary


@dataclass(frozen=True, slots=True)
class Stage:
    """A painted scene: its light, the ground's line and the water's level, in units from the top.

    `perches` holds the feet of figures that the scene has a place of its own for.
    """

    light: Luminary
    ground: Field
    water: float | None = None
    perches: Mapping[str, Point] = field(default_factory=dict)


def tones(palette: Palette) -> dict[str, Colour]:
    """The colours that figures are drawn in."""
    # Half in the picture's light: an accent that night swallowed whole would be no accent.
    light = 0.45 + 0.55 * palette.light / 255
    accent = palette.accent * light
    wall = colour("#f4ead8") * light
    return {
        "ink": palette.ink,
        "accent": accent,
        "accent dark": mix(accent, palette.ink, 0.4),
        "wall": wall,
        "wall dark": mix(wall, palette.ink, 0.35),
        "pale": colour("#fbf3e2") * light,
        "glow": colour("#ffe39a"),
        "glass": mix(palette.sky[2], colour("#ffffff"), 0.25),
        "leaf": mix(palette.leaf * palette.light / 255, palette.ink, 0.45),
        "leaf light": mix(palette.leaf * palette.light / 255, palette.ink, 0.15),
        "sand light": mix(colour("#e2b36f") * palette.light / 255, palette.sun, 0.2),
        "sand dark": mix(colour("#a8703f") * palette.light / 255, palette.ink, 0.25),
    }


def stands_on_ground(brief: Brief) -> bool:
    """Whether a figure of the brief needs ground to stand on."""
    return any(FIGURES[figure].place == "ground" for figure in brief.figures)


def foreground(
    canvas: Canvas, near: Colour, *, rise: float = 0.0, grass: float = 0.0, level: bool = False
) -> Field:
    """Paints the nearest ground, higher where figures need it, and returns its line."""
    rng = canvas.brief.arrangement("foreground")
    height = max(0.165 if stands_on_ground(canvas.brief) else 0.08, rise)
    line = np.float32(canvas.tallness - height) + (
        fractal_line(rng, canvas.across, 1.5, 2) * np.float32(0.0 if level else 0.035)
    )
    edge = line - blades(canvas, grass) if grass else line
    lit = mix(near, canvas.palette.sun, 0.16)
    canvas.layer(edge, fade(lit, mix(near, canvas.palette.ink, 0.72), 0.17), reduction=8)
    return line


def blades(canvas: Canvas, height: float) -> Field:
    """A fringe of grass, as heights above a line."""
    rng = canvas.brief.arrangement("grass")
    tufts = 0.55 + 0.45 * fractal_line(rng, canvas.across, 0.16, 2)
    fringe = np.abs(fractal_line(rng, canvas.across, 0.011, 2, jagged=True))
    heights: Field = fringe * tufts * np.float32(height)
    return heights


def conifers(rng: np.random.Generator, across: Field, height: float) -> Field:
    """The heights of a dense stand of conifers along a line."""
    spacing = height * 0.34
    slot = np.floor(across / np.float32(spacing)).astype(np.int32)
    heights = rng.uniform(0.35, 1.0, 1024).astype(np.float32)
    offsets = rng.uniform(0.1, 0.9, 1024).astype(np.float32)
    total = np.zeros_like(across)
    for neighbour in (-1, 0, 1):
        which = (slot + neighbour) % 1024
        middle = (slot + neighbour + offsets[which]) * np.float32(spacing)
        tall = heights[which] * np.float32(height)
        share = 1 - np.abs(across - middle) / (tall * np.float32(0.26))
        # A sawtooth turns the cone into tiers of branches.
        tiers = share * 6
        share = share + (0.5 - (tiers - np.floor(tiers))) * np.float32(0.11)
        total = np.maximum(total, np.clip(share, 0, 1) * tall)
    return total


def crowns(rng: np.random.Generator, across: Field, height: float) -> Field:
    """The heights of broad-leaved trees along a line."""
    spacing = height * 0.62
    slot = np.floor(across / np.float32(spacing)).astype(np.int32)
    heights = rng.uniform(0.55, 1.0, 1024).astype(np.float32)
    offsets = rng.uniform(0.2, 0.8, 1024).astype(np.float32)
    total = np.zeros_like(across)
    for neighbour in (-1, 0, 1):
        which = (slot + neighbour) % 1024
        middle = (slot + neighbour + offsets[which]) * np.float32(spacing)
        away = (across - middle) / np.float32(spacing * 0.72)
        dome = np.sqrt(np.clip(1 - away * away, 0, 1))
        total = np.maximum(total, dome * heights[which] * np.float32(height))
    bumps = fractal_line(rng, across, height * 0.14, 2) * np.float32(height * 0.06)
    return total + bumps


def put(canvas: Canvas, pen: Pen, x: float, foot: float) -> None:
    """Pastes a drawn patch, the middle of its bottom edge at a place in units."""
    patch = pen.picture()
    left = canvas.column(x) - patch.width // 2
    canvas.image.paste(patch, (left, round(foot * canvas.unit) - patch.height), patch)


def place_figures(canvas: Canvas, stage: Stage) -> None:
    """Puts the brief's figures on the stage, the first of them largest."""
    brief = canvas.brief
    rng = brief.arrangement("figures")
    running = "running" in brief.features and "running" not in brief.absent
    if brief.has("finish") and stands_on_ground(brief):
        _place_finish(canvas, stage)
    spots = _spots(rng, len(brief.figures), canvas.breadth)
    for name, x in zip(brief.figures, spots, strict=True):
        _place(canvas, stage, name, x, running)
    if "people" in brief.features and "people" not in brief.absent and "person" in brief.figures:
        for x in rng.uniform(0.08, 0.42, 2):
            _place(canvas, stage, "person", float(x) * canvas.breadth, running, size=0.85)


def _spots(rng: np.random.Generator, count: int, breadth: float) -> list[float]:
    """Where figures stand, by thirds; the sun keeps the side that the first one leaves."""
    thirds = {0: (), 1: (-0.12,), 2: (-0.2, 0.22), 3: (-0.27, 0.03, 0.3)}[count]
    return [(third + float(rng.uniform(-0.04, 0.04))) * breadth for third in thirds]


def _place_finish(canvas: Canvas, stage: Stage) -> None:
    x = min(canvas.breadth * 0.27, canvas.breadth / 2 - 0.27)
    scale = 0.39 * canvas.unit
    pen = Pen(width=1.36, height=1.02, scale=scale, tones=tones(canvas.palette))
    draw_finish(pen)
    put(canvas, pen, x, _footing(canvas, stage, x))


def _footing(canvas: Canvas, stage: Stage, x: float) -> float:
    column = min(max(canvas.column(x), 0), canvas.width - 1)
    return float(stage.ground[column]) + 0.012


def _place(
    canvas: Canvas, stage: Stage, name: str, x: float, running: bool, size: float = 1.0
) -> None:
    figure = FIGURES[name]
    breadth = RUNNING_BREADTH.get(name, figure.breadth) if running else figure.breadth
    height = figure.height * size
    if len(canvas.brief.figures) > 2:
        height *= 0.85
    height = min(height, canvas.breadth * 0.8 / breadth)
    if name in stage.perches:
        x, foot = stage.perches[name]
        height *= 0.8
    elif figure.place == "sky":
        foot = canvas.tallness * 0.34 + height / 2
    elif figure.place == "water" and stage.water is not None:
        foot = stage.water + 0.1 * (canvas.tallness - stage.water) + 0.06
    else:
        foot = _footing(canvas, stage, x)
    if figure.place != "sky":
        edge = max(0.0, (canvas.breadth - breadth * height) / 2)
        x = min(max(x, -edge), edge)
    inks = _figure_tones(canvas, name)
    pen = Pen(width=breadth + 0.08, height=1.04, scale=height * canvas.unit, tones=inks)
    figure.draw(pen, running)
    patch = pen.picture()
    at = (canvas.column(x) - patch.width // 2, round(foot * canvas.unit) - patch.height)
    _halo(canvas, patch, at)
    _rim(patch, canvas.palette, from_left=stage.light.x < x)
    canvas.image.paste(patch, at, patch)


def _figure_tones(canvas: Canvas, name: str) -> dict[str, Colour]:
    """The colours of one figure: a coat that the prompt names covers an animal whole."""
    inks = tones(canvas.palette)
    code = dict(canvas.brief.coats).get(name)
    if code is not None:
        coat = colour(code) * (0.4 + 0.6 * canvas.palette.light / 255)
        inks["accent"], inks["accent dark"] = coat, mix(coat, canvas.palette.ink, 0.4)
        if name in ANIMALS:
            inks["ink"] = mix(coat, canvas.palette.ink, 0.12)
    return inks


def _halo(canvas: Canvas, patch: Image.Image, at: tuple[int, int]) -> None:
    """Brightens the air behind a silhouette so that it reads against any ground."""
    spread = max(2, patch.height // 7)
    size = (patch.width + 4 * spread, patch.height + 2 * spread)
    halo = Image.new("L", size)
    halo.paste(patch.getchannel("A"), (2 * spread, 2 * spread))
    small = halo.resize((max(1, size[0] // 8), max(1, size[1] // 8)), Image.Resampling.BOX)
    small = small.filter(ImageFilter.GaussianBlur(spread / 8))
    strength = 0.5 if canvas.palette.night else 0.3
    mask = small.point([int(level * strength) for level in range(256)])
    glow = rgb(mix(canvas.palette.sky[3], canvas.palette.sun, 0.5))
    canvas.image.paste(
        glow,
        (at[0] - 2 * spread, at[1] - 2 * spread),
        mask.resize(size, Image.Resampling.BICUBIC),
    )


def _rim(patch: Image.Image, palette: Palette, *, from_left: bool) -> None:
    """Lights the edge of a silhouette that faces the sun."""
    alpha = np.asarray(patch.getchannel("A")).astype(np.int16)
    step = max(1, round(patch.height / 130))
    shifted = np.zeros_like(alpha)
    if from_left:
        shifted[step:, step:] = alpha[:-step, :-step]
    else:
        shifted[step:, :-step] = alpha[:-step, step:]
    rim = np.clip(alpha - shifted, 0, 255).astype(np.uint8)
    mask = Image.fromarray(rim).point([level * 3 // 5 for level in range(256)])
    lit = Image.new("RGB", patch.size, rgb(palette.sun))
    colours = patch.convert("RGB")
    colours.paste(lit, (0, 0), mask)
    colours.putalpha(patch.getchannel("A"))
    patch.paste(colours)
