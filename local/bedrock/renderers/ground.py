"""Draws what a poster stands on: a landscape of no place, or a pattern. It shows no subject."""

import math
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageOps

RGB = tuple[int, ...]
Points = list[tuple[float, float]]
_WHITE = (255, 255, 255)


def mixed(first: RGB, second: RGB, share: float) -> RGB:
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))


class Palette:
    """The field that type stands on, its ink, an accent, and tones from far to near."""

    def __init__(self, colours: str) -> None:
        each = [ImageColor.getrgb("#" + colour) for colour in colours.split()]
        self.field, self.ink, self.accent, *self.tones = each

    def tone(self, nearness: float) -> RGB:
        """Returns the tone between far, 0, and near, 1."""
        place = min(max(nearness, 0), 0.9999) * (len(self.tones) - 1)
        return mixed(self.tones[int(place)], self.tones[int(place) + 1], place % 1)


@dataclass
class Ground:
    """A canvas of which the part below `top` is free. A sun may stand to the right of `left`."""

    image: Image.Image
    left: float
    top: float
    colours: Palette
    rng: Random

    def __post_init__(self) -> None:
        self.w, self.h = self.image.size
        self.room = self.h - self.top
        self.unit = min(self.w, self.h, self.room * 1.6)
        self.pen = ImageDraw.Draw(self.image)

    def spot(self) -> tuple[float, float]:
        return self.rng.random() * self.w, self.rng.random() * self.h

    def disc(self, x: float, y: float, radius: float, fill: RGB) -> None:
        self.pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill)

    def fill(self, top: float, colour: RGB) -> None:
        self.pen.rectangle((0, top, self.w, self.h), colour)

    def line(self, points: Points, colour: RGB, width: float = 0.004) -> None:
        self.pen.line(points, colour, max(1, round(self.unit * width)), "curve")

    def shade(self, top: float, first: RGB, last: RGB, within: Points | None = None) -> None:
        """Fills what is below `top` from one colour to another."""
        size = (self.w, max(1, self.h - int(top)))
        ramp = ImageOps.colorize(Image.linear_gradient("L"), first, last).resize(size)  # type: ignore[arg-type]
        mask = Image.new("L", size, 0 if within else 255)
        if within:
            ImageDraw.Draw(mask).polygon([(x, y - int(top)) for x, y in within], 255)
        self.image.paste(ramp, (0, int(top)), mask)

    def sun(self, line: float, share: float, halos: int = 2) -> float:
        """Draws a sun that stands on a line but below the type, and returns its x."""
        sky = line - (self.h * 0.1 if self.left else self.top)
        radius = min(self.unit * share, sky * 0.9 / (1.3 + 0.42 * halos))
        x = self.left + (self.w - self.left) * self.rng.uniform(0.3, 0.7)
        for ring in range(halos, -1, -1):
            colour = mixed(self.colours.accent, self.colours.field, ring / (halos + 1))
            self.disc(x, line - radius * 0.3, radius * (1 + 0.42 * ring), colour)
        return x

    def ridge(self, base: float, rise: float, rough: float) -> Points:
        """Returns the points of an outline: a fractal if rough, else a few waves."""
        heights = [0.0] * 129
        if rough:
            step = 128
            while step > 1:
                for i in range(step // 2, 129, step):
                    middle = (heights[i - step // 2] + heights[i + step // 2]) / 2
                    heights[i] = middle + self.rng.uniform(-1, 1) * (step / 128) ** rough
                step //= 2
        else:
            for k in (1, 2, 3.3):
                pace, phase = self.rng.uniform(0.6, 1.3) * k / 20, self.rng.random() * 7
                heights = [h + math.sin(i * pace + phase) / (1 + k) for i, h in enumerate(heights)]
        wide = max(self.w, self.h * 1.2) / 128
        return [(i * wide, base - rise * height) for i, height in enumerate(heights)]

    def climb(self, x: float) -> float:
        """Returns how much higher land may be at an x, to the right of the type."""
        share = min(max((x - self.left * 0.8) / (self.w - self.left * 0.8), 0), 1)
        return max(0, self.top - self.h * 0.45) * share**1.5 if self.left else 0

    def land(self, ridge: Points, fill: RGB, mist: RGB | None = None) -> None:
        outline = [(0, self.h), *ridge, (ridge[-1][0], self.h)]
        if mist:
            self.shade(max(0, min(y for _, y in ridge)), fill, mist, outline)
        else:
            self.pen.polygon(outline, fill)


def ridges(
    g: Ground, rough: float = 0, layers: int = 5, mist: float = 0, stars: int = 0, frame: str = ""
) -> None:
    pale = mixed(g.colours.tones[0], g.colours.accent, 0.35)
    for _ in range(stars):
        g.disc(*g.spot(), g.unit * g.rng.choice((0.0012, 0.002, 0.003)), g.colours.ink)
    if mist:
        g.shade(g.top, g.colours.field, pale)
    size, halos = g.rng.uniform(0.15, 0.22), 0 if mist else 2
    for layer in range(layers):
        near = layer / (layers - 1)
        base = g.top + g.room * (0.4 + 0.48 * near)
        rise = g.room * (0.17 if rough else 0.1) * (1.3 - near * 0.6)
        haze = mixed(g.colours.tone(near), pale, mist * 1.4) if mist and near < 1 else None
        ridge = [(x, y - g.climb(x) * (1 - near)) for x, y in g.ridge(base, rise, rough)]
        if not layer:
            g.sun(min(y for _, y in ridge) + g.room * 0.06, size, halos)
        g.land(ridge, g.colours.tone(near), haze)
    if frame == "bars":
        for top in (-1.0, g.h * 0.86):
            g.pen.rectangle((0, top, g.w, top + g.h * 0.14), (0, 0, 0))
    if frame == "film":
        tall, pitch = g.unit * 0.1, g.unit * 0.075
        for top in (-1.0, g.h - tall):
            g.pen.rectangle((0, top, g.w, top + tall), g.colours.tones[3])
            for k in range(int(g.w / pitch) + 1):
                box = (k * pitch, top + tall * 0.3, k * pitch + pitch * 0.55, top + tall * 0.7)
                g.pen.rounded_rectangle(box, tall * 0.12, g.colours.field)


def sea(g: Ground) -> None:
    line = g.top + g.room * 0.55
    x = g.sun(line, 0.22)
    g.land(g.ridge(line + g.room * 0.02, g.room * 0.07, 0), g.colours.tone(0.1))
    for row in range(16):
        y, tall = line + (g.h - line) * (row / 16) ** 1.5, (g.h - line) * 0.012 * (1 + row / 5)
        g.fill(y, g.colours.tone(0.35 + 0.65 * row / 15))
        half = g.unit * g.rng.uniform(0.06, 0.2) * (1 + row / 22)
        middle = x + g.unit * g.rng.uniform(-0.03, 0.03)
        glint = mixed(g.colours.accent, g.colours.tone(0.5), row / 30)
        g.pen.rounded_rectangle((middle - half, y, middle + half, y + tall), tall / 2, glint)


def clouds(g: Ground, clay: bool = False) -> None:
    g.shade(g.top, g.colours.field, g.colours.tones[0])
    for row, share in enumerate((0.4, 0.6, 0.8)):
        white = mixed(_WHITE, g.colours.tones[0], 0.4 - 0.2 * row)
        shadow = mixed(white, g.colours.tones[1], 0.3)
        if clay:
            white, shadow = g.colours.tones[row], mixed(g.colours.tones[row], _WHITE, -0.2)
        lumps, count = [], 8 + int(16 * g.w / g.unit)
        for k in range(count):
            swell = 0.5 + 0.5 * math.sin(k / 3.4 + row * 2.2 + g.rng.random())
            radius = g.unit * (0.05 + 0.09 * swell) * g.rng.uniform(0.7, 1.2)
            lumps.append(
                (g.w * k / (count - 1), g.top + g.room * (share + 0.03 - 0.14 * swell), radius)
            )
        for shift, colour in ((0.0, white), (0.06, shadow)):
            for x, y, radius in lumps:
                g.disc(x + g.unit * shift / 3, y + g.unit * shift, radius, colour)
        g.fill(g.top + g.room * (share + 0.1), shadow)
    g.land(g.ridge(g.h - g.room * 0.1, g.room * 0.05, 0), g.colours.tones[2])
    g.land(g.ridge(g.h - g.room * 0.04, g.room * 0.04, 0), g.colours.tones[3])


def grid(g: Ground) -> None:
    line, x = g.top + g.room * 0.56, g.left + (g.w - g.left) / 2
    radius = min(g.unit * 0.3, g.room * 0.4)
    g.disc(x, line - radius * 0.36, radius, g.colours.accent)
    for k in range(6):
        y = line - radius * 0.17 * k
        g.pen.rectangle((0, y, g.w, y + radius * (0.085 - 0.012 * k)), g.colours.field)
    g.land(g.ridge(line, g.room * 0.06, 0.7), g.colours.tones[0])
    g.fill(line, g.colours.tones[3])
    for k in range(-40, 41):
        g.line([(x + k * g.unit * 0.05, line), (x + k * g.unit * 0.4, g.h)], g.colours.tones[1])
    for k in range(12):
        y = line + (g.h - line) * (k / 11) ** 2.2
        g.line([(0, y), (g.w, y)], g.colours.tones[1] if k else g.colours.accent)


def contours(g: Ground, paper: bool = False) -> None:
    for k in range(80 if paper else 0):
        step = k * g.unit / 24
        g.line([(0, step), (g.w, step)], g.colours.tones[0], 0.002)
        g.line([(step, 0), (step, g.h)], g.colours.tones[0], 0.002)
    centre = g.sun(g.top + g.room * 0.42, 0.2, halos=0)
    for row in range(30):
        base, outline = g.top + g.room * (0.36 + 0.62 * row / 30), []
        for x, height in g.ridge(0, 1, 0.62):
            bell = 0.01 + math.exp(-(((x - centre) / (g.unit * 0.3)) ** 2))
            outline.append((x, base - g.room * 0.22 * bell * abs(height)))
        g.land(outline, g.colours.field)
        g.line(outline, g.colours.ink)


def halftone(g: Ground) -> None:
    x, y = g.w * g.rng.uniform(0.3, 0.7), g.h * 0.95
    g.fill(0, g.colours.tones[0])
    box = (x - g.w - g.h, y - g.w - g.h, x + g.w + g.h, y + g.w + g.h)
    for k in range(18):
        g.pen.pieslice(box, k * 20, k * 20 + 10, g.colours.accent)
    pitch = g.unit / 26
    for row in range(int(g.h / pitch * 2) + 2):
        for column in range(int(g.w / pitch) + 2):
            dot = ((column + row % 2 / 2) * pitch, row * pitch / 2)
            far = math.dist(dot, (x, y)) / math.hypot(g.w * 0.7, g.h)
            if far > 0.3:
                g.disc(*dot, pitch * 0.62 * (far - 0.3), g.colours.tones[3])
    edge = max(1, round(g.unit * 0.02))
    g.pen.rectangle((0, 0, g.w - 1, g.h - 1), outline=g.colours.tones[3], width=edge)


def facets(g: Ground) -> None:
    pitch, light = g.unit / 7, g.rng.random() * g.w
    places = [(c, r) for r in range(int(g.h / pitch) + 3) for c in range(int(g.w / pitch) + 3)]
    nodes = {
        (c, r): tuple((n - 1 + g.rng.uniform(-0.33, 0.33)) * pitch for n in (c, r))
        for c, r in places
    }
    for c, r in places:
        near = [nodes.get((c + dx, r + dy)) for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1))]
        for three in (near[:3], near[1:]):
            corners = [node for node in three if node]
            far = math.dist(nodes[c, r], (light, 0)) / math.hypot(g.w, g.h)
            tone = g.colours.tone(far * 1.25 + g.rng.uniform(-0.16, 0.16))
            if len(corners) == 3:
                g.pen.polygon(corners, mixed(tone, g.colours.accent, max(0, 0.8 - far * 2.4)))


def folds(g: Ground) -> None:
    g.sun(g.top + g.room * 0.45, 0.16, halos=0)
    for layer in range(4):
        x, tone = -g.unit * g.rng.uniform(0.1, 0.4), g.colours.tone(layer / 3)
        while x < g.w:
            wide = g.unit * g.rng.uniform(0.35, 0.6)
            tall = g.room * (0.78 - 0.19 * layer) * g.rng.uniform(0.75, 1)
            foot = (x + wide * g.rng.uniform(0.55, 0.8), g.h)
            peak = (x + wide * g.rng.uniform(0.4, 0.6), g.h - tall)
            middle = (foot[0] + (peak[0] - foot[0]) * 0.45, g.h - tall * 0.45)
            sides = (
                (x - wide * 0.2, foot, 0.28),
                (x + wide * 1.2, foot, 0),
                (x + wide * 0.3, middle, 0.46),
            )
            for end, fold, light in sides:
                g.pen.polygon([peak, fold, (end, g.h)], mixed(tone, g.colours.field, light))
            x += wide * g.rng.uniform(0.55, 0.8)


def cubes(g: Ground) -> None:
    side = g.unit / 8.5
    half = side * 0.866
    for row in range(-2, int(g.h / side * 2) + 6):
        for column in range(-1, int(g.w / half / 2) + 2):
            lift = side * g.rng.choice((0, 0, 0.4, 0.8, 1.2))
            x, y = (column * 2 + row % 2) * half, row * side / 2 + side * 1.5 - lift
            pick = (
                g.colours.accent
                if g.rng.random() < 0.07
                else g.colours.tone(g.rng.uniform(0, 0.55))
            )
            g.pen.polygon(
                [(x, y - side / 2), (x + half, y), (x, y + side / 2), (x - half, y)], pick
            )
            for end, dark in ((x - half, 0.45), (x + half, 0.78)):
                wall = [(end, y), (x, y + side / 2), (x, g.h + side), (end, g.h + side)]
                g.pen.polygon(wall, mixed(pick, g.colours.tones[3], dark))


def spheres(g: Ground, candy: bool = False) -> None:
    g.fill(0, mixed(g.colours.field, g.colours.tones[0], 0.55))
    g.fill(g.h * 0.66, mixed(g.colours.field, g.colours.tones[0], 0.9))
    for k in range(11):
        foot, x = g.h * (0.72 + 0.025 * k), g.w * ((k * 0.381 + g.rng.uniform(0, 0.1)) % 1)
        radius = g.unit * g.rng.uniform(0.08, 0.22)
        dull = g.colours.tones[k % 3] if candy else mixed(g.colours.tones[0], _WHITE, 0.2)
        dull = g.colours.accent if k == 6 or candy and k % 4 == 3 else dull
        box = (x - radius * 0.8, foot - radius * 0.18, x + radius * 1.6, foot + radius * 0.2)
        g.pen.ellipse(box, mixed(g.colours.tones[0], g.colours.tones[3], 0.3))
        for step in range(24):
            move = radius * 0.36 * step / 23
            dark = mixed(dull, g.colours.tones[3], 0.4)
            colour = mixed(dark, mixed(dull, _WHITE, 0.35), math.sqrt(step / 23))
            g.disc(x - move, foot - radius - move, radius * (1 - 0.92 * step / 23), colour)


def mesh(g: Ground) -> None:
    for k in range(16):
        colour = (g.colours.accent, *g.colours.tones)[k % 5]
        g.disc(*g.spot(), g.unit * g.rng.uniform(0.15, 0.4), colour)
    g.image.paste(g.image.filter(ImageFilter.GaussianBlur(g.unit * 0.1)))


def tiles(g: Ground, across: int = 6, colours: int = 2) -> None:
    side, palette = g.unit / across, g.colours
    inks = (palette.tones[3], palette.tones[1], palette.accent, palette.tones[2], palette.tones[0])
    for row in range(int(g.h / side) + 1):
        for column in range(int(g.w / side) + 1):
            x, y = column * side, row * side
            back, front = g.rng.sample((*inks[:colours], palette.field), 2)
            g.pen.rectangle((x, y, x + side, y + side), back)
            corner, kind = g.rng.randrange(4), g.rng.randrange(5)
            middle = (x + side * (corner in (1, 2)), y + side * (corner > 1))
            for share in (1, 0.62, 0.3)[: kind + 1] if kind < 3 else ():
                box = [each + side * s for s in (-share, share) for each in middle]
                fill = back if share == 0.62 else front
                g.pen.pieslice(box, corner * 90, corner * 90 + 90, fill)
            if kind == 3:
                g.disc(x + side / 2, y + side / 2, side * 0.34, front)
            elif kind == 4:
                g.pen.polygon([(x, y), (x + side, y), (x, y + side)], front)


def arcs(g: Ground) -> None:
    x, y = g.w * g.rng.choice((0.25, 0.5, 0.75)), g.h * g.rng.choice((0.5, 0.7, 1))
    reach, accented = math.hypot(g.w, g.h) * 0.8, g.rng.randrange(1, 5)
    for k in range(9):
        outer, inner = reach * 0.7**k, reach * 0.7**k * 0.82
        turn, extent = g.rng.randrange(8) * 45, g.rng.choice((135, 180, 225, 270))
        colour = g.colours.accent if k == accented else g.colours.ink
        g.pen.pieslice((x - outer, y - outer, x + outer, y + outer), turn, turn + extent, colour)
        g.disc(x, y, inner, g.colours.field)
    g.disc(x, y, reach * 0.06, g.colours.accent)
