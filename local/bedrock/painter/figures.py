"""Silhouettes of what a prompt names, each drawn in units of its own height."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from local.bedrock.painter import animals
from local.bedrock.painter.pen import Pen, Point


@dataclass(frozen=True, slots=True)
class Figure:
    """How a figure is drawn and where it belongs.

    `height` is in units of the picture's shorter side, `breadth` in heights; `place` is "ground",
    "water" or "sky". `draw` takes the pen and whether the figure runs.
    """

    draw: Callable[[Pen, bool], None]
    height: float
    breadth: float
    place: str = "ground"


def _person(pen: Pen, running: bool) -> None:
    pen.limb([(-0.045, 0.48), (-0.06, 0.25), (-0.07, 0.02)], [0.12, 0.095, 0.07])
    pen.limb([(0.045, 0.48), (0.06, 0.25), (0.08, 0.02)], [0.12, 0.095, 0.07])
    pen.oval(-0.055, 0.018, 0.055, 0.02)
    pen.oval(0.1, 0.018, 0.055, 0.02)
    pen.blob([(-0.11, 0.44), (-0.125, 0.7), (-0.11, 0.8), (0.11, 0.8), (0.125, 0.7), (0.11, 0.44)])
    pen.limb([(-0.12, 0.76), (-0.17, 0.6), (-0.15, 0.45)], [0.075, 0.065, 0.05])
    pen.limb([(0.12, 0.76), (0.17, 0.6), (0.15, 0.45)], [0.075, 0.065, 0.05])
    pen.limb([(-0.09, 0.815), (0.09, 0.815)], [0.045, 0.045], "accent")
    pen.limb([(-0.06, 0.8), (-0.1, 0.66)], [0.05, 0.06], "accent")
    pen.limb([(0.0, 0.8), (0.0, 0.88)], [0.06, 0.06])
    pen.oval(0.0, 0.915, 0.07, 0.083)


def _runner(pen: Pen, running: bool) -> None:
    pen.limb([(-0.02, 0.5), (0.2, 0.42), (0.16, 0.19), (0.26, 0.15)], [0.13, 0.12, 0.08, 0.05])
    pen.limb([(-0.04, 0.5), (-0.1, 0.28), (-0.33, 0.2), (-0.38, 0.27)], [0.13, 0.11, 0.075, 0.045])
    pen.curve([(-0.03, 0.5), (0.02, 0.64), (0.08, 0.77)], [0.15, 0.15, 0.17], "accent")
    pen.limb([(0.08, 0.77), (0.22, 0.63), (0.34, 0.73)], [0.075, 0.065, 0.05])
    pen.limb([(0.04, 0.77), (-0.15, 0.68), (-0.11, 0.53)], [0.075, 0.065, 0.05])
    pen.shape([(0.03, 0.68), (0.11, 0.71), (0.13, 0.64), (0.05, 0.61)], "pale")
    pen.limb([(0.1, 0.8), (0.13, 0.87)], [0.06, 0.06])
    pen.oval(0.145, 0.91, 0.068, 0.08)


def _robot(pen: Pen, running: bool) -> None:
    for side in (-1, 1):
        pen.limb([(side * 0.1, 0.36), (side * 0.11, 0.06)], [0.09, 0.09])
        pen.box(side * 0.05, 0.0, side * 0.19, 0.06)
        pen.limb([(side * 0.22, 0.62), (side * 0.29, 0.46), (side * 0.25, 0.32)], [0.07] * 3)
        pen.disc(side * 0.25, 0.31, 0.05)
    pen.box(-0.2, 0.34, 0.2, 0.68)
    pen.box(-0.12, 0.44, 0.12, 0.6, "accent")
    pen.disc(0.0, 0.52, 0.05, "glow")
    pen.box(-0.04, 0.66, 0.04, 0.74)
    pen.box(-0.17, 0.71, 0.17, 0.92)
    pen.disc(-0.075, 0.815, 0.04, "glow")
    pen.disc(0.075, 0.815, 0.04, "glow")
    pen.limb([(0.0, 0.92), (0.0, 0.97)], [0.02, 0.02])
    pen.disc(0.0, 0.975, 0.025, "accent")


def _tree(pen: Pen, running: bool) -> None:
    pen.curve([(0.0, 0.0), (0.015, 0.2), (0.0, 0.45)], [0.12, 0.065, 0.05])
    pen.limb([(0.0, 0.3), (0.15, 0.46)], [0.04, 0.025])
    pen.limb([(0.0, 0.34), (-0.15, 0.5)], [0.04, 0.025])
    crowns = [(0, 0.72, 0.26), (-0.2, 0.6, 0.19), (0.21, 0.6, 0.19), (-0.11, 0.8, 0.17),
              (0.13, 0.82, 0.16), (-0.3, 0.52, 0.11), (0.31, 0.51, 0.11)]  # fmt: skip
    for x, y, r in crowns:
        pen.disc(x, y, r, "leaf")
    for x, y, r in crowns[:5]:
        pen.disc(x + 0.05, y + 0.05, r * 0.55, "leaf light")


def _pine(pen: Pen, running: bool) -> None:
    pen.box(-0.03, 0.0, 0.03, 0.2)
    for tier in range(6):
        foot, width = 0.1 + tier * 0.135, 0.27 - tier * 0.037
        pen.blob([(-width, foot), (0.0, foot + 0.035), (width, foot), (width * 0.35, foot + 0.12),
                  (0.0, foot + 0.25), (-width * 0.35, foot + 0.12)], "leaf")  # fmt: skip


def _palm(pen: Pen, running: bool) -> None:
    pen.curve([(-0.08, 0.0), (-0.04, 0.3), (0.03, 0.6), (0.06, 0.78)], [0.075, 0.05, 0.04, 0.035])
    for angle in (-2.85, -2.2, -1.2, -0.5, 0.1, 0.75, 1.5, 2.3, 3.0):
        dx, dy = float(np.cos(angle)), float(np.sin(angle))
        tip = (0.06 + dx * 0.36, 0.79 + dy * 0.15 - 0.06)
        mid = (0.06 + dx * 0.2, 0.81 + dy * 0.13 + 0.05)
        pen.curve([(0.06, 0.79), mid, tip], [0.025, 0.07, 0.008], "leaf")
    for x in (0.03, 0.09):
        pen.disc(x, 0.76, 0.026, "accent")


def _house(pen: Pen, running: bool) -> None:
    pen.box(0.28, 0.62, 0.38, 0.96)
    pen.box(-0.48, 0.0, 0.48, 0.5, "wall")
    pen.shape([(-0.58, 0.48), (-0.3, 0.9), (0.3, 0.9), (0.58, 0.48)], "accent")
    pen.box(-0.07, 0.0, 0.1, 0.32)
    for x in (-0.34, 0.23):
        pen.box(x, 0.17, x + 0.17, 0.37)
        pen.box(x + 0.015, 0.185, x + 0.155, 0.355, "glow")
        pen.box(x + 0.078, 0.18, x + 0.092, 0.36)
        pen.box(x, 0.263, x + 0.17, 0.277)


def _castle(pen: Pen, running: bool) -> None:
    for x, width, top, spire in (
        (-0.42, 0.18, 0.52, 0.72),
        (0.42, 0.18, 0.5, 0.7),
        (-0.16, 0.16, 0.66, 0.88),
        (0.14, 0.2, 0.74, 1.0),
    ):
        pen.box(x - width / 2, 0.0, x + width / 2, top)
        eave = width * 0.64
        pen.shape([(x - eave, top - 0.01), (x, spire), (x + eave, top - 0.01)], "accent")
        pen.box(x - 0.02, top - 0.16, x + 0.02, top - 0.08, "glow")
    pen.box(-0.5, 0.0, 0.5, 0.34)
    for x in np.linspace(-0.5, 0.44, 9):
        pen.box(float(x), 0.33, float(x) + 0.06, 0.39)
    pen.box(-0.08, 0.0, 0.08, 0.12, "glow")
    pen.oval(0.0, 0.12, 0.08, 0.07, "glow")


def _windmill(pen: Pen, running: bool) -> None:
    pen.shape([(-0.19, 0.0), (-0.11, 0.56), (0.11, 0.56), (0.19, 0.0)], "wall")
    pen.blob([(-0.14, 0.54), (-0.1, 0.64), (0.0, 0.69), (0.1, 0.64), (0.14, 0.54)], "accent")
    pen.box(-0.05, 0.0, 0.05, 0.14)
    pen.box(-0.035, 0.3, 0.035, 0.38, "glow")
    for quarter in range(4):
        angle = 0.42 + quarter * np.pi / 2
        dx, dy = float(np.cos(angle)), float(np.sin(angle))
        hub, tip = (0.0, 0.58), (dx * 0.4, 0.58 + dy * 0.4)
        pen.limb([hub, tip], [0.025, 0.018])
        side: list[Point] = [
            (dx * 0.1, 0.58 + dy * 0.1),
            tip,
            (tip[0] - dy * 0.09, tip[1] + dx * 0.09),
            (dx * 0.1 - dy * 0.09, 0.58 + dy * 0.1 + dx * 0.09),
        ]
        pen.shape(side, "wall dark")
    pen.disc(0.0, 0.58, 0.03)


def _lighthouse(pen: Pen, running: bool) -> None:
    def edge(y: float) -> float:
        return 0.135 - 0.065 * y / 0.76

    pen.blob([(-0.22, 0.0), (-0.17, 0.045), (0.0, 0.055), (0.17, 0.045), (0.22, 0.0)])
    for band in range(6):
        low, high = 0.04 + band * 0.12, 0.04 + (band + 1) * 0.12
        pen.shape(
            [(-edge(low), low), (-edge(high), high), (edge(high), high), (edge(low), low)],
            "accent" if band % 2 else "wall",
        )
        # The side that is turned away from the light.
        pen.shape([(edge(low) * 0.35, low), (edge(high) * 0.35, high), (edge(high), high),
                   (edge(low), low)], "accent dark" if band % 2 else "wall dark")  # fmt: skip
    pen.box(-0.115, 0.75, 0.115, 0.78)
    pen.box(-0.06, 0.78, 0.06, 0.88, "glow")
    for x in (-0.06, 0.0, 0.06):
        pen.limb([(x, 0.78), (x, 0.88)], [0.012, 0.012])
    pen.blob([(-0.085, 0.875), (-0.05, 0.935), (0.0, 0.965), (0.05, 0.935), (0.085, 0.875)])
    pen.limb([(0.0, 0.95), (0.0, 0.995)], [0.014, 0.006])
    for y in (0.2, 0.45):
        pen.box(-0.02, y, 0.02, y + 0.055)


def _boat(pen: Pen, running: bool) -> None:
    pen.limb([(0.0, 0.1), (0.0, 0.97)], [0.018, 0.012])
    pen.blob(
        [(0.03, 0.94), (0.12, 0.72), (0.3, 0.42), (0.44, 0.22), (0.2, 0.2), (0.03, 0.21)], "pale"
    )
    pen.shape([(-0.03, 0.88), (-0.12, 0.6), (-0.34, 0.21), (-0.03, 0.22)], "accent")
    pen.blob([(-0.47, 0.16), (-0.2, 0.13), (0.2, 0.13), (0.52, 0.18), (0.36, 0.02), (0.1, 0.0),
              (-0.3, 0.0)])  # fmt: skip
    pen.limb([(-0.42, 0.135), (0.44, 0.145)], [0.022, 0.022], "accent")


def _car(pen: Pen, running: bool) -> None:
    pen.blob(
        [(-0.62, 0.5), (-0.46, 0.93), (-0.3, 1.0), (0.12, 1.0), (0.3, 0.88), (0.62, 0.5)], "accent"
    )
    pen.blob([(-1.04, 0.22), (-1.06, 0.46), (-0.9, 0.58), (-0.5, 0.6), (0.5, 0.6), (0.92, 0.54),
              (1.07, 0.42), (1.06, 0.22), (0.0, 0.16)], "accent")  # fmt: skip
    pen.blob(
        [(-0.98, 0.2), (-1.0, 0.3), (0.0, 0.3), (1.0, 0.3), (1.0, 0.2), (0.0, 0.15)], "accent dark"
    )
    pen.shape([(-0.5, 0.6), (-0.37, 0.9), (-0.1, 0.92), (-0.1, 0.6)], "glass")
    pen.shape([(-0.03, 0.6), (-0.03, 0.92), (0.12, 0.91), (0.26, 0.8), (0.43, 0.6)], "glass")
    for x in (-0.6, 0.6):
        pen.disc(x, 0.21, 0.225)
        pen.disc(x, 0.21, 0.115, "pale")
        pen.disc(x, 0.21, 0.045)
    pen.oval(1.0, 0.42, 0.055, 0.06, "glow")
    pen.oval(-1.02, 0.42, 0.03, 0.06, "pale")


def _bicycle(pen: Pen, running: bool) -> None:
    for x in (-0.46, 0.46):
        pen.ring(x, 0.31, 0.31, 0.045)
        for angle in np.linspace(0, np.pi, 7)[:-1]:
            dx, dy = float(np.cos(angle)) * 0.28, float(np.sin(angle)) * 0.28
            pen.limb([(x - dx, 0.31 - dy), (x + dx, 0.31 + dy)], [0.01, 0.01])
    frame = 0.05
    crank, seat, head = (-0.06, 0.29), (-0.17, 0.72), (0.32, 0.76)
    for a, b in (((-0.46, 0.31), crank), (crank, seat), ((-0.46, 0.31), (-0.15, 0.66)),
                 (crank, (0.34, 0.68)), ((-0.15, 0.66), (0.33, 0.72))):  # fmt: skip
        pen.limb([a, b], [frame, frame], "accent")
    pen.limb([(0.46, 0.31), head, (0.3, 0.86)], [0.04, 0.05, 0.04], "accent")
    pen.curve([(0.22, 0.88), (0.34, 0.89), (0.42, 0.84), (0.4, 0.78)], [0.04] * 4)
    pen.limb([(-0.3, 0.75), (-0.08, 0.74)], [0.075, 0.05])
    pen.ring(*crank, 0.085, 0.03)
    pen.limb([(-0.06, 0.29), (0.0, 0.17), (0.06, 0.17)], [0.025, 0.025, 0.03])


def _balloon(pen: Pen, running: bool) -> None:
    pen.blob([(0.0, 1.0), (0.3, 0.9), (0.37, 0.66), (0.24, 0.4), (0.08, 0.24), (-0.08, 0.24),
              (-0.24, 0.4), (-0.37, 0.66), (-0.3, 0.9)], "accent")  # fmt: skip
    pen.blob([(0.0, 1.0), (0.19, 0.9), (0.235, 0.66), (0.15, 0.4), (0.05, 0.24), (-0.05, 0.24),
              (-0.15, 0.4), (-0.235, 0.66), (-0.19, 0.9)], "pale")  # fmt: skip
    pen.blob([(0.0, 1.0), (0.07, 0.9), (0.085, 0.66), (0.055, 0.4), (0.02, 0.24), (-0.02, 0.24),
              (-0.055, 0.4), (-0.085, 0.66), (-0.07, 0.9)], "accent")  # fmt: skip
    pen.limb([(-0.07, 0.25), (-0.05, 0.12)], [0.008, 0.008])
    pen.limb([(0.07, 0.25), (0.05, 0.12)], [0.008, 0.008])
    pen.box(-0.06, 0.02, 0.06, 0.13)
    pen.disc(0.0, 0.22, 0.025, "glow")


def _rocket(pen: Pen, running: bool) -> None:
    pen.blob([(-0.09, 0.24), (0.0, 0.0), (0.09, 0.24)], "glow")
    pen.shape([(-0.12, 0.45), (-0.26, 0.22), (-0.22, 0.16), (-0.06, 0.26)], "accent")
    pen.shape([(0.12, 0.45), (0.26, 0.22), (0.22, 0.16), (0.06, 0.26)], "accent")
    pen.blob([(0.0, 1.0), (0.12, 0.8), (0.15, 0.55), (0.1, 0.25), (-0.1, 0.25), (-0.15, 0.55),
              (-0.12, 0.8)], "wall")  # fmt: skip
    pen.blob([(0.0, 1.0), (0.085, 0.88), (0.1, 0.8), (-0.1, 0.8), (-0.085, 0.88)], "accent")
    pen.disc(0.0, 0.62, 0.065)
    pen.disc(0.0, 0.62, 0.045, "glass")
    pen.limb([(0.0, 0.42), (0.0, 0.2)], [0.035, 0.035], "accent")


def _pyramid(pen: Pen, running: bool) -> None:
    pen.shape([(-0.8, 0.0), (0.1, 1.0), (0.28, 0.0)], "sand light")
    pen.shape([(0.28, 0.0), (0.1, 1.0), (0.8, 0.0)], "sand dark")


def draw_finish(pen: Pen) -> None:
    """The arch over a race's finish line."""
    for x in (-0.62, 0.62):
        pen.box(x - 0.03, 0.0, x + 0.03, 0.95)
    pen.box(-0.65, 0.72, 0.65, 1.0, "accent")
    for row in range(2):
        for column in range(18):
            x = -0.63 + column * 0.07
            pen.box(x, 0.8 + row * 0.06, x + 0.07, 0.86 + row * 0.06,
                    "pale" if (row + column) % 2 else "ink")  # fmt: skip


