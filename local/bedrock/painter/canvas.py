"""The canvas: full-size RGB that smooth parts are painted on from reduced resolution."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from local.bedrock.painter.brief import Brief
from local.bedrock.painter.noise import Field
from local.bedrock.painter.palette import Colour, Palette, mix

Colours: TypeAlias = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Patch:
    """Where a fill paints, at reduced resolution, all in units (the picture's shorter side).

    `x` runs from the middle, `y` from the top, and `depth` down from the layer's edge.
    """

    x: Field
    y: Field
    depth: Field

    @property
    def shape(self) -> tuple[int, int]:
        return self.depth.shape[0], self.depth.shape[1]


Fill: TypeAlias = Callable[[Patch], Colours]


class Canvas:
    """A picture in progress, with the brief and the palette that everything on it shares.

    Lengths are in units of the shorter side, so that arrangements survive any aspect ratio.
    """

    def __init__(self, brief: Brief, palette: Palette) -> None:
        self.brief = brief
        self.palette = palette
        self.width, self.height = brief.width, brief.height
        self.unit = float(min(brief.width, brief.height))
        self.image = Image.new("RGB", (self.width, self.height))

    @cached_property
    def across(self) -> Field:
        """Pixel columns' positions in units from the middle."""
        columns = np.arange(self.width, dtype=np.float32)
        return (columns + np.float32(0.5 - self.width / 2)) / np.float32(self.unit)

    @property
    def breadth(self) -> float:
        """Width in units."""
        return self.width / self.unit

    @property
    def tallness(self) -> float:
        """Height in units."""
        return self.height / self.unit

    def column(self, x: float) -> int:
        """The pixel column of a position in units from the middle."""
        return round(x * self.unit + self.width / 2)

    def layer(self, line: Field, fill: Fill, *, reduction: int = 4, until: float = 9.0) -> None:
        """Fills everything below a line (units from the top, one value per column)."""
        edge = line * np.float32(self.unit)
        top = max(0, int(edge.min()) - 1)
        bottom = min(self.height, int(until * self.unit))
        if top >= bottom:
            return
        paint = self._fill(edge, top, bottom, fill, reduction)
        mask = _coverage(edge, top, bottom)
        self.image.paste(paint, (0, top), Image.fromarray(mask))

    def _fill(self, edge: Field, top: int, bottom: int, fill: Fill, reduction: int) -> Image.Image:
        rows, columns = -(-(bottom - top) // reduction), -(-self.width // reduction)
        step = np.float32(reduction / self.unit)
        y = (np.arange(rows, dtype=np.float32) + np.float32(0.5)) * step
        y = (y + np.float32(top / self.unit))[:, None]
        nearest = np.minimum(np.arange(columns) * reduction + reduction // 2, self.width - 1)
        depth = y - edge[nearest] / np.float32(self.unit)
        return upscaled(
            fill(Patch(self.across[nearest][None, :], y, depth)),
            (columns * reduction, rows * reduction),
        ).crop((0, 0, self.width, bottom - top))

    def glow(self, amount: Field, light: Colour) -> None:
        """Adds light, by a reduced field of amounts 0 to 1 over the whole canvas."""
        mask = to_bytes(amount * np.float32(255))
        size = (self.width, self.height)
        self.image.paste(
            tuple(int(c) for c in np.clip(light, 0, 255)),
            (0, 0),
            Image.fromarray(mask).resize(size, Image.Resampling.BILINEAR),
        )

    def grid(self, reduction: int = 4) -> tuple[Field, Field]:
        """Reduced positions over the whole canvas: x from the middle, y from the top, in units."""
        rows, columns = -(-self.height // reduction), -(-self.width // reduction)
        step = np.float32(reduction / self.unit)
        x = (np.arange(columns, dtype=np.float32) + np.float32(0.5)) * step
        y = (np.arange(rows, dtype=np.float32) + np.float32(0.5)) * step
        return (x - np.float32(self.breadth / 2))[None, :], y[:, None]


def to_bytes(values: Colours) -> NDArray[np.uint8]:
    """Channel values rounded and clipped to bytes."""
    channels: NDArray[np.uint8] = np.clip(values + np.float32(0.5), 0, 255).astype(np.uint8)
    return channels


def upscaled(values: Colours, size: tuple[int, int]) -> Image.Image:
    """A reduced picture at full size."""
    return Image.fromarray(to_bytes(values)).resize(size, Image.Resampling.BILINEAR)


def fade(top: Colour, bottom: Colour, reach: float) -> Fill:
    """A fill that turns from one colour into another over a depth."""

    def paint(patch: Patch) -> Colours:
        share = np.clip(patch.depth / np.float32(reach), 0, 1)[..., None]
        colours: Colours = top + (bottom - top) * share
        return colours

    return paint


def misty(canvas: Canvas, near: Colour, distance: float, reach: float) -> Fill:
    """The fill of a ridge that stands in mist: haze by distance, and more of it at the foot."""
    top = canvas.palette.far(near, distance)
    return fade(top, mix(top, canvas.palette.haze, 0.25 + 0.5 * distance), reach)


def _coverage(edge: Field, top: int, bottom: int) -> NDArray[np.uint8]:
    """How much of each pixel lies below the edge, 0 to 255, along the edge's normal."""
    # Dividing by the slope's length keeps steep edges as smooth as level ones.
    slope = np.gradient(edge) if edge.size > 1 else np.zeros_like(edge)
    scale = 255 / np.sqrt(1 + np.minimum(np.abs(slope), 8) ** 2)
    rows = np.arange(top, bottom, dtype=np.float32) + np.float32(0.5)
    solid_from = min(bottom, max(top, int(edge.max()) + 10))
    mask = np.full((bottom - top, edge.size), 255, np.uint8)
    blend = rows[: solid_from - top, None] * scale - (edge * scale - np.float32(127.5))
    mask[: solid_from - top] = np.clip(blend, 0, 255).astype(np.uint8)
    return mask
