"""Draws what a poster stands on: a landscape of no place, or a pattern. It shows no subject."""

import math
from collections.abc import Sequence
from random import Random

from PIL import Image, ImageDraw, ImageFilter

RGB = tuple[int, ...]
Points = list[tuple[float, float]]
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)


def mixed(first: RGB, second: RGB, share: float) -> RGB:
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))


class Ground:
    """A canvas of which the part below `top` is free, and all to the right of `left`. Its colours
    are the type's field and ink, an accent, and four tones from far to near."""

    def __init__(
        self, image: Image.Image, left: float, top: float, colours: Sequence[RGB], rng: Random
    ) -> None:
        self.image, self.pen, self.rng = image, ImageDraw.Draw(image), rng
        self.field, self.ink, self.accent, *self.tones = colours
        self.w, self.h = image.size
        self.left, self.top, self.room = left, top, self.h - top
        self.unit = min(self.w, self.h, self.room * 1.6)

    def tone(self, nearness: float) -> RGB:
        place = min(nearness, 0.9999) * 3
        return mixed(self.tones[int(place)], self.tones[int(place) + 1], place % 1)

    def anywhere(self) -> tuple[float, float]:
        return self.rng.random() * self.w, self.rng.random() * self.h

    def shade(self, top: float, first: RGB, last: RGB, within: Points | None = None) -> None:
        """Fills what is below `top` from one colour to another."""
        rows = Image.new("RGB", (1, max(1, self.h - int(top))))
        rows.putdata([mixed(first, last, row / rows.height) for row in range(rows.height)])
        mask = Image.new("1", (self.w, rows.height), within is None)
        if within:
            ImageDraw.Draw(mask).polygon([(x, y - int(top)) for x, y in within], 1)
        self.image.paste(rows.resize(mask.size), (0, int(top)), mask)

    def sun(self, line: float, share: float, halos: int = 2) -> float:
        """Draws a sun on a line, but clear of the type, and returns its x."""
        sky = line - (self.h * 0.1 if self.left else self.top)
        radius = min(self.unit * share, sky * 0.9 / (1.3 + 0.42 * halos))
        x = self.left + (self.w - self.left) * self.rng.uniform(0.3, 0.7)
        for ring in range(halos, -1, -1):
            colour = mixed(self.accent, self.field, ring / (halos + 1))
            self.pen.circle((x, line - radius * 0.3), radius * (1 + 0.42 * ring), colour)
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


def ridges(g: Ground, rough: float = 0, layers: int = 5, mist: float = 0, extra: str = "") -> None:
    for _ in range(90 if extra == "stars" else 0):
        g.pen.circle(g.anywhere(), g.unit * g.rng.uniform(0.001, 0.003), g.ink)
    pale = mixed(g.tones[0], g.accent, 0.35)
    if mist:
        g.shade(g.top, g.field, pale)
    # Where the type leaves the right free, far land rises there.
    climb = max(0, g.top - g.h * 0.45) if g.left else 0
    for layer in range(layers):
        near = layer / (layers - 1)
        tone, rise = g.tone(near), g.room * (0.17 if rough else 0.1) * (1.3 - near * 0.6)
        ridge = g.ridge(g.top + g.room * (0.4 + 0.48 * near), rise, rough)
        ridge = [(x, y - climb * (1 - near) * max(0, x / g.w * 2 - 1) ** 1.5) for x, y in ridge]
        if not layer:
            highest = min(y for _, y in ridge)
            g.sun(highest + g.room * 0.06, g.rng.uniform(0.15, 0.22), 0 if mist else 2)
        if extra == "lumps" and near < 1:
            lumps = [(x, y, g.unit * g.rng.uniform(0.04, 0.11)) for x, y in ridge[::4]]
            for drop, colour in ((0.0, mixed(tone, _WHITE, 0.5)), (g.unit * 0.045, tone)):
                for x, y, size in lumps:
                    g.pen.circle((x + drop / 3, y + drop), size, colour)
        haze = mixed(tone, pale, mist * 1.4) if mist and near < 1 else None
        g.land(ridge, g.field if extra == "lines" else tone, haze)
        if extra == "lines":
            g.pen.line(ridge, g.ink, max(1, round(g.unit * 0.006)))
    tall = g.h * 0.13
    for top in (-1.0, g.h - tall) if extra in ("bars", "film") else ():
        g.pen.rectangle((0, top, g.w, top + tall), _BLACK)
        for k in range(int(g.w / tall * 1.4) + 1 if extra == "film" else 0):
            x, y = k * tall * 0.75, top + tall * 0.3
            g.pen.rounded_rectangle((x, y, x + tall * 0.4, y + tall * 0.4), 3, g.field)


def sea(g: Ground) -> None:
    line = g.top + g.room * 0.55
    x = g.sun(line, 0.22)
    g.land(g.ridge(line + g.room * 0.02, g.room * 0.07, 0), g.tone(0.1))
    for row in range(16):
        y, tall = line + (g.h - line) * (row / 16) ** 1.5, (g.h - line) * 0.012 * (1 + row / 5)
        g.pen.rectangle((0, y, g.w, g.h), g.tone(0.35 + 0.65 * row / 15))
        half = g.unit * g.rng.uniform(0.06, 0.2) * (1 + row / 22)
        glint = mixed(g.accent, g.tone(0.5), row / 30)
        middle = x + g.unit * g.rng.uniform(-0.03, 0.03)
        g.pen.rounded_rectangle((middle - half, y, middle + half, y + tall), tall / 2, glint)


