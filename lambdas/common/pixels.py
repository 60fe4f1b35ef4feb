"""A digest of what decides a picture's pixels, whatever else is in its file.

Sources: the PNG specification (scanlines, interlacing), ITU T.81 (JPEG's segments).
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator

from lambdas.common.picture_format import chunks, read_format, segments

# Samples in a pixel, by PNG's colour type.
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Offset and distance of the pixels in each pass of Adam7: x, y, x, y.
_PASSES = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4),
    (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
)  # fmt: skip
_PNG_PARTS = (b"IHDR", b"PLTE", b"tRNS")

_APPLICATION, _ADOBE, _COMMENT = range(0xE0, 0xF0), 0xEE, 0xFE


def pixels_digest(picture: bytes) -> str:
    """SHA-256 that is equal for files which code the same pixels in the same way.

    PNG: header, palette, transparency and the filtered scanlines. Metadata and compression do not
    count; another choice of filters, interlacing or colour type does, although it may show the
    same pixels. JPEG: every segment and scan but comments and application data, except Adobe's,
    which says how colours are coded; so a file that was coded anew is another one.
    ValueError for what is no whole PNG or JPEG.
    """
    parts = _png if read_format(picture).output_format == "png" else _jpeg
    digest = hashlib.sha256()
    for name, content in parts(picture):
        digest.update(name + len(content).to_bytes(8))
        digest.update(content)
    return digest.hexdigest()


def _png(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    found = list(chunks(picture))
    for name in _PNG_PARTS:
        yield from ((name, chunk.content) for chunk in found if chunk.name == name)
    compressed = b"".join(chunk.content for chunk in found if chunk.name == b"IDAT")
    yield b"IDAT", _scanlines(compressed, _scanline_bytes(found[0].content))


def _scanlines(compressed: bytes, expected: int) -> bytes:
    """As many bytes as the header promises, never more: what follows is no picture."""
    inflater = zlib.decompressobj()
    try:
        scanlines = inflater.decompress(compressed, expected)
        # Reads on to the stream's own checksum, where the last byte was all there was.
        surplus = inflater.decompress(inflater.unconsumed_tail, 1)
    except (zlib.error, OverflowError) as error:
        raise ValueError(f"PNG has broken pixels: {error}") from error
    if len(scanlines) < expected or not (inflater.eof or surplus):
        raise ValueError("PNG has too few pixels")
    return scanlines


def _scanline_bytes(header: bytes) -> int:
    """The length of all scanlines, each with its byte for the filter."""
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if not width or not height or colour not in _SAMPLES:
        raise ValueError("PNG has a header without meaning")
    total = 0
    for x, y, x_step, y_step in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - x) // x_step), -(-(height - y) // y_step)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * depth * _SAMPLES[colour] // 8))
    return total


def _jpeg(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    for segment in segments(picture):
        adobe = segment.marker == _ADOBE and segment.content.startswith(b"Adobe")
        if adobe or segment.marker not in (*_APPLICATION, _COMMENT):
            yield bytes([segment.marker]), segment.content
