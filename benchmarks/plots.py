"""Line plots as SVG, small enough to be read in a diff."""

import math
from collections.abc import Mapping, Sequence

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 320, 56, 150, 34, 44
_COLOURS = ("#0969da", "#bc4c00", "#57606a", "#1a7f37")

Points = Sequence[tuple[float, float]]


def plot(title: str, x_name: str, lines: Mapping[str, Points], *, y_most: float, unit: str) -> str:
    """Returns an SVG. The x axis is logarithmic, the y axis goes from 0 to `y_most`."""
    xs = sorted({x for points in lines.values() for x, _ in points})
    low, high = math.log10(xs[0]), math.log10(xs[-1])

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - low) / (high - low)
        return (
            round(_LEFT + across * (_WIDTH - _LEFT - _RIGHT), 1),
            round(_HEIGHT - _BOTTOM - min(y, y_most) / y_most * (_HEIGHT - _TOP - _BOTTOM), 1),
        )

    parts = [_text(_LEFT, 20, title, weight="bold")]
    for step in range(5):
        y = y_most * step / 4
        (left, height), (right, _) = place(xs[0], y), place(xs[-1], y)
        parts.append(f'<path d="M{left} {height}H{right}" stroke="#d0d7de"/>')
        parts.append(_text(left - 6, height + 4, f"{y:g}{unit}", anchor="end"))
    for power in range(math.ceil(low), math.floor(high) + 1):
        x, bottom = place(10.0**power, 0)
        parts.append(_text(x, bottom + 18, f"{10.0**power:,g}", anchor="middle"))
    parts.append(_text(_LEFT, _HEIGHT - 6, x_name))
    for (name, points), colour in zip(lines.items(), _COLOURS, strict=False):
        path = " ".join(f"{x},{y}" for x, y in (place(*point) for point in points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        place_in_legend = _TOP + 18 * (list(lines).index(name) + 1)
        parts.append(_text(_WIDTH - _RIGHT + 14, place_in_legend, name, colour=colour))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="sans-serif" font-size="12">\n'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    weight: str = "normal",
    colour: str = "#1f2328",
) -> str:
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-weight="{weight}" fill="{colour}">'
        f"{text}</text>"
    )
