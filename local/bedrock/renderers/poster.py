"""Draws a poster: the prompt in type, on a ground that its seed, style and mood decide."""

import re
from collections.abc import Sequence
from random import Random
from typing import Any

from PIL import Image, ImageColor, ImageDraw, ImageFilter

from lambdas.common.catalog import STYLE_PRESETS, Size
from local.bedrock.families import ModelRequest
from local.bedrock.renderers import encoded, fingerprint, ground
from local.bedrock.renderers.lettering import TABLES, fitted, font


def render_poster(request: ModelRequest) -> bytes:
    """Returns another picture for every other request."""
    digest = fingerprint(request)
    rng = Random(digest)
    prompt, style = with_style(request.prompt, request.style)
    look = TABLES["styles"].get(style) or rng.choice(TABLES["plain"])
    named = TABLES["palettes"].get(look.get("palette")) or mood(prompt, rng)
    colours = [ImageColor.getrgb("#" + colour) for colour in named.split()]
    scene, face = look.get("scene", False), look.get("face", "grotesk")
    width, height = request.size
    side, wide = min(request.size), width > 1.3 * height

    left = round(max(3, min(side * 0.07, max(request.size) * 0.05)))
    right = round(width * (0.6 if scene else 0.47)) if wide else width - left
    top = left + round(max(side * 0.017, 8) if side >= 200 else 0) + round(side * 0.06)
    foot = height * (0.62 if scene else 0.9) if wide else height * 0.48
    # Capitals suit the condensed face. Greek ones would have to lose their accents.
    if face == "condensed" and len(prompt) < 60 and not re.search("[\u0370-\u03ff]", prompt):
        prompt = prompt.upper()
    box = (right - left, max(8, round(foot) - top))
    title = fitted(prompt, face, box, least=max(7, side * 0.026), most=side * 0.3)
    below = min(top + title.height + round(side * 0.07), height - 8)

    page = Image.new("RGB", request.size, colours[0])
    at = (0, 0) if scene else (right + left, 0) if wide else (0, below)
    free = (right if wide else 0, below) if scene else (0, 0)
    page.paste(_ground(look, (width - at[0], height - at[1]), free, colours, rng), at)
    pen, ink = ImageDraw.Draw(page), "#" + named.split()[1]
    _head(pen, request, digest, left, right, ink)
    title.draw(pen, left, top, right, ink)
    return encoded(page, request.output_format)


def with_style(prompt: str, style: str | None) -> tuple[str, str]:
    """Returns the words to set, and the style, which some models get at the end of the prompt."""
    rest, _, last = prompt.rpartition(",")
    words = last.casefold().rstrip(" .").split()
    if rest and not style and words[-1:] == ["style"] and "-".join(words[:-1]) in STYLE_PRESETS:
        return rest, "-".join(words[:-1])
    return prompt, (style or "").casefold().replace("_", "-")


def mood(prompt: str, rng: Random) -> str:
    """Returns the colours that the prompt's words call for, or any."""
    words, moods = set(re.findall(r"[a-z]+", prompt.casefold())), list(TABLES["moods"].values())
    called = (each for each in moods if words & set(each["words"].split()))
    return str(next(called, rng.choice(moods))["colours"])


def _ground(
    look: dict[str, Any], size: Size, free: Size, colours: Sequence[ground.RGB], rng: Random
) -> Image.Image:
    """Draws a look's ground, larger and then smaller for even edges, or smaller for soft ones."""
    scale = look.get("scale", 2)
    canvas = Image.new("RGB", (round(size[0] * scale), round(size[1] * scale)), colours[0])
    here = ground.Ground(canvas, free[0] * scale, free[1] * scale, colours, rng)
    getattr(ground, look["motif"])(here, **look.get("options", {}))
    if scale > 1:
        return canvas.reduce(scale)
    if scale == 0.1:
        return canvas.resize(size, Image.Resampling.NEAREST)
    return canvas.filter(ImageFilter.GaussianBlur(0.15 / scale)).resize(size)


def _head(
    pen: ImageDraw.ImageDraw, request: ModelRequest, digest: bytes, left: int, right: int, ink: str
) -> None:
    """Draws the small print, and under it a rule whose thick parts are bits of the digest, so that
    no two requests have the same poster."""
    side, top = min(request.size), left
    if side >= 200:
        size = round(max(side * 0.019, 9))
        texts = (f"Stand-in for {request.model.split('.')[-1]}", f"Seed {request.seed}")
        length = sum(map(font("small", size).getlength, texts)) + size
        small = font("small", max(5, min(size, int(size * (right - left) / length))))
        pen.text((left, top), texts[0], ink, small, "ls")
        pen.text((right, top), texts[1], ink, small, "rs")
        top += round(size * 0.9)
    for part in range(32):
        start, end = (left + (right - left) * each // 32 for each in (part, part + 1))
        tall = max(2, side // 140) if digest[part // 8] >> part % 8 & 1 else max(1, side // 500)
        pen.rectangle((start, top, end - 1, top + tall - 1), ink)
