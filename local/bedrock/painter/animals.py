"""Silhouettes of animals, each drawn in units of its own height."""

from local.bedrock.painter.pen import Pen


def draw_cat(pen: Pen, running: bool) -> None:
    if running:
        _gallop(pen, body=0.21, leg=0.085)
        pen.curve(
            [(-0.5, 0.60), (-0.72, 0.66), (-0.88, 0.82), (-1.04, 0.84)], [0.1, 0.08, 0.07, 0.05]
        )
        _cat_head(pen, 0.66, 0.73, 0.165)
        return
    pen.curve(
        [(-0.14, 0.07), (-0.36, 0.06), (-0.46, 0.18), (-0.41, 0.32), (-0.47, 0.44)],
        [0.1, 0.09, 0.08, 0.075, 0.05],
    )
    pen.blob(
        [(0.19, 0.0), (0.18, 0.25), (0.2, 0.45), (0.14, 0.62), (0.0, 0.62), (-0.13, 0.45),
         (-0.24, 0.22), (-0.22, 0.04), (-0.08, 0.0)]
    )  # fmt: skip
    pen.oval(0.17, 0.025, 0.09, 0.03)
    _cat_head(pen, 0.1, 0.74, 0.17)


def _cat_head(pen: Pen, x: float, y: float, r: float) -> None:
    pen.oval(x, y, r, r * 0.86)
    pen.shape(
        [(x - r * 0.98, y + r * 0.1), (x - r * 0.85, y + r * 1.45), (x - r * 0.1, y + r * 0.8)]
    )
    pen.shape(
        [(x + r * 0.1, y + r * 0.8), (x + r * 0.85, y + r * 1.45), (x + r * 0.98, y + r * 0.1)]
    )
    for side in (-0.4, 0.4):
        pen.oval(x + side * r, y + r * 0.05, r * 0.17, r * 0.2, "glow")
        pen.oval(x + side * r, y + r * 0.05, r * 0.06, r * 0.18)


def _gallop(pen: Pen, *, body: float, leg: float) -> None:
    """Torso and legs of an animal at full stretch, facing right."""
    pen.curve(
        [(-0.5, 0.52), (-0.25, 0.6), (0.1, 0.56), (0.42, 0.58), (0.58, 0.66)],
        [body, body * 1.15, body * 1.05, body * 1.2, body * 0.9],
    )
    thin = leg * 0.6
    pen.curve([(-0.46, 0.5), (-0.6, 0.36), (-0.76, 0.26), (-0.95, 0.2)], [leg * 2, leg, thin, thin])
    pen.curve(
        [(-0.44, 0.5), (-0.46, 0.3), (-0.62, 0.14), (-0.72, 0.03)], [leg * 2, leg, thin, thin]
    )
    pen.curve([(0.42, 0.52), (0.6, 0.38), (0.8, 0.36), (0.98, 0.3)], [leg * 1.6, leg, thin, thin])
    pen.curve([(0.36, 0.52), (0.5, 0.3), (0.68, 0.2), (0.82, 0.16)], [leg * 1.6, leg, thin, thin])


def _stand(pen: Pen, *, body: float, leg: float, height: float = 0.5) -> None:
    """Torso and four legs of a standing animal, facing right."""
    pen.curve(
        [(-0.34, height + 0.03), (0.0, height), (0.34, height + 0.04)],
        [body, body * 0.92, body * 1.08],
    )
    for x in (-0.33, 0.3):
        pen.oval(x, height - body * 0.22, body * 0.36, body * 0.6)
    for x, knee in ((-0.37, -0.03), (-0.26, 0.03), (0.26, -0.02), (0.36, 0.03)):
        pen.limb(
            [(x, height), (x + knee, height / 2), (x, 0.02)], [leg * 2.0, leg * 1.05, leg * 0.8]
        )
        pen.oval(x + 0.02, 0.018, leg * 0.7, 0.02)


