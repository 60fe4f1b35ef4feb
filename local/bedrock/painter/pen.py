"""A pen for vector shapes: draws supersampled on a transparent patch, in the shape's own units."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from local.bedrock.painter.palette import Colour, rgb

Point: TypeAlias = tuple[float, float]

_SUPERSAMPLING = 3
_CURVE_STEPS = 8


class Pen:
    """Draws in a frame whose origin is the middle of its bottom edge, y pointing up.

    One unit is `scale` pixels; tones name the colours that shapes ask for.
    """

    def __init__(
        self, *, width: float, height: float, scale: float, tones: Mapping[str, Colour]
    ) -> None:
        self._sharpness = _SUPERSAMPLING if width * height * scale * scale < 160_000 else 2
        self._size = (max(1, round(width * scale)), max(1, round(height * scale)))
        self._scale = scale * self._sharpness
        self._tones = {name: (*rgb(tone), 255) for name, tone in tones.items()}
        # Edge pixels average with the empty ground, so that ground carries the main tone.
        empty = (*rgb(tones["ink"]), 0)
        full = (self._size[0] * self._sharpness, self._size[1] * self._sharpness)
        self._image = Image.new("RGBA", full, empty)
        self._draw = ImageDraw.Draw(self._image)

    def picture(self) -> Image.Image:
        """What has been drawn, at final size, RGBA."""
        return self._image.reduce(self._sharpness)

    def shape(self, points: Sequence[Point], tone: str = "ink") -> None:
        """A polygon."""
        self._draw.polygon([self._at(p) for p in points], fill=self._tones[tone])

    def blob(self, points: Sequence[Point], tone: str = "ink") -> None:
        """A smooth closed curve through the points."""
        self.shape(_closed_curve(points), tone)

    def oval(self, x: float, y: float, rx: float, ry: float, tone: str = "ink") -> None:
        """An ellipse about its centre."""
        left, top = self._at((x - rx, y + ry))
        right, bottom = self._at((x + rx, y - ry))
        self._draw.ellipse((left, top, right, bottom), fill=self._tones[tone])

    def disc(self, x: float, y: float, radius: float, tone: str = "ink") -> None:
        """A circle about its centre."""
        self.oval(x, y, radius, radius, tone)

    def ring(self, x: float, y: float, radius: float, width: float, tone: str = "ink") -> None:
        """A circle's outline, its width inwards."""
        left, top = self._at((x - radius, y + radius))
        right, bottom = self._at((x + radius, y - radius))
        stroke = max(1, round(width * self._scale))
        self._draw.ellipse((left, top, right, bottom), outline=self._tones[tone], width=stroke)

    def box(self, x0: float, y0: float, x1: float, y1: float, tone: str = "ink") -> None:
        """A rectangle between two corners."""
        left, bottom = self._at((min(x0, x1), min(y0, y1)))
        right, top = self._at((max(x0, x1), max(y0, y1)))
        self._draw.rectangle((left, top, right, bottom), fill=self._tones[tone])

    def limb(self, points: Sequence[Point], widths: Sequence[float], tone: str = "ink") -> None:
        """A tapered stroke with round joints; one width per point."""
        for (a, wa), (b, wb) in pairwise(zip(points, widths, strict=True)):
            along = np.array((b[0] - a[0], b[1] - a[1]))
            length = float(np.hypot(*along)) or 1.0
            nx, ny = -along[1] / length / 2, along[0] / length / 2
            self.shape(
                [
                    (a[0] + nx * wa, a[1] + ny * wa),
                    (b[0] + nx * wb, b[1] + ny * wb),
                    (b[0] - nx * wb, b[1] - ny * wb),
                    (a[0] - nx * wa, a[1] - ny * wa),
                ],
                tone,
            )
        for (x, y), width in zip(points, widths, strict=True):
            self.disc(x, y, width / 2, tone)

    def curve(self, points: Sequence[Point], widths: Sequence[float], tone: str = "ink") -> None:
        """A tapered stroke that bends smoothly through the points."""
        at = np.linspace(0, len(points) - 1, (len(points) - 1) * _CURVE_STEPS + 1)
        smooth = [_spline(points, float(t)) for t in at]
        self.limb(smooth, [float(w) for w in np.interp(at, range(len(widths)), widths)], tone)

    def _at(self, point: Point) -> Point:
        width, height = self._image.size
        return width / 2 + point[0] * self._scale, height - point[1] * self._scale


def _closed_curve(points: Sequence[Point]) -> list[Point]:
    count = len(points)
    ring = [points[i % count] for i in range(-1, count + 2)]
    at = np.linspace(1, count + 1, count * _CURVE_STEPS, endpoint=False)
    return [_spline(ring, float(t)) for t in at]


def _spline(points: Sequence[Point], at: float) -> Point:
    """The Catmull-Rom curve through the points, at a fractional index."""
    last = len(points) - 1
    index = min(int(at), last - 1)
    t = at - index
    p0, p1 = points[max(index - 1, 0)], points[index]
    p2, p3 = points[index + 1], points[min(index + 2, last)]

    def axis(k: int) -> float:
        a, b, c, d = p0[k], p1[k], p2[k], p3[k]
        return 0.5 * (
            2 * b
            + (c - a) * t
            + (2 * a - 5 * b + 4 * c - d) * t * t
            + (3 * b - a - 3 * c + d) * t**3
        )

    return axis(0), axis(1)
