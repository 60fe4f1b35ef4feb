"""JPEG files, with the recipe in XMP and its text for web UIs in Exif.

Sources: ITU T.81 (markers), Exif 2.32 (UserComment), the C2PA specification (where Content
Credentials stand), and what exiftool, Pillow and the web UIs were seen to read.
"""

import re
import struct
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Self

from lambdas.picture import xmp
from lambdas.picture.picture import Bytes, Part, Picture

_END, _SCAN, _APP0, _APP1, _APP11, _ADOBE = b"\xd9", b"\xda", b"\xe0", b"\xe1", b"\xeb", b"\xee"
_FRAMES = bytes({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
# Application data, comments and the end.
_NO_PIXELS = bytes([*range(0xE0, 0xF0), 0xFE, 0xD9])
# Restarts and the start of a picture have no length, and may not stand between segments.
_STANDALONE = bytes([0x00, 0x01, *range(0xD0, 0xD9)])
_MARKER = re.compile(rb"\xff+([^\xff])", re.DOTALL)
# In a scan's data, a stuffed zero or a restart does not end the scan.
_AFTER_SCAN = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)

_LONGEST_CONTENT = 65_533
_EXIF_SIGNATURE = b"Exif\0\0"
_EXIF_POINTER, _USER_COMMENT = 0x8769, 0x9286
_LONG, _UNDEFINED = 4, 7


class Jpeg(Picture):
    output_format = "jpeg"
    signature = b"\xff\xd8"

    @classmethod
    def parse(cls, file: bytes) -> Self:
        """Parses a file. Raises ValueError if a segment is broken or no frame is before a scan."""
        parts = tuple(_segments(file))
        before_scan = tuple(takewhile(lambda part: part.name != _SCAN, parts))
        frames = [part.content for part in before_scan if part.name in _FRAMES]
        sizes = [struct.unpack_from(">HH", frame, 1) for frame in frames if len(frame) >= 5]
        if not sizes or before_scan == parts:
            raise ValueError("JPEG has no picture")
        height, width = sizes[-1]
        signed = any(part.name == _APP11 and part.content[12:16] == b"jumb" for part in parts)
        return cls(width, height, signed, parts)

    def recipe_json(self) -> str | None:
        return xmp.read([bytes(part.content) for part in self.parts if part.name == _APP1])

    def _pixels(self) -> Iterator[tuple[bytes, int, Iterable[Bytes]]]:
        """Yields all segments but metadata, and Adobe's, which says how colours are coded.

        A file that was compressed again counts as different.
        """
        for part in self.parts:
            if part.begins(_ADOBE, b"Adobe") or part.name not in _NO_PIXELS:
                yield part.name, len(part.content), [part.content]

    def _recipe_place(self) -> slice:
        """Returns the place after JFIF, which must be first. Exif before a recipe is part of it."""
        start = len(list(takewhile(lambda part: part.name == _APP0, self.parts)))
        following = takewhile(lambda part: part.name == _APP1, self.parts[start:])
        app1 = [bytes(part.content) for part in following]
        exif = 1 if app1 and app1[0].startswith(_EXIF_SIGNATURE) else 0
        length = xmp.own_length(app1[exif:])
        return slice(start, start + exif + length if length else start)

    def _recipe_parts(self, recipe_json: str, text: str) -> Iterator[Part]:
        """Yields XMP and Exif. Leaves Exif out if it is too long or the file has its own."""
        contents = xmp.write(recipe_json, text)
        exif = _exif(text)
        has_exif = any(part.begins(_APP1, _EXIF_SIGNATURE) for part in self.parts)
        if len(exif) <= _LONGEST_CONTENT and not has_exif:
            contents.insert(0, exif)
        for content in contents:
            yield Part(_APP1, content, b"\xff" + _APP1 + (len(content) + 2).to_bytes(2) + content)


def _segments(file: bytes) -> Iterator[Part]:
    """Yields the segments: a scan's includes its data, the last one includes what follows it."""
    view, at = memoryview(file), len(Jpeg.signature)
    while found := _MARKER.match(file, at):
        marker, begin = found[1], found.end()
        if marker == _END:
            yield Part(_END, b"", view[at:])
            return
        if marker in _STANDALONE:
            raise ValueError(f"JPEG marker {marker.hex().upper()} is out of place")
        length = int.from_bytes(view[begin : begin + 2])
        end = begin + length
        if length < 2 or end > len(file):
            break
        if marker == _SCAN:
            if length != 6 + 2 * int.from_bytes(view[begin + 2 : begin + 3]):
                raise ValueError("JPEG scan has a wrong length")
            after = _AFTER_SCAN.search(file, end)
            if after is None:
                break
            end = after.start()
        yield Part(marker, view[begin + 2 : end], view[at:end])
        at = end
    raise ValueError("JPEG is cut short")


def _exif(text: str) -> bytes:
    """Returns Exif with the text as its comment, in a directory that the first one points to. Web
    UIs write big-endian and read nothing else."""
    comment = b"UNICODE\0" + text.encode("utf-16-be")
    pointer = struct.pack(">HHHIII", 1, _EXIF_POINTER, _LONG, 1, 26, 0)
    entry = struct.pack(">HHHIII", 1, _USER_COMMENT, _UNDEFINED, len(comment), 44, 0)
    return _EXIF_SIGNATURE + b"MM\0*\0\0\0\x08" + pointer + entry + comment
