"""The style presets, and what is done to the painted picture for each of them."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from PIL import Image

from local.bedrock.painter import crafts, looks
from local.bedrock.painter.canvas import Canvas
from local.bedrock.painter.effects import toned

Style: TypeAlias = Callable[[Image.Image, np.random.Generator], Image.Image]

STYLES: dict[str, Style] = {
    "3d-model": crafts.model_3d,
    "analog-film": looks.analog_film,
    "anime": looks.anime,
    "cinematic": looks.cinematic,
    "comic-book": crafts.comic_book,
    "digital-art": looks.digital_art,
    "enhance": looks.enhance,
    "fantasy-art": looks.fantasy_art,
    "isometric": crafts.isometric,
    "line-art": crafts.line_art,
    "low-poly": crafts.low_poly,
    "modeling-compound": crafts.modeling_compound,
    "neon-punk": looks.neon_punk,
    "origami": crafts.origami,
    "photographic": looks.photographic,
    "pixel-art": crafts.pixel_art,
    "tile-texture": crafts.tile_texture,
}
_TINTS = (
    ("#1f2f4f", "#7c8fb8", "#f4ecd8"),
    ("#3a1f33", "#b8788a", "#fff0dc"),
    ("#17332f", "#6fa08a", "#f6f2d4"),
    ("#33260f", "#b89a5c", "#fff6dc"),
)


def finish(canvas: Canvas) -> Image.Image:
    """The canvas's picture in the brief's style; a style that is not a preset gets its own tint."""
    brief = canvas.brief
    if brief.preset is None:
        return canvas.image
    picture = STYLES[brief.preset](canvas.image, brief.detail("style"))
    if brief.variant is not None:
        tint = _TINTS[int(brief.detail("tint").integers(len(_TINTS)))]
        picture = toned(picture, tint, 0.16)
    return picture