def rays(g: Ground, dots: bool = False) -> None:
    x, y, reach = g.w * g.rng.uniform(0.3, 0.7), g.h * 0.95, g.w + g.h
    g.pen.rectangle((0, 0, g.w, g.h), g.tones[0])
    for k in range(18):
        box = (x - reach, y - reach, x + reach, y + reach)
        g.pen.pieslice(box, k * 20, k * 20 + 10, g.accent if dots else g.field)
    g.pen.circle((x, y), g.unit * 0.3, g.accent)
    pitch = g.unit / 26
    for row in range(int(g.h / pitch * 2) + 2 if dots else 0):
        for column in range(int(g.w / pitch) + 2):
            dot = ((column + row % 2 / 2) * pitch, row * pitch / 2)
            far = math.dist(dot, (x, y)) / math.hypot(g.w * 0.7, g.h) - 0.3
            if far > 0:
                g.pen.circle(dot, pitch * 0.62 * far, g.tones[3])


def folds(g: Ground, layers: int = 4) -> None:
    g.sun(g.top + g.room * 0.45, 0.16, halos=0)
    for layer in range(layers):
        near, x = layer / (layers - 1), -g.unit * g.rng.uniform(0.1, 0.4)
        while x < g.w:
            wide = g.unit * g.rng.uniform(0.35, 0.6)
            tall = g.room * (0.78 - 0.57 * near) * g.rng.uniform(0.75, 1)
            foot = (x + wide * g.rng.uniform(0.55, 0.8), g.h)
            peak = (x + wide * g.rng.uniform(0.4, 0.6), g.h - tall)
            middle = (foot[0] + (peak[0] - foot[0]) * 0.45, g.h - tall * 0.45)
            for end, fold, light in ((-0.2, foot, 0.28), (1.2, foot, 0), (0.3, middle, 0.46)):
                side = mixed(g.tone(near), g.field, light)
                g.pen.polygon([peak, fold, (x + wide * end, g.h)], side)
            x += wide * g.rng.uniform(0.55, 0.8)


def cubes(g: Ground) -> None:
    side = g.unit / 8.5
    for row in range(-2, int(g.h / side * 2) + 6):
        for column in range(-1, int(g.w / side / 1.732) + 2):
            x, half = (column * 2 + row % 2) * side * 0.866, side * 0.866
            y = (row / 2 + 1.5 - g.rng.choice((0, 0, 0.4, 0.8, 1.2))) * side
            top = g.accent if g.rng.random() < 0.07 else g.tone(g.rng.uniform(0, 0.55))
            low, foot = y + side / 2, y + side * 3.5
            g.pen.polygon([(x, y - side / 2), (x + half, y), (x, low), (x - half, y)], top)
            for end, dark in ((x - half, 0.45), (x + half, 0.78)):
                wall = mixed(top, g.tones[3], dark)
                g.pen.polygon([(end, y), (x, low), (x, foot), (end, foot)], wall)


def spheres(g: Ground, count: int = 11) -> None:
    g.pen.rectangle((0, 0, g.w, g.h), mixed(g.field, g.tones[0], 0.55))
    g.pen.rectangle((0, g.h * 0.66, g.w, g.h), mixed(g.field, g.tones[0], 0.9))
    for k in range(count):
        x, foot = g.w * (k * 0.381 + g.rng.uniform(0, 0.1)) % g.w, g.h * (0.72 + 0.27 * k / count)
        r, body = g.unit * g.rng.uniform(0.08, 0.22), (*g.tones[:3], g.accent)[~k % 4]
        shadow = mixed(g.tones[0], g.tones[3], 0.3)
        g.pen.ellipse((x - r * 0.8, foot - r * 0.18, x + r * 1.6, foot + r * 0.2), shadow)
        dark, light = mixed(body, g.tones[3], 0.4), mixed(body, _WHITE, 0.35)
        for share in (step / 23 for step in range(24)):
            at = (x - r * 0.36 * share, foot - r - r * 0.36 * share)
            g.pen.circle(at, r * (1 - 0.92 * share), mixed(dark, light, math.sqrt(share)))


def mesh(g: Ground) -> None:
    for colour in (g.accent, *g.tones) * 3:
        g.pen.circle(g.anywhere(), g.unit * g.rng.uniform(0.15, 0.4), colour)
    g.image.paste(g.image.filter(ImageFilter.GaussianBlur(g.unit * 0.1)))


def tiles(g: Ground, across: int = 6, colours: int = 2) -> None:
    side, tones = g.unit / across, g.tones
    inks = [tones[3], tones[1], g.accent, tones[2], tones[0]][:colours]
    columns = int(g.w / side) + 1
    for place in range(columns * (int(g.h / side) + 1)):
        x, y = place % columns * side, place // columns * side
        back, front = g.rng.sample([*inks, g.field], 2)
        corner, rings = g.rng.randrange(4), g.rng.randrange(4)
        g.pen.rectangle((x, y, x + side, y + side), back)
        middle = (x + side * (corner in (1, 2)), y + side * (corner > 1))
        for share, fill in ((1, front), (0.62, back), (0.3, front))[:rings]:
            box = [each + side * end for end in (-share, share) for each in middle]
            g.pen.pieslice(box, corner * 90, corner * 90 + 90, fill)
        if not rings:
            g.pen.circle((x + side / 2, y + side / 2), side * 0.34, front)