def draw_dog(pen: Pen, running: bool) -> None:
    if running:
        _gallop(pen, body=0.2, leg=0.08)
        pen.curve([(-0.52, 0.58), (-0.72, 0.74), (-0.88, 0.78)], [0.07, 0.055, 0.03])
        x, y = 0.7, 0.76
    else:
        _stand(pen, body=0.26, leg=0.08)
        pen.curve([(-0.42, 0.58), (-0.55, 0.74), (-0.52, 0.88)], [0.08, 0.06, 0.03])
        pen.limb([(0.34, 0.56), (0.44, 0.74)], [0.24, 0.17])
        x, y = 0.48, 0.8
    pen.oval(x, y, 0.125, 0.115)
    pen.limb([(x + 0.05, y - 0.02), (x + 0.22, y - 0.05)], [0.14, 0.095])
    pen.disc(x + 0.265, y - 0.025, 0.03)
    pen.blob([(x - 0.1, y + 0.1), (x - 0.02, y + 0.08), (x - 0.03, y - 0.1), (x - 0.11, y - 0.16),
              (x - 0.17, y - 0.06)])  # fmt: skip
    pen.disc(x + 0.05, y + 0.03, 0.018, "glow")
    pen.limb([(x - 0.12, y - 0.15), (x + 0.02, y - 0.14)], [0.045, 0.045], "accent")


def draw_fox(pen: Pen, running: bool) -> None:
    if running:
        _gallop(pen, body=0.18, leg=0.07)
        tail = [(-0.5, 0.56), (-0.7, 0.66), (-0.92, 0.68), (-1.12, 0.62)]
        x, y = 0.7, 0.74
    else:
        _stand(pen, body=0.22, leg=0.06)
        pen.limb([(0.32, 0.54), (0.44, 0.72)], [0.22, 0.16])
        tail = [(-0.36, 0.5), (-0.54, 0.44), (-0.72, 0.28), (-0.86, 0.12)]
        x, y = 0.48, 0.76
    pen.curve(tail, [0.07, 0.15, 0.17, 0.03])
    pen.limb([tail[-2], tail[-1]], [0.1, 0.03], "pale")
    pen.shape(
        [(x - 0.14, y + 0.02), (x - 0.04, y + 0.12), (x + 0.27, y - 0.09), (x - 0.02, y - 0.12)]
    )
    pen.shape([(x - 0.14, y + 0.02), (x - 0.13, y + 0.25), (x - 0.02, y + 0.1)])
    pen.shape([(x - 0.06, y + 0.06), (x - 0.0, y + 0.25), (x + 0.08, y + 0.06)])
    pen.disc(x + 0.04, y + 0.0, 0.016, "glow")


def draw_horse(pen: Pen, running: bool) -> None:
    if running:
        _gallop(pen, body=0.25, leg=0.075)
        pen.curve([(-0.56, 0.58), (-0.78, 0.62), (-0.98, 0.48)], [0.06, 0.11, 0.03])
        _horse_neck(pen, 0.5, 0.62)
    else:
        _stand(pen, body=0.28, leg=0.07, height=0.52)
        pen.curve([(-0.44, 0.62), (-0.56, 0.5), (-0.54, 0.2)], [0.05, 0.11, 0.03])
        _horse_neck(pen, 0.36, 0.56)


def _horse_neck(pen: Pen, x: float, y: float) -> None:
    pen.curve([(x - 0.06, y), (x + 0.1, y + 0.18), (x + 0.16, y + 0.32)], [0.3, 0.2, 0.14])
    pen.limb([(x + 0.15, y + 0.32), (x + 0.36, y + 0.18)], [0.15, 0.085])
    pen.shape([(x + 0.1, y + 0.36), (x + 0.13, y + 0.47), (x + 0.19, y + 0.37)])
    pen.curve([(x + 0.1, y + 0.38), (x - 0.02, y + 0.26), (x - 0.1, y + 0.1)], [0.05, 0.1, 0.05])


