"""A digest of pixels: blind to what else is in a file, and to nothing that decides them."""

import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lambdas.picture import parse

PICTURE = Image.linear_gradient("L").resize((64, 48)).convert("RGB")


def encoded(kind: str, image: Image.Image = PICTURE, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + zlib.crc32(name + content).to_bytes(4)


def png(header: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    named = [(b"IHDR", header), *chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in named)


def header(width: int, height: int, *, colour: int = 0, interlaced: int = 0) -> bytes:
    return struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, interlaced)


def png_text() -> PngInfo:
    text = PngInfo()
    text.add_text("parameters", "a cat")
    return text


def other(position: tuple[int, int] = (3, 3)) -> Image.Image:
    changed = PICTURE.copy()
    changed.putpixel(position, (0, 255, 0))
    return changed


@pytest.mark.parametrize(
    ("picture", "same"),
    [
        (encoded("png"), encoded("png", pnginfo=png_text(), dpi=(72, 72))),
        (encoded("png"), encoded("png") + b"after the end"),
        (encoded("jpeg"), encoded("jpeg", comment="a cat", exif=b"Exif\0\0MM", dpi=(72, 72))),
        (encoded("jpeg"), encoded("jpeg", icc_profile=b"profile") + b"after the end"),
        (
            encoded("jpeg", progressive=True),
            encoded("jpeg", progressive=True, xmp=b"<x/>"),
        ),
    ],
    ids=["png text", "png tail", "jpeg metadata", "jpeg profile and tail", "progressive"],
)
def test_metadata_does_not_count(picture: bytes, same: bytes) -> None:
    assert picture != same
    assert parse(picture).pixels_sha256 == parse(same).pixels_sha256


def test_compression_of_a_png_does_not_count() -> None:
    scanlines = b"\0abcd" * 4
    parts = zlib.compress(scanlines, 9)
    one = png(header(4, 4), (b"IDAT", zlib.compress(scanlines, 1)))
    several = png(header(4, 4), (b"IDAT", parts[:5]), (b"IDAT", b""), (b"IDAT", parts[5:]))

    assert parse(one).pixels_sha256 == parse(several).pixels_sha256


@pytest.mark.parametrize(
    ("picture", "different"),
    [
        (encoded("png"), encoded("png", other())),
        (encoded("png"), encoded("png", PICTURE.resize((48, 64)))),
        (encoded("png"), encoded("png", PICTURE.convert("RGBA"))),
        (
            encoded("png", PICTURE.quantize(4)),
            encoded("png", PICTURE.quantize(4), transparency=1),
        ),
        (encoded("png"), encoded("jpeg")),
        (encoded("jpeg"), encoded("jpeg", other((60, 40)))),
        (encoded("jpeg"), encoded("jpeg", quality=74)),
        (encoded("jpeg", progressive=True), encoded("jpeg", other((60, 40)), progressive=True)),
        (
            encoded("jpeg", PICTURE.convert("CMYK")),
            encoded("jpeg", PICTURE.convert("CMYK")).replace(b"Adobe\0d", b"Ad0be\0d"),
        ),
    ],
    ids=[
        "png pixel", "png size", "png colour type", "png transparency", "format", "jpeg pixel",
        "jpeg tables", "progressive scans", "jpeg colour transform",
    ],
)  # fmt: skip
def test_whatever_decides_pixels_counts(picture: bytes, different: bytes) -> None:
    assert parse(picture).pixels_sha256 != parse(different).pixels_sha256


def test_palette_counts() -> None:
    pixels = (b"IDAT", zlib.compress(b"\0\0"))

    red = png(header(1, 1, colour=3), (b"PLTE", b"\xff\0\0"), pixels)
    green = png(header(1, 1, colour=3), (b"PLTE", b"\0\xff\0"), pixels)

    assert parse(red).pixels_sha256 != parse(green).pixels_sha256


def test_interlaced_scanlines_are_counted_as_pillow_does() -> None:
    """Seven passes over eight by eight pixels are 79 bytes with their filters."""
    interlaced = header(8, 8, interlaced=1)
    whole = png(interlaced, (b"IDAT", zlib.compress(bytes(79))))

    Image.open(io.BytesIO(whole)).load()

    assert len(parse(whole).pixels_sha256) == 64
    with pytest.raises(ValueError, match="too few pixels"):
        _ = parse(png(interlaced, (b"IDAT", zlib.compress(bytes(78))))).pixels_sha256


def test_bytes_after_the_last_scanline_are_no_pixels() -> None:
    exact = png(header(4, 4), (b"IDAT", zlib.compress(b"\0abcd" * 4)))
    longer = png(header(4, 4), (b"IDAT", zlib.compress(b"\0abcd" * 4 + bytes(10_000_000))))

    assert parse(exact).pixels_sha256 == parse(longer).pixels_sha256


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        encoded("gif"),
        encoded("png")[:-5],
        encoded("jpeg")[:-5],
        png(header(4, 4)),
        png(header(4, 4), (b"IDAT", b"no stream")),
        png(header(4, 4), (b"IDAT", zlib.compress(b"\0abcd" * 4)[:-4])),
        png(header(4, 4), (b"IDAT", zlib.compress(b"\0abcd" * 4)[:-1] + b"\0")),
        png(header(4, 4), (b"IDAT", zlib.compress(b"\0abcd" * 3))),
        png(header(0, 4), (b"IDAT", zlib.compress(b""))),
        png(header(4, 4, colour=5), (b"IDAT", zlib.compress(bytes(99)))),
        png(header(0xFFFFFFFF, 0xFFFFFFFF, colour=6), (b"IDAT", zlib.compress(bytes(99)))),
        b"\xff\xd8\xff\xd9",
    ],
    ids=[
        "empty", "gif", "png cut short", "jpeg cut short", "no pixels", "no stream",
        "stream without its checksum", "stream with a wrong checksum", "a line missing",
        "no width", "no such colour type", "larger than memory", "jpeg without a frame",
    ],
)  # fmt: skip
def test_broken_pictures_have_no_digest(picture: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        _ = parse(picture).pixels_sha256


@given(st.integers(0), st.integers(0, 255), st.sampled_from(["png", "jpeg"]))
def test_a_flipped_byte_is_an_error_or_metadata_or_another_digest(
    at: int, byte: int, kind: str
) -> None:
    """And never one that Pillow would show differently under the same digest."""
    whole = encoded(kind)
    at %= len(whole)
    flipped = whole[:at] + bytes([byte]) + whole[at + 1 :]

    try:
        same = parse(flipped).pixels_sha256 == parse(whole).pixels_sha256
    except ValueError:
        return

    if same:
        assert Image.open(io.BytesIO(flipped)).tobytes() == Image.open(io.BytesIO(whole)).tobytes()
