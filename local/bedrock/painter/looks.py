"""Styles that are a way to expose, grade and print the picture."""

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from local.bedrock.painter.effects import (
    bloom,
    curve,
    gradient_map,
    grained,
    halved,
    mask_of,
    outlines,
    painted,
    positions,
    posterised,
    saturated,
    softened,
    toned,
    vignette,
)
from local.bedrock.painter.noise import fractal_line, smoothstep


def photographic(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A fast lens: sharp in a band, blurred before and behind it, natural colours."""
    natural = curve(saturated(image, 0.72), ((0, 6), (64, 52), (190, 205), (255, 250)))
    _, y = positions(image, 8)
    x, _ = positions(image, 8)
    band = smoothstep((np.abs(y - 0.3) - 0.32) * 1.6) + 0 * x
    blurred = softened(natural, 4, max(1.0, min(image.size) / 500))
    focused = Image.composite(blurred, natural, mask_of(image, band))
    return halved(vignette(grained(focused, rng, 5), 0.62))


def cinematic(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Teal shadows, orange lights, an anamorphic flare, and bars above and below."""
    graded = toned(curve(image, ((0, 0), (70, 48), (185, 196), (255, 255))),
                   ("#03151c", "#0e4a56", "#8b8378", "#f2a65e", "#fff0d4"), 0.62)  # fmt: skip
    graded = bloom(graded, 0.5, threshold=150)
    lights = np.asarray(graded.convert("L").resize((32, 64), Image.Resampling.BOX))
    row = int(lights[6:44].max(axis=1).argmax()) + 6
    x, y = positions(image, 4)
    streak = np.exp(-(((y - (row / 32 - 1)) / 0.012) ** 2)) * np.exp(-((x - 0.1) ** 2) * 0.8)
    graded = painted(graded, "#9fe0ff", mask_of(image, streak * np.float32(0.42)))
    graded = vignette(graded, 0.7)
    pen = ImageDraw.Draw(graded)
    # Wide pictures have the format already and keep only thin bars.
    bar = round(max(image.height - image.width / 2.1, image.height * 0.08) / 2)
    bar = min(bar, round(image.height * 0.13))
    pen.rectangle((0, 0, image.width, bar), fill=(0, 0, 0))
    pen.rectangle((0, image.height - bar, image.width, image.height), fill=(0, 0, 0))
    return graded


def analog_film(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Faded warm stock with grain, a light leak and a print's cream border."""
    faded = toned(saturated(image, 0.8), ("#3a2a30", "#8a6a50", "#d8b27a", "#f6e8c4"), 0.3)
    faded = curve(faded, ((0, 42), (80, 92), (200, 206), (255, 240)))
    x, y = positions(image, 8)
    edge = fractal_line(rng, y[:, 0], 0.8, 2)[:, None] * 0.25
    leak = np.exp(-np.clip((x + 1.0 + edge) / 0.3, 0, 9)) + 0.5 * np.exp(-(((x - 0.8) / 0.12) ** 2))
    faded = painted(faded, "#ff7a30", mask_of(image, leak * np.float32(0.5)))
    faded = grained(vignette(faded, 0.4, "#2a1408"), rng, 10)
    return _framed(faded, "#f3ead6", 0.045)


def enhance(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """More of everything: contrast, colour, sharpness and glow."""
    vivid = curve(saturated(image, 1.75), ((0, 0), (60, 34), (128, 138), (200, 232), (255, 255)))
    sharp = vivid.filter(ImageFilter.UnsharpMask(radius=2, percent=140, threshold=2))
    return bloom(sharp, 0.55, threshold=140)


def anime(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Cel shading in few bright tones, inked, with a pink glow and sparkles."""
    bright = curve(saturated(image, 1.5), ((0, 30), (70, 92), (150, 190), (255, 255)))
    cel = posterised(bright.filter(ImageFilter.BoxBlur(1)), 7)
    cel = toned(cel, ("#33307a", "#5a7fe0", "#ff9fc0", "#fff4e0"), 0.26)
    cel = bloom(cel, 0.4, threshold=170)
    cel = painted(cel, "#2a2148", outlines(bright, 5, floor=26))
    mask = Image.new("L", image.size)
    pen = ImageDraw.Draw(mask)
    unit = min(image.size)
    for u, v, size in rng.random((26, 3)):
        x, y, reach = u * image.width, v * image.height * 0.8, unit * (0.006 + 0.022 * size**2)
        waist = reach * 0.13
        pen.polygon(
            [(x, y - reach), (x + waist, y - waist), (x + reach, y), (x + waist, y + waist),
             (x, y + reach), (x - waist, y + waist), (x - reach, y), (x - waist, y - waist)],
            fill=240,
        )  # fmt: skip
    return painted(cel, "#ffffff", mask)


def digital_art(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Electric complementary colours, cut by planes of light."""
    electric = toned(
        saturated(image, 1.5), ("#12063a", "#5b18c9", "#ff3d81", "#ffb52e", "#fff6c8"), 0.6
    )
    x, y = positions(image, 4)
    for _ in range(5):
        angle, offset = float(rng.uniform(-0.9, 0.9)), float(rng.uniform(-0.9, 0.9))
        plane = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle)) - np.float32(offset)
        cut = ((plane > 0) & (plane < 0.5)) * (1 - plane * 2) * np.float32(0.26)
        code = str(rng.choice(["#21e6ff", "#ff4fd8", "#fff2a8", "#7b5cff"]))
        electric = painted(electric, code, mask_of(image, cut.astype(np.float32)))
    return bloom(electric, 0.6, threshold=150)


def fantasy_art(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """An illuminated page: brushed, violet and gold, with drifting motes and a gilt frame."""
    small = image.reduce(6 if min(image.size) > 512 else 2)
    brushed = small.filter(ImageFilter.ModeFilter(3)).resize(image.size, Image.Resampling.BILINEAR)
    page = Image.blend(image, brushed, 0.6)
    page = toned(page, ("#150a30", "#46307e", "#8a62bd", "#eec27c", "#fff3cf"), 0.5)
    mask = Image.new("L", image.size)
    pen = ImageDraw.Draw(mask)
    unit = min(image.size)
    for turn in np.linspace(0, 1, 110):
        # The motes rise in a spiral and scatter from it.
        angle = turn * 9 + float(rng.normal(0, 0.25))
        reach = 0.1 + 0.34 * abs(np.sin(turn * 3.1)) + float(rng.normal(0, 0.04))
        px = image.width * (0.5 + reach * np.cos(angle))
        py = image.height * (0.95 - 0.85 * turn) + unit * float(rng.normal(0, 0.03))
        radius = unit * float(rng.uniform(0.0012, 0.0042))
        pen.ellipse((px - radius, py - radius, px + radius, py + radius), fill=235)
    # The bloom comes last, so that the motes glow with the rest.
    page = painted(vignette(page, 0.85, "#120626"), "#ffe9a0", mask)
    return _gilded(bloom(page, 0.6, threshold=120))


def neon_punk(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A dark street lit by tubes that trace every edge, on a screen with scan lines."""
    dark = gradient_map(image, ("#04020e", "#120632", "#2b0b58", "#5a1274", "#a01c8c"))
    lines = outlines(image, 7, floor=14)
    x, y = positions(image, 8)
    share = np.broadcast_to(0.5 + 0.5 * np.sin(x * 2.2 + y * 2.6 + float(rng.uniform(0, 6))),
                            (y.size, x.size)).astype(np.float32)  # fmt: skip
    hues = Image.composite(
        Image.new("RGB", image.size, "#ff2bd6"),
        Image.new("RGB", image.size, "#1ff4ff"),
        mask_of(image, share),
    )
    tubes = Image.composite(hues, Image.new("RGB", image.size), lines)
    glow = softened(tubes, 4, max(1.0, min(image.size) / 256))
    lit = ImageChops.add(ImageChops.add(dark, curve(glow, ((0, 0), (160, 255), (255, 255)))), tubes)
    pitch = max(3, round(min(image.size) / 256))
    scan = np.full((image.height, 1, 3), 255, np.uint8)
    scan[::pitch] = 176
    return halved(ImageChops.multiply(lit, Image.fromarray(scan).resize(image.size)))


def _framed(image: Image.Image, code: str, share: float) -> Image.Image:
    """The picture inside a border that is a share of its shorter side."""
    border = max(2, round(min(image.size) * share))
    result = Image.new("RGB", image.size, code)
    inner = (max(1, image.width - 2 * border), max(1, image.height - 2 * border))
    mask = Image.new("L", inner, 0)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, inner[0] - 1, inner[1] - 1), border // 3, fill=255
    )
    result.paste(
        image.crop((border, border, border + inner[0], border + inner[1])), (border, border), mask
    )
    return result


def _gilded(image: Image.Image) -> Image.Image:
    pen = ImageDraw.Draw(image)
    unit = min(image.size)
    for inset, width, code in ((0.022, 0.006, "#d9a94a"), (0.034, 0.002, "#fff0b8")):
        edge = round(unit * inset)
        pen.rectangle(
            (edge, edge, image.width - 1 - edge, image.height - 1 - edge),
            outline=code, width=max(1, round(unit * width)),
        )  # fmt: skip
    return image