FIGURES: dict[str, Figure] = {
    "cat": Figure(animals.draw_cat, 0.34, 1.1),
    "dog": Figure(animals.draw_dog, 0.32, 1.5),
    "fox": Figure(animals.draw_fox, 0.28, 1.9),
    "horse": Figure(animals.draw_horse, 0.40, 1.6),
    "deer": Figure(animals.draw_deer, 0.42, 1.2),
    "person": Figure(_person, 0.36, 0.5),
    "runner": Figure(_runner, 0.40, 0.9),
    "robot": Figure(_robot, 0.40, 0.7),
    "tree": Figure(_tree, 0.58, 0.9),
    "pine": Figure(_pine, 0.56, 0.62),
    "palm": Figure(_palm, 0.60, 0.9),
    "house": Figure(_house, 0.27, 1.3),
    "castle": Figure(_castle, 0.46, 1.2),
    "windmill": Figure(_windmill, 0.52, 0.9),
    "lighthouse": Figure(_lighthouse, 0.56, 0.8),
    "boat": Figure(_boat, 0.34, 1.15, "water"),
    "whale": Figure(animals.draw_whale, 0.24, 2.3, "water"),
    "car": Figure(_car, 0.17, 2.2),
    "bicycle": Figure(_bicycle, 0.27, 1.6),
    "balloon": Figure(_balloon, 0.38, 0.8, "sky"),
    "rocket": Figure(_rocket, 0.44, 0.6, "sky"),
    "eagle": Figure(animals.draw_eagle, 0.24, 1.5, "sky"),
    "fish": Figure(animals.draw_fish, 0.22, 1.9, "sky"),
    "pyramid": Figure(_pyramid, 0.42, 1.7),
}
# At full stretch an animal is longer than it stands.
RUNNING_BREADTH = {"cat": 2.2, "dog": 2.1, "fox": 2.3, "horse": 2.1, "deer": 2.0}
ANIMALS = frozenset({"cat", "dog", "fox", "horse", "deer", "whale", "eagle"})
