"""Reading a picture's format and size from its bytes."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lambdas.picture import parse


def encoded(kind: str, size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, kind, **options)
    return out.getvalue()


PNG = encoded("png")


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (PNG, ("png", 64, 48)),
        (encoded("jpeg"), ("jpeg", 64, 48)),
        (encoded("jpeg", progressive=True), ("jpeg", 64, 48)),
        (encoded("jpeg", comment=b"x" * 1000), ("jpeg", 64, 48)),
        (encoded("jpeg") + b"\0\0", ("jpeg", 64, 48)),
        (b"\xff\xd8\xff\xff" + encoded("jpeg")[3:], ("jpeg", 64, 48)),
    ],
    ids=[
        "png",
        "baseline jpeg",
        "progressive jpeg",
        "jpeg with a comment",
        "bytes after the end",
        "fill bytes",
    ],
)
def test_format_and_size_are_those_of_the_encoder(
    picture: bytes, expected: tuple[str, int, int]
) -> None:
    parsed = parse(picture)

    assert (parsed.output_format, parsed.width, parsed.height) == expected


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"not a picture",
        encoded("gif"),
        encoded("webp"),
        PNG[:-1],
        PNG[: len(PNG) // 2],
        PNG[:100] + bytes([PNG[100] ^ 1]) + PNG[101:],
        b"\xff\xd8\xff\xd9",
        encoded("jpeg")[:-2],
        encoded("jpeg")[:2] + b"\xff\xd0" + encoded("jpeg")[2:],
        encoded("jpeg").replace(b"\xff\xda\0\x0c", b"\xff\xda\0\x0d"),
        PNG[:8] + PNG[33:],
        PNG[:33] + PNG[8:],
    ],
    ids=[
        "empty", "text", "gif", "webp", "png less a byte", "half a png", "png with a flipped bit",
        "jpeg without a frame", "jpeg without an end", "restart outside of a scan",
        "scan of a wrong length", "png without a header", "two headers",
    ],
)  # fmt: skip
def test_what_is_no_whole_png_or_jpeg_is_refused(picture: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse(picture)


@given(st.binary(max_size=200), st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b""]))
def test_random_bytes_never_break_the_reader(noise: bytes, start: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse(start + noise)
