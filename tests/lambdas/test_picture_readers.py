"""Broken and signed files are seen, and other tools read the recipe in a picture."""

import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lambdas.picture.infotext import infotext
from tests.lambdas.picture_files import (
    LONGEST,
    NASTY,
    PNG_SIGNATURE,
    chunk,
    embed,
    encoded,
    end_of,
    is_signed,
    painted,
    read_recipe_json,
    recipe,
    segment,
    strip,
)
from tests.picture_readers import exiftool, needs, pngcheck


def with_text(content: bytes) -> bytes:
    at = end_of(painted("png"), 1)
    return painted("png")[:at] + chunk(b"iTXt", content) + painted("png")[at:]


def with_xmp(packet: bytes) -> bytes:
    return encoded(
        "jpeg", Image.new("RGB", (8, 8)), xmp=packet + b"https://easel.invalid/recipe/1/"
    )


@pytest.mark.parametrize(
    "picture",
    [
        with_text(b"easel\0\1\0\0\0no stream"),
        with_text(b"easel\0\1\0\0\0" + zlib.compress(b"{}")[:-1]),
        with_text(b"easel\0\1\0\0\0" + zlib.compress(bytes(10_000_000))),
        with_text(b"easel\0\0\0\0\0\xff"),
        with_xmp(b"<x"),
        with_xmp(b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'),
        b"",
        b"GIF89a",
        painted("png")[:-1],
        painted("jpeg")[:-2],
    ],
    ids=[
        "no stream", "half a stream", "a bomb", "no UTF-8", "broken XMP", "entities",
        "nothing", "gif", "png cut short", "jpeg cut short",
    ],
)  # fmt: skip
def test_a_broken_picture_or_recipe_is_a_value_error(picture: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_recipe_json(picture)


@given(st.binary(max_size=200), st.sampled_from([PNG_SIGNATURE, b"\xff\xd8", b""]))
def test_noise_is_never_taken_for_a_picture(noise: bytes, start: bytes) -> None:
    for refuse in (strip, read_recipe_json, is_signed, lambda it: embed(it, recipe())):
        with pytest.raises(ValueError, match=r"\w"):
            refuse(start + noise)


@pytest.mark.parametrize(
    ("picture", "signed"),
    [
        (painted("png"), False),
        (painted("jpeg"), False),
        (painted("png")[:33] + chunk(b"caBX", b"\0\0\0\x10jumb") + painted("png")[33:], True),
        (
            painted("jpeg")[:20]
            + segment(b"JP\0\1\0\0\0\1\0\0\0\x10jumb", 0xEB)
            + painted("jpeg")[20:],
            True,
        ),
    ],
    ids=["png", "jpeg", "signed png", "signed jpeg"],
)
def test_content_credentials_are_seen(picture: bytes, signed: bool) -> None:
    assert is_signed(picture) is signed


@needs("exiftool")
@pytest.mark.parametrize("prompts", [("a caf\xe9\n& co", "<x>"), *LONGEST.values()])
@pytest.mark.parametrize(
    ("kind", "recipe_tag", "text_tag"),
    [("png", "PNG:Easel", "PNG:Parameters"), ("jpeg", "XMP-easel:Recipe", "XMP-dc:Description")],
)
def test_exiftool_reads_recipe_and_text(
    kind: str, recipe_tag: str, text_tag: str, prompts: tuple[str, str], tmp_path: Path
) -> None:
    own = recipe(*prompts)
    path = tmp_path / f"picture.{kind}"
    path.write_bytes(embed(painted(kind), own))

    assert json.loads(exiftool(path, recipe_tag)) == own.to_dict()
    assert exiftool(path, text_tag) == infotext(own, 96, 64)
    assert exiftool(path, "Warning") == ""


@needs("pngcheck")
@pytest.mark.parametrize("prompt", ["a cat", "\u706f\u53f0", NASTY], ids=ascii)
def test_pngcheck_finds_nothing_wrong(prompt: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(embed(painted("png"), recipe(prompt)))

    pngcheck(path)
