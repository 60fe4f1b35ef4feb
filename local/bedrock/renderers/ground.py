"""Draws what a poster stands on: a landscape of no place, or a pattern. It shows no subject."""

import math
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageOps

RGB = tuple[int, ...]
Points = list[tuple[float, float]]
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)


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
    """A canvas of which the part below `top` is free, and all to the right of `left`."""

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

    def disc(self, x: float, y: float, radius: float, fill: RGB) -> None:
        self.pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill)

    def fill(self, top: float, colour: RGB) -> None:
        self.pen.rectangle((0, top, self.w, self.h), colour)

    def line(self, points: Points, colour: RGB) -> None:
        self.pen.line(points, colour, max(1, round(self.unit * 0.004)), "curve")

    def shade(self, top: float, first: RGB, last: RGB, within: Points | None = None) -> None:
        """Fills what is below `top` from one colour to another."""
        size = (self.w, max(1, self.h - int(top)))
        grey = Image.linear_gradient("L")
        ramp = Image.merge(
            "RGB",
            [
                grey.point([round(a + (b - a) * i / 255) for i in range(256)])
                for a, b in zip(first, last, strict=True)
            ],
        )
        mask = Image.new("L", size, 0 if within else 255)
        if within:
            ImageDraw.Draw(mask).polygon([(x, y - int(top)) for x, y in within], 255)
        self.image.paste(ramp.resize(size), (0, int(top)), mask)

    def sun(self, line: float, share: float, halos: int = 2) -> float:
        """Draws a sun on a line, but clear of the type, and returns its x."""
        sky = line - (self.h * 0.1 if self.left else self.top)
        radius = min(self.unit * share, sky * 0.9 / (1.3 + 0.42 * halos))
        x = self.left + (self.w - self.left) * self.rng.uniform(0.3, 0.7)
        for ring in range(halos, -1, -1):
            colour = mixed(self.colours.accent, self.colours.field, ring / (halos + 1))
            self.disc(x, line - radius * 0.3, radius * (1 + 0.42 * ring), colour)
        return x

    def ridge(self, base: float, rise: float, rough: float) -> Points:
        """Returns the points of an outline: a fractal if rough, else a few waves."""
        heights, step = [0.0] * 129, 128
        while rough and step > 1:
            for i in range(step // 2, 129, step):
                middle = (heights[i - step // 2] + heights[i + step // 2]) / 2
                heights[i] = middle + self.rng.uniform(-1, 1) * (step / 128) ** rough
            step //= 2
        for k in () if rough else (1, 2, 3.3):
            pace, phase = self.rng.uniform(0.6, 1.3) * k / 20, self.rng.random() * 7
            heights = [h + math.sin(i * pace + phase) / (1 + k) for i, h in enumerate(heights)]
        wide = max(self.w, self.h * 1.2) / 128
        return [(i * wide, base - rise * height) for i, height in enumerate(heights)]

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
        x, y = g.rng.random() * g.w, g.rng.random() * g.h
        g.disc(x, y, g.unit * g.rng.uniform(0.001, 0.003), g.colours.ink)
    if mist:
        g.shade(g.top, g.colours.field, pale)
    # Where the type leaves the right free, far land rises there.
    climb = max(0, g.top - g.h * 0.45) if g.left else 0
    for layer in range(layers):
        near = layer / (layers - 1)
        base = g.top + g.room * (0.4 + 0.48 * near)
        ridge = g.ridge(base, g.room * (0.17 if rough else 0.1) * (1.3 - near * 0.6), rough)
        ridge = [(x, y - climb * (1 - near) * max(0, x / g.w * 2 - 1) ** 1.5) for x, y in ridge]
        if not layer:
            line = min(y for _, y in ridge) + g.room * 0.06
            g.sun(line, g.rng.uniform(0.15, 0.22), halos=0 if mist else 2)
        haze = mixed(g.colours.tone(near), pale, mist * 1.4) if mist and near < 1 else None
        g.land(ridge, g.colours.tone(near), haze)
    tall = g.h * 0.13
    for top in (-1.0, g.h - tall) if frame else ():
        g.pen.rectangle((0, top, g.w, top + tall), _BLACK)
        for k in range(int(g.w / tall * 1.4) + 1 if frame == "film" else 0):
            x, y = k * tall * 0.75, top + tall * 0.3
            g.pen.rounded_rectangle((x, y, x + tall * 0.4, y + tall * 0.4), 3, g.colours.field)


def sea(g: Ground) -> None:
    line = g.top + g.room * 0.55
    x = g.sun(line, 0.22)
    g.land(g.ridge(line + g.room * 0.02, g.room * 0.07, 0), g.colours.tone(0.1))
    for row in range(16):
        y, tall = line + (g.h - line) * (row / 16) ** 1.5, (g.h - line) * 0.012 * (1 + row / 5)
        g.fill(y, g.colours.tone(0.35 + 0.65 * row / 15))
        half = g.unit * g.rng.uniform(0.06, 0.2) * (1 + row / 22)
        glint = mixed(g.colours.accent, g.colours.tone(0.5), row / 30)
        middle = x + g.unit * g.rng.uniform(-0.03, 0.03)
        g.pen.rounded_rectangle((middle - half, y, middle + half, y + tall), tall / 2, glint)


def clouds(g: Ground) -> None:
    g.shade(g.top, g.colours.field, g.colours.tones[0])
    count = 8 + int(16 * g.w / g.unit)
    for row in range(3):
        light = mixed(_WHITE, g.colours.tones[row], 0.25)
        lumps = []
        for k in range(count):
            swell = 0.5 + 0.5 * math.sin(k / 3.4 + row * 2.2 + g.rng.random())
            y = g.top + g.room * (0.43 + 0.2 * row - 0.14 * swell)
            radius = g.unit * (0.05 + 0.09 * swell) * g.rng.uniform(0.7, 1.2)
            lumps.append((g.w * k / (count - 1), y, radius))
        for shift, colour in ((0.0, light), (0.06, g.colours.tones[row])):
            for x, y, radius in lumps:
                g.disc(x + g.unit * shift / 3, y + g.unit * shift, radius, colour)
        g.fill(g.top + g.room * (0.52 + 0.2 * row), g.colours.tones[row])
    g.land(g.ridge(g.h - g.room * 0.05, g.room * 0.05, 0), g.colours.tones[3])


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
        g.line([(0, y), (g.w, y)], g.colours.tones[1])


def contours(g: Ground) -> None:
    centre = g.sun(g.top + g.room * 0.42, 0.2, halos=0)
    for row in range(30):
        base, outline = g.top + g.room * (0.36 + 0.62 * row / 30), []
        for x, height in g.ridge(0, 1, 0.62):
            bell = 0.01 + math.exp(-(((x - centre) / (g.unit * 0.3)) ** 2))
            outline.append((x, base - g.room * 0.22 * bell * abs(height)))
        g.land(outline, g.colours.field)
        g.line(outline, g.colours.ink)


def rays(g: Ground, dots: bool = False) -> None:
    x, y, reach = g.w * g.rng.uniform(0.3, 0.7), g.h * 0.95, g.w + g.h
    g.fill(0, g.colours.tones[0])
    for k in range(18):
        box = (x - reach, y - reach, x + reach, y + reach)
        g.pen.pieslice(box, k * 20, k * 20 + 10, g.colours.accent if dots else g.colours.field)
    if not dots:
        g.disc(x, y, g.unit * 0.3, g.colours.accent)
    pitch = g.unit / 26
    for row in range(int(g.h / pitch * 2) + 2 if dots else 0):
        for column in range(int(g.w / pitch) + 2):
            dot = ((column + row % 2 / 2) * pitch, row * pitch / 2)
            far = math.dist(dot, (x, y)) / math.hypot(g.w * 0.7, g.h) - 0.3
            if far > 0:
                g.disc(*dot, pitch * 0.62 * far, g.colours.tones[3])


def folds(g: Ground, layers: int = 4) -> None:
    g.sun(g.top + g.room * 0.45, 0.16, halos=0)
    for layer in range(layers):
        near, x = layer / (layers - 1), -g.unit * g.rng.uniform(0.1, 0.4)
        while x < g.w:
            wide = g.unit * g.rng.uniform(0.35, 0.6) * 4 / layers
            tall = g.room * (0.78 - 0.57 * near) * g.rng.uniform(0.75, 1)
            foot = (x + wide * g.rng.uniform(0.55, 0.8), g.h)
            peak = (x + wide * g.rng.uniform(0.4, 0.6), g.h - tall)
            middle = (foot[0] + (peak[0] - foot[0]) * 0.45, g.h - tall * 0.45)
            for end, fold, light in ((-0.2, foot, 0.28), (1.2, foot, 0), (0.3, middle, 0.46)):
                side = mixed(g.colours.tone(near), g.colours.field, light)
                g.pen.polygon([peak, fold, (x + wide * end, g.h)], side)
            x += wide * g.rng.uniform(0.55, 0.8)


def cubes(g: Ground) -> None:
    side = g.unit / 8.5
    for row in range(-2, int(g.h / side * 2) + 6):
        for column in range(-1, int(g.w / side / 1.732) + 2):
            x, half = (column * 2 + row % 2) * side * 0.866, side * 0.866
            y = (row / 2 + 1.5 - g.rng.choice((0, 0, 0.4, 0.8, 1.2))) * side
            top = g.colours.tone(g.rng.uniform(0, 0.55))
            top = g.colours.accent if g.rng.random() < 0.07 else top
            low = y + side / 2
            g.pen.polygon([(x, y - side / 2), (x + half, y), (x, low), (x - half, y)], top)
            for end, dark in ((x - half, 0.45), (x + half, 0.78)):
                wall = mixed(top, g.colours.tones[3], dark)
                g.pen.polygon([(end, y), (x, low), (x, g.h + side), (end, g.h + side)], wall)


def spheres(g: Ground, count: int = 11) -> None:
    g.fill(0, mixed(g.colours.field, g.colours.tones[0], 0.55))
    g.fill(g.h * 0.66, mixed(g.colours.field, g.colours.tones[0], 0.9))
    for k in range(count):
        x, foot = g.w * (k * 0.381 + g.rng.uniform(0, 0.1)) % g.w, g.h * (0.72 + 0.27 * k / count)
        radius = g.unit * g.rng.uniform(0.08, 0.22)
        body = (*g.colours.tones[:3], g.colours.accent)[k * 3 % 4]
        shadow = (x - radius * 0.8, foot - radius * 0.18, x + radius * 1.6, foot + radius * 0.2)
        g.pen.ellipse(shadow, mixed(g.colours.tones[0], g.colours.tones[3], 0.3))
        for step in range(24):
            move = radius * 0.36 * step / 23
            dark, light = mixed(body, g.colours.tones[3], 0.4), mixed(body, _WHITE, 0.35)
            colour = mixed(dark, light, math.sqrt(step / 23))
            g.disc(x - move, foot - radius - move, radius * (1 - 0.92 * step / 23), colour)


def mesh(g: Ground) -> None:
    for k in range(16):
        colour = (g.colours.accent, *g.colours.tones)[k % 5]
        x, y = g.rng.random() * g.w, g.rng.random() * g.h
        g.disc(x, y, g.unit * g.rng.uniform(0.15, 0.4), colour)
    g.image.paste(g.image.filter(ImageFilter.GaussianBlur(g.unit * 0.1)))


def tiles(g: Ground, across: int = 6, colours: int = 2) -> None:
    side, tones = g.unit / across, g.colours.tones
    inks = [tones[3], tones[1], g.colours.accent, tones[2], tones[0]][:colours]
    for place in range((int(g.w / side) + 1) * (int(g.h / side) + 1)):
        row, column = divmod(place, int(g.w / side) + 1)
        x, y = column * side, row * side
        back, front = g.rng.sample([*inks, g.colours.field], 2)
        corner, kind = g.rng.randrange(4), g.rng.randrange(5)
        g.pen.rectangle((x, y, x + side, y + side), back)
        middle = (x + side * (corner in (1, 2)), y + side * (corner > 1))
        for share, fill in ((1, front), (0.62, back), (0.3, front))[: kind + 1 if kind < 3 else 0]:
            box = [each + side * end for end in (-share, share) for each in middle]
            g.pen.pieslice(box, corner * 90, corner * 90 + 90, fill)
        if kind == 3:
            g.disc(x + side / 2, y + side / 2, side * 0.34, front)
        elif kind == 4:
            g.pen.polygon([(x, y), (x + side, y), (x, y + side)], front)
