"""PNG files, with the recipe in text chunks.

Sources: the PNG specification, the C2PA specification (where Content Credentials stand).
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Self

from lambdas.picture.picture import Bytes, Part, Picture

_RECIPE_KEYWORD = b"easel\0"
_INFOTEXT_KEYWORD = b"parameters\0"
# In bytes. The two longest prompts take a tenth of it.
_LONGEST_RECIPE = 1_048_576
# In bytes, of compressed data that is inflated at once.
_PIECE = 65_536

# Samples in a pixel, by colour type.
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Offset (x, y) and distance (x, y) of the pixels in each pass of Adam7.
_PASSES = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4),
    (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
)  # fmt: skip


class Png(Picture):
    output_format = "png"
    signature = b"\x89PNG\r\n\x1a\n"

    @classmethod
    def parse(cls, file: bytes) -> Self:
        """Parses a file from IHDR to IEND. Raises ValueError if a chunk is broken or missing."""
        parts = tuple(_chunks(file))
        width, height = struct.unpack_from(">II", parts[0].content)
        signed = any(chunk.name == b"caBX" for chunk in parts)
        return cls(width, height, signed, parts)

    def recipe_json(self) -> str | None:
        for chunk in self.parts:
            if chunk.begins(b"iTXt", _RECIPE_KEYWORD):
                return _international_text(bytes(chunk.content))
        return None

    def _pixels(self) -> Iterator[tuple[bytes, int, Iterable[Bytes]]]:
        """Yields header, palette, transparency and the filtered scanlines.

        Compression makes no difference. Other filters, interlacing or colour type do, although
        they may show the same pixels.
        """
        for name in (b"IHDR", b"PLTE", b"tRNS"):
            for chunk in self._named(name):
                yield name, len(chunk), [chunk]
        # Bytes after the last scanline are not part of the picture.
        expected = _scanline_bytes(self.parts[0].content)
        yield b"IDAT", expected, _inflated(self._named(b"IDAT"), expected)

    def _named(self, name: bytes) -> Iterator[Bytes]:
        return (chunk.content for chunk in self.parts if chunk.name == name)

    def _recipe_place(self) -> slice:
        """Returns the place after the header. `parameters` right after a recipe are part of it."""
        if not _is_text(self.parts[1], _RECIPE_KEYWORD):
            return slice(1, 1)
        return slice(1, 3 if _is_text(self.parts[2], _INFOTEXT_KEYWORD) else 2)

    def _recipe_parts(self, recipe_json: str, text: str) -> list[Part]:
        """Returns uncompressed chunks, because not every reader can inflate them."""
        recipe = _chunk(b"iTXt", _RECIPE_KEYWORD + bytes(4) + recipe_json.encode())
        try:
            return [recipe, _chunk(b"tEXt", _INFOTEXT_KEYWORD + text.encode("latin-1"))]
        except UnicodeEncodeError:
            return [recipe, _chunk(b"iTXt", _INFOTEXT_KEYWORD + bytes(4) + text.encode())]


def _chunks(file: bytes) -> Iterator[Part]:
    """Yields the chunks up to IEND, and what follows them as a part without a name."""
    view, at, name = memoryview(file), len(Png.signature), b""
    while name != b"IEND":
        end = at + 12 + int.from_bytes(view[at : at + 4])
        if end > len(file):
            raise ValueError("PNG is cut short")
        name = file[at + 4 : at + 8]
        chunk = Part(name, view[at + 8 : end - 4], view[at:end])
        if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end]):
            raise ValueError(f"PNG chunk {name!r} has a wrong checksum")
        if (at == len(Png.signature)) != (name == b"IHDR" and len(chunk.content) == 13):
            raise ValueError("PNG does not begin with one IHDR")
        yield chunk
        at = end
    yield Part(b"", b"", view[at:])


def _chunk(name: bytes, content: bytes) -> Part:
    checksum = zlib.crc32(name + content).to_bytes(4)
    return Part(name, content, len(content).to_bytes(4) + name + content + checksum)


def _is_text(chunk: Part, keyword: bytes) -> bool:
    return chunk.begins(b"tEXt", keyword) or chunk.begins(b"iTXt", keyword)


def _international_text(content: bytes) -> str:
    """Returns the text of an iTXt chunk. Raises ValueError if it is broken or too long."""
    _, _, rest = content.partition(b"\0")
    text = rest[2:].split(b"\0", 2)[-1]
    if rest.startswith(b"\1"):
        text = b"".join(_inflated([text], _LONGEST_RECIPE + 1))
        if len(text) > _LONGEST_RECIPE:
            raise ValueError("compressed text is too long")
    return text.decode()


def _inflated(stream: Iterable[Bytes], longest: int) -> Iterator[bytes]:
    """Yields up to `longest` bytes of a zlib stream. Raises ValueError if it is broken, or neither
    goes on nor ends properly."""
    inflater, left = zlib.decompressobj(), longest + 1
    for part in stream:
        for at in range(0, len(part), _PIECE):
            if left and not inflater.eof:
                try:
                    inflated = inflater.decompress(part[at : at + _PIECE], left)
                except (zlib.error, OverflowError) as error:
                    raise ValueError(f"PNG has a broken stream: {error}") from error
                yield inflated[: left - 1]
                left -= len(inflated)
    if left and not inflater.eof:
        raise ValueError("PNG has a stream that is cut short")


def _scanline_bytes(header: Bytes) -> int:
    """Returns the length of all scanlines, each with the byte that names its filter."""
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if not width or not height or colour not in _SAMPLES:
        raise ValueError("PNG has a header without meaning")
    total = 0
    for x, y, x_step, y_step in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = len(range(x, width, x_step)), len(range(y, height, y_step))
        if columns:
            total += rows * (1 + (columns * depth * _SAMPLES[colour] + 7) // 8)
    if total >= 1 << 63:
        raise ValueError("PNG has a header of more pixels than any memory")
    return total
