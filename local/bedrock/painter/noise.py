"""Fractal lines and fields, the raw material of ridges, clouds and water."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Single precision in fact; the type leaves it open, for numpy's stubs promote where numpy does not.
Field: TypeAlias = NDArray[np.floating[Any]]

_KNOTS = 257


def fractal_line(
    rng: np.random.Generator, at: Field, wavelength: float, octaves: int, *, jagged: bool = False
) -> Field:
    """A line over positions `at`, about -1 to 1; jagged lines have corners for crests."""
    total = np.zeros_like(at)
    amplitude = np.float32(0.62)
    for _ in range(octaves):
        knots = rng.uniform(-1, 1, _KNOTS).astype(np.float32)
        place = at / np.float32(wavelength) + np.float32(rng.uniform(0, _KNOTS))
        index = np.floor(place).astype(np.int32)
        share = place - index
        if not jagged:
            share = smoothstep(share)
        first, second = knots[index % _KNOTS], knots[(index + 1) % _KNOTS]
        total += amplitude * (first + (second - first) * share)
        wavelength /= 2.1
        amplitude *= np.float32(0.5)
    return total


def fractal_field(
    rng: np.random.Generator, shape: tuple[int, int], cells: tuple[float, float], octaves: int
) -> Field:
    """A field of values 0 to 1 whose largest features number `cells` (down, across)."""
    height, width = shape
    total = np.zeros(shape, np.float32)
    amplitude = np.float32(1)
    down, across = cells
    for _ in range(octaves):
        grid = rng.random((max(2, round(down) + 1), max(2, round(across) + 1)), np.float32)
        total += amplitude * stretched(grid, (height, width))
        down, across = down * 2, across * 2
        amplitude *= np.float32(0.52)
    low, high = float(total.min()), float(total.max())
    return (total - np.float32(low)) / np.float32(max(high - low, 1e-6))


def stretched(field: Field, shape: tuple[int, int]) -> Field:
    """The field resampled smoothly to another shape."""
    height, width = shape
    picture = Image.fromarray(field).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(picture)


def smoothstep(share: Field) -> Field:
    """Eases 0 to 1 with flat ends; clips what lies outside."""
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)
