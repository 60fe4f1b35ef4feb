"""Reads format and size of a picture from its bytes, strictly: a truncated file is none.

Sources: the PNG specification (chunks and their CRC), ITU T.81 (JPEG markers).
"""

import struct
import zlib
from dataclasses import dataclass

CONTENT_TYPES = {"png": "image/png", "jpeg": "image/jpeg"}
FILE_EXTENSIONS = {"png": "png", "jpeg": "jpg"}

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SCAN = 0xDA


@dataclass(frozen=True)
class PictureFormat:
    """`output_format` png or jpeg; `width` and `height` in pixels."""

    output_format: str
    width: int
    height: int


def read_format(picture: bytes) -> PictureFormat:
    """Format and size of whole PNG or JPEG bytes. ValueError, which says why, for all else."""
    if picture.startswith(_PNG_SIGNATURE):
        return _read_png(picture)
    if picture.startswith(_JPEG_START):
        return _read_jpeg(picture)
    raise ValueError("neither PNG nor JPEG")


def _read_png(picture: bytes) -> PictureFormat:
    size: tuple[int, int] | None = None
    at = len(_PNG_SIGNATURE)
    while at + 12 <= len(picture):
        length, name = struct.unpack_from(">I4s", picture, at)
        end = at + 12 + length
        if end > len(picture):
            break
        if zlib.crc32(picture[at + 4 : end - 4]) != struct.unpack_from(">I", picture, end - 4)[0]:
            raise ValueError(f"PNG chunk {name!r} has a wrong checksum")
        if name == b"IHDR" and length == 13:
            size = struct.unpack_from(">II", picture, at + 8)
        if name == b"IEND" and size is not None:
            return PictureFormat("png", *size)
        at = end
    raise ValueError("PNG is cut short")


def _read_jpeg(picture: bytes) -> PictureFormat:
    """Fill bytes between markers and bytes after the end are allowed by the standard."""
    found: PictureFormat | None = None
    at = len(_JPEG_START)
    while at + 4 <= len(picture) and picture[at] == 0xFF:
        marker = picture[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", picture, at + 2)
        if marker in _JPEG_FRAMES and length >= 7 and at + 9 <= len(picture):
            height, width = struct.unpack_from(">HH", picture, at + 5)
            found = PictureFormat("jpeg", width, height)
        if marker == _JPEG_SCAN and found is not None:
            if _JPEG_END not in picture[at:]:
                raise ValueError("JPEG is cut short")
            return found
        at += 2 + length
    raise ValueError("JPEG has no picture")