def draw_deer(pen: Pen, running: bool) -> None:
    if running:
        _gallop(pen, body=0.18, leg=0.06)
        x, y = 0.62, 0.7
    else:
        _stand(pen, body=0.21, leg=0.05, height=0.46)
        x, y = 0.36, 0.54
    pen.limb([(x - 0.08, y - 0.06), (x + 0.06, y + 0.16)], [0.2, 0.1])
    pen.limb([(x + 0.05, y + 0.18), (x + 0.2, y + 0.12)], [0.105, 0.055])
    pen.limb([(x + 0.01, y + 0.2), (x - 0.1, y + 0.24)], [0.045, 0.02])
    for side in (-1, 1):
        bx, by = x + 0.04, y + 0.21
        beam = [(bx, by), (bx + 0.09 * side - 0.03, by + 0.1), (bx + 0.1 * side, by + 0.23)]
        pen.curve(beam, [0.028, 0.024, 0.014])
        pen.limb([beam[1], (bx + 0.17 * side, by + 0.15)], [0.022, 0.012])
        pen.limb([beam[1], (bx + 0.02 * side, by + 0.19)], [0.022, 0.012])
    pen.oval(-0.43, 0.52, 0.035, 0.05, "pale")


def draw_fish(pen: Pen, running: bool) -> None:
    pen.blob([(0.8, 0.52), (0.45, 0.84), (0.0, 0.92), (-0.4, 0.66), (-0.55, 0.52), (-0.4, 0.38),
              (0.0, 0.12), (0.45, 0.2)], "accent")  # fmt: skip
    pen.blob([(-0.42, 0.52), (-0.78, 0.9), (-0.9, 0.86), (-0.74, 0.52), (-0.9, 0.18),
              (-0.78, 0.14)], "accent")  # fmt: skip
    pen.blob([(0.2, 0.88), (-0.1, 1.0), (-0.34, 0.94), (-0.2, 0.74)], "accent dark")
    pen.blob([(0.1, 0.4), (-0.16, 0.34), (-0.22, 0.2), (0.02, 0.24)], "accent dark")
    for x in (0.3, -0.08):
        pen.blob([(x, 0.88), (x + 0.12, 0.52), (x, 0.14), (x - 0.1, 0.16), (x, 0.52),
                  (x - 0.1, 0.88)], "pale")  # fmt: skip
    pen.disc(0.55, 0.6, 0.075, "pale")
    pen.disc(0.57, 0.6, 0.04)


def draw_whale(pen: Pen, running: bool) -> None:
    pen.blob([(0.9, 0.1), (0.85, 0.34), (0.55, 0.5), (0.1, 0.48), (-0.4, 0.3), (-0.74, 0.4),
              (-0.62, 0.1), (0.0, 0.0), (0.6, 0.0)])  # fmt: skip
    pen.blob([(-0.66, 0.34), (-0.9, 0.62), (-1.08, 0.64), (-0.96, 0.46), (-1.1, 0.32), (-0.9, 0.3)])
    pen.blob([(0.9, 0.1), (0.6, 0.12), (0.1, 0.08), (0.2, 0.0), (0.7, 0.0)], "pale")
    pen.disc(0.66, 0.24, 0.022, "pale")
    for lean in (-0.16, 0.0, 0.16):
        spout = [(0.5, 0.52), (0.5 + lean * 0.7, 0.8), (0.5 + lean * 1.7, 0.9)]
        pen.curve(spout, [0.02, 0.03, 0.01], "pale")


def draw_eagle(pen: Pen, running: bool) -> None:
    pen.blob([(0.28, 0.5), (0.16, 0.58), (-0.1, 0.54), (-0.42, 0.42), (-0.1, 0.4), (0.14, 0.42)])
    pen.blob([(0.12, 0.54), (0.02, 0.8), (-0.24, 0.98), (-0.66, 0.96), (-0.4, 0.8), (-0.2, 0.55)])
    pen.blob([(0.1, 0.52), (0.22, 0.78), (0.44, 0.98), (0.72, 0.94), (0.52, 0.76), (0.3, 0.6)])
    pen.shape([(-0.38, 0.44), (-0.62, 0.5), (-0.56, 0.4), (-0.62, 0.32)])
    pen.oval(0.28, 0.53, 0.075, 0.06, "pale")
    pen.shape([(0.33, 0.56), (0.43, 0.5), (0.33, 0.5)], "accent")
