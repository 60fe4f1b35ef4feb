"""Reads format and size of a picture from its bytes, strictly: a truncated file is none.

Sources: the PNG specification (chunks and their CRC), ITU T.81 (JPEG markers).
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

CONTENT_TYPES = {"png": "image/png", "jpeg": "image/jpeg"}
FILE_EXTENSIONS = {"png": "png", "jpeg": "jpg"}

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_START = b"\xff\xd8"
_JPEG_END = 0xD9
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SCAN = 0xDA
# Restarts and the start of a picture have no length, and no place between segments.
_JPEG_STANDALONE = frozenset((0x00, 0x01, *range(0xD0, 0xD9)))
_JPEG_MARKER = re.compile(rb"\xff+([^\xff])", re.DOTALL)
# In the data of a scan, a stuffed zero or a restart is no marker.
_JPEG_AFTER_SCAN = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)


@dataclass(frozen=True)
class PictureFormat:
    """`output_format` png or jpeg; `width` and `height` in pixels."""

    output_format: str
    width: int
    height: int


@dataclass(frozen=True)
class Chunk:
    """A chunk of a PNG; `end` is where the next one begins."""

    name: bytes
    content: bytes
    end: int


@dataclass(frozen=True)
class Segment:
    """A marker segment of a JPEG; that of a scan holds the scan's data too. `end` is where the
    next one begins, fill bytes before its marker included."""

    marker: int
    content: bytes
    end: int


def read_format(picture: bytes) -> PictureFormat:
    """Format and size of whole PNG or JPEG bytes. ValueError, which says why, for all else."""
    if picture.startswith(_PNG_SIGNATURE):
        return _read_png(picture)
    if picture.startswith(_JPEG_START):
        return _read_jpeg(picture)
    raise ValueError("neither PNG nor JPEG")


def chunks(png: bytes) -> Iterator[Chunk]:
    """The chunks of a PNG from IHDR to IEND. ValueError where it is broken or cut short."""
    at = len(_PNG_SIGNATURE)
    while at + 12 <= len(png):
        length, name = struct.unpack_from(">I4s", png, at)
        end = at + 12 + length
        if end > len(png):
            break
        if zlib.crc32(png[at + 4 : end - 4]) != struct.unpack_from(">I", png, end - 4)[0]:
            raise ValueError(f"PNG chunk {name!r} has a wrong checksum")
        if (at == len(_PNG_SIGNATURE)) != (name == b"IHDR" and length == 13):
            raise ValueError("PNG does not begin with one IHDR")
        yield Chunk(name, png[at + 8 : end - 4], end)
        if name == b"IEND":
            return
        at = end
    raise ValueError("PNG is cut short")


def segments(jpeg: bytes) -> Iterator[Segment]:
    """The segments of a JPEG after its start and before its end. ValueError where it is broken.

    Fill bytes between markers and bytes after the end are allowed by the standard.
    """
    at = len(_JPEG_START)
    while found := _JPEG_MARKER.match(jpeg, at):
        marker, begin = found[1][0], found.end()
        if marker == _JPEG_END:
            return
        if marker in _JPEG_STANDALONE:
            raise ValueError(f"JPEG marker {marker:02X} is out of place")
        length = int.from_bytes(jpeg[begin : begin + 2])
        end = begin + length
        if length < 2 or end > len(jpeg):
            break
        if marker == _JPEG_SCAN:
            if length < 3 or length != 6 + 2 * jpeg[begin + 2]:
                raise ValueError("JPEG scan has a wrong length")
            after = _JPEG_AFTER_SCAN.search(jpeg, end)
            if after is None:
                break
            end = after.start()
        yield Segment(marker, jpeg[begin + 2 : end], end)
        at = end
    raise ValueError("JPEG is cut short")


def _read_png(picture: bytes) -> PictureFormat:
    header, *_ = chunks(picture)
    return PictureFormat("png", *struct.unpack_from(">II", header.content))


def _read_jpeg(picture: bytes) -> PictureFormat:
    found: PictureFormat | None = None
    drawn = False
    for segment in segments(picture):
        if segment.marker in _JPEG_FRAMES and len(segment.content) >= 5 and not drawn:
            height, width = struct.unpack_from(">HH", segment.content, 1)
            found = PictureFormat("jpeg", width, height)
        drawn = drawn or segment.marker == _JPEG_SCAN
    if found is None or not drawn:
        raise ValueError("JPEG has no picture")
    return found
