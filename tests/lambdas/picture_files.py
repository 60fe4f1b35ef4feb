"""Pictures' files for tests: made, taken apart, and with a recipe in them."""

import io
import struct
import zlib
from functools import cache
from typing import Any

from PIL import Image, ImageOps

from lambdas.common.recipe import Recipe
from lambdas.picture import parse

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

NASTY = (
    'a & b <c> ]]> "d" \\ \0\x01\x7f\x85\u2028\ufffe\uffff\U0001ffff\r\n\t'
    "Negative prompt: none\nSteps: 1, Seed: 2, Size: 3x4</rdf:li><!DOCTYPE x>"
)
LONGEST = {
    "ascii": ("a" * 10_000, "b" * 10_000),
    "four-bytes-each": ("\U0001f30a" * 10_000, "\U0001f408" * 10_000),
    "escaped-in-json": ("\0" * 10_000, '"' * 10_000),
    "escaped-in-xml": ("&" * 10_000, "<" * 10_000),
}


def recipe(prompt: str = "a lighthouse, at dusk", negative_prompt: str = "people") -> Recipe:
    return Recipe(
        model="stability.stable-image-core-v1:1",
        prompt=prompt,
        negative_prompt=negative_prompt,
        seed=42,
        parameters={"aspect_ratio": "3:2", "output_format": "png"},
    )


@cache
def painted(kind: str) -> bytes:
    gradient = Image.linear_gradient("L").resize((96, 64))
    return encoded(kind, Image.merge("RGB", [gradient, ImageOps.mirror(gradient), gradient]))


def encoded(kind: str, image: Image.Image, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + zlib.crc32(name + content).to_bytes(4)


def segment(content: bytes, marker: int = 0xE1) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def embed(picture: bytes, own: Recipe) -> bytes:
    return parse(picture).with_recipe(own).content


def strip(picture: bytes) -> bytes:
    return parse(picture).without_recipe().content


def read_recipe_json(picture: bytes) -> str | None:
    return parse(picture).recipe_json()


def is_signed(picture: bytes) -> bool:
    return parse(picture).is_signed


def end_of(picture: bytes, parts: int) -> int:
    """Where the first parts of a file end."""
    parsed = parse(picture)
    return len(parsed.signature) + sum(len(part.raw) for part in parsed.parts[:parts])
