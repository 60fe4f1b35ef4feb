"""Draws a poster: the prompt in type, on a ground that its seed, style and mood decide."""

import hashlib
import re
from random import Random
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

from lambdas.common.catalog import STYLE_PRESETS, Size
from local.bedrock.families import ModelRequest
from local.bedrock.renderers import encoded, ground
from local.bedrock.renderers.lettering import TABLES, fitted, font

_RULE_PARTS = 32


def render_poster(request: ModelRequest) -> bytes:
    """Returns another picture for every other request."""
    digest = hashlib.sha256(repr(request).encode()).digest()
    rng = Random(digest)
    prompt, style = with_style(request.prompt, request.style)
    look = TABLES["styles"][style] if style else rng.choice(TABLES["plain"])
    colours = ground.Palette(TABLES["palettes"].get(look.get("palette")) or mood(prompt, rng))
    scene, face = look.get("scene", False), look.get("face", "grotesk")
    width, height = request.size
    side, wide = min(request.size), width > 1.3 * height

    left = round(max(3, min(side * 0.07, max(request.size) * 0.05)))
    right = round(width * (0.6 if scene else 0.47)) if wide else width - left
    small = round(max(side * 0.019, 9)) if side >= 200 else 0
    rule = left + round(small * 0.9)
    top = rule + round(side * 0.06)
    foot = height * (0.62 if scene else 0.9) if wide else height * 0.48
    # Capitals suit the condensed face. Greek ones would have to lose their accents.
    if face == "condensed" and len(prompt) < 60 and not re.search("[\u0370-\u03ff]", prompt):
        prompt = prompt.upper()
    box = (right - left, round(foot) - top)
    title = fitted(prompt, face, box, least=max(7, side * 0.026), most=side * 0.3)
    below = min(top + title.height + round(side * 0.07), height - 8)

    page = Image.new("RGB", request.size, colours.field)
    at, free = (0, 0), (right if wide else 0, below)
    if not scene:
        at, free = (right + left, 0) if wide else (0, below), (0, 0)
    page.paste(_ground(look, (width - at[0], height - at[1]), free, colours, rng), at)
    pen, ink = ImageDraw.Draw(page), "#" + bytes(colours.ink).hex()
    if small:
        _small_print(pen, request, small, left, right, ink)
    _rule(pen, digest, side, (left, rule, right), ink)
    title.draw(pen, left, top, right, ink)
    return encoded(page, request.output_format)


def with_style(prompt: str, style: str | None) -> tuple[str, str]:
    """Returns the words to set and the style's key. Models without styles get the style at the end
    of the prompt."""
    named = re.fullmatch(r"(.*),\s*([\w\- ]+?)\s+style\s*\.?\s*", prompt, re.DOTALL | re.IGNORECASE)
    if style or not named or _key(named[2]) not in STYLE_PRESETS:
        return prompt, _key(style or "")
    return named[1], _key(named[2])


def _key(style: str) -> str:
    return re.sub(r"[\s_-]+", "-", style.strip().casefold())


def mood(prompt: str, rng: Random) -> str:
    """Returns the colours that the prompt's words call for, or any."""
    words = set(re.findall(r"[a-z]+", prompt.casefold()))
    moods = list(TABLES["moods"].values())
    called = (each for each in moods if words & set(each["words"].split()))
    return str(next(called, rng.choice(moods))["colours"])


def _ground(
    look: dict[str, Any], size: Size, free: Size, colours: ground.Palette, rng: Random
) -> Image.Image:
    """Draws a look's ground, larger and then smaller for even edges, or smaller for soft ones."""
    scale = look.get("scale", 2)
    canvas = Image.new("RGB", (round(size[0] * scale), round(size[1] * scale)), colours.field)
    here = ground.Ground(canvas, free[0] * scale, free[1] * scale, colours, rng)
    getattr(ground, look["motif"])(here, **look.get("options", {}))
    if scale == 2:
        return canvas.reduce(2)
    if scale == 0.1:
        return canvas.resize(size, Image.Resampling.NEAREST)
    return canvas.filter(ImageFilter.GaussianBlur(0.15 / scale)).resize(size)


def _small_print(
    pen: ImageDraw.ImageDraw, request: ModelRequest, size: int, left: int, right: int, ink: str
) -> None:
    texts = (f"Stand-in for {request.model.split('.')[-1]}", f"Seed {request.seed}")
    length = sum(map(font("small", size).getlength, texts)) + size
    face = font("small", max(5, min(size, int(size * (right - left) / length))))
    pen.text((left, left), texts[0], ink, face, "ls")
    pen.text((right, left), texts[1], ink, face, "rs")


def _rule(
    pen: ImageDraw.ImageDraw, digest: bytes, side: int, line: tuple[int, int, int], ink: str
) -> None:
    """Draws a rule whose thick parts are the digest's first bits, so that no two posters of
    different requests are the same."""
    left, top, right = line
    bits = int.from_bytes(digest[: _RULE_PARTS // 8])
    for part in range(_RULE_PARTS):
        start, end = (left + (right - left) * each // _RULE_PARTS for each in (part, part + 1))
        tall = max(2, side // 140) if bits >> part & 1 else max(1, side // 500)
        pen.rectangle((start, top, end - 1, top + tall - 1), ink)
