"""Puts a recipe into a picture's file, takes it out again and reads it; pixels stay as they are.

Sources: the PNG specification (text chunks), Exif 2.32 (UserComment), the C2PA specification
(where Content Credentials stand), and what exiftool, Pillow and the web UIs were seen to read.
"""

import struct
import zlib
from collections.abc import Sequence

from lambdas.common import xmp
from lambdas.common.infotext import infotext
from lambdas.common.picture_format import Chunk, Segment, chunks, read_format, segments
from lambdas.common.recipe import Recipe

_RECIPE_KEYWORD = b"easel"
_INFOTEXT_KEYWORD = b"parameters"
# Two prompts of the longest are a tenth of it.
_LONGEST_RECIPE = 1_048_576

_APP0, _APP1, _APP11 = 0xE0, 0xE1, 0xEB
_JPEG_START = 2
_LONGEST_CONTENT = 65_533
_EXIF_SIGNATURE = b"Exif\0\0"
_EXIF_POINTER, _USER_COMMENT = 0x8769, 0x9286
_LONG, _UNDEFINED = 4, 7


def embed(picture: bytes, recipe: Recipe) -> bytes:
    """The picture with its recipe in it, in place of one that was there.

    PNG: two text chunks, uncompressed, because not every reader inflates them. JPEG: XMP, and as
    Exif's UserComment the text that web UIs read; not where the picture has Exif of its own, for
    there is one in a file, or where it does not fit. Breaks Content Credentials: `is_signed`.
    ValueError for what is no whole PNG or JPEG.
    """
    own = strip(picture)
    found = read_format(own)
    text = infotext(recipe, found.width, found.height)
    if found.output_format == "png":
        at = next(chunks(own)).end
        return own[:at] + _png_chunks(recipe, text) + own[at:]
    present = list(segments(own))
    at = _after_app0(present)
    return own[:at] + _jpeg_segments(recipe, text, present) + own[at:]


def strip(picture: bytes) -> bytes:
    """The bytes that were given to `embed`; a picture without a recipe as it is.

    ValueError for what is no whole PNG or JPEG.
    """
    if read_format(picture).output_format == "png":
        return _strip_png(picture)
    return _strip_jpeg(picture)


def read_recipe_json(picture: bytes) -> str | None:
    """The JSON of the recipe in a picture, wherever another tool may have moved it to.

    None where there is none. ValueError for a broken picture, or a broken recipe.
    """
    if read_format(picture).output_format == "jpeg":
        return xmp.read(segment.content for segment in segments(picture) if segment.marker == _APP1)
    for chunk in chunks(picture):
        if _is_text(chunk, _RECIPE_KEYWORD) and chunk.name == b"iTXt":
            return _international_text(chunk.content)
    return None


def is_signed(picture: bytes) -> bool:
    """Whether a picture has Content Credentials, which any byte put into the file makes invalid.

    ValueError for what is no whole PNG or JPEG.
    """
    if read_format(picture).output_format == "png":
        return any(chunk.name == b"caBX" for chunk in chunks(picture))
    return any(
        segment.marker == _APP11 and segment.content[12:16] == b"jumb"
        for segment in segments(picture)
    )


def _png_chunks(recipe: Recipe, text: str) -> bytes:
    itxt = _RECIPE_KEYWORD + bytes(5) + recipe.canonical_json.encode()
    try:
        parameters = _chunk(b"tEXt", _INFOTEXT_KEYWORD + b"\0" + text.encode("latin-1"))
    except UnicodeEncodeError:
        parameters = _chunk(b"iTXt", _INFOTEXT_KEYWORD + bytes(5) + text.encode())
    return _chunk(b"iTXt", itxt) + parameters


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + zlib.crc32(name + content).to_bytes(4)


def _strip_png(picture: bytes) -> bytes:
    """The recipe comes right after the header, and `parameters` after it are ours then."""
    header, *rest = chunks(picture)
    if not _is_text(rest[0], _RECIPE_KEYWORD):
        return picture
    end = rest[1].end if _is_text(rest[1], _INFOTEXT_KEYWORD) else rest[0].end
    return picture[: header.end] + picture[end:]


def _is_text(chunk: Chunk, keyword: bytes) -> bool:
    return chunk.name in (b"tEXt", b"iTXt") and chunk.content.startswith(keyword + b"\0")


def _international_text(content: bytes) -> str:
    """The text of an iTXt chunk. ValueError where it is broken or too long."""
    _, _, rest = content.partition(b"\0")
    compressed, text = rest[:1] == b"\1", rest[2:].split(b"\0", 2)[-1]
    if compressed:
        inflater = zlib.decompressobj()
        try:
            text = inflater.decompress(text, _LONGEST_RECIPE)
        except zlib.error as error:
            raise ValueError(f"compressed text is broken: {error}") from error
        if not inflater.eof:
            raise ValueError("compressed text is cut short or too long")
    return text.decode()


def _jpeg_segments(recipe: Recipe, text: str, present: Sequence[Segment]) -> bytes:
    contents = xmp.write(recipe.canonical_json, text)
    exif = _exif(text)
    if len(exif) <= _LONGEST_CONTENT and not any(_is_exif(segment) for segment in present):
        contents.insert(0, exif)
    return b"".join(
        struct.pack(">BBH", 0xFF, _APP1, len(content) + 2) + content for content in contents
    )


def _exif(text: str) -> bytes:
    """Big-endian, as web UIs write it and read nothing else: one directory that points to another
    with the comment."""
    comment = b"UNICODE\0" + text.encode("utf-16-be")
    return (
        _EXIF_SIGNATURE
        + b"MM\0*\0\0\0\x08"
        + struct.pack(">HHHIII", 1, _EXIF_POINTER, _LONG, 1, 26, 0)
        + struct.pack(">HHHIII", 1, _USER_COMMENT, _UNDEFINED, len(comment), 44, 0)
        + comment
    )


def _strip_jpeg(picture: bytes) -> bytes:
    """Ours come right after the first segments; Exif before a recipe there is ours then."""
    present = list(segments(picture))
    at = _after_app0(present)
    end = _end_of_own([segment for segment in present if segment.end > at])
    return picture if end is None else picture[:at] + picture[end:]


def _end_of_own(following: Sequence[Segment]) -> int | None:
    rest = iter(following)
    packet = next(rest)
    if _is_exif(packet):
        packet = next(rest)
    if packet.marker != _APP1 or not xmp.is_own(packet.content):
        return None
    end = packet.end
    for segment in rest:
        if segment.marker != _APP1 or not xmp.extends(segment.content, packet.content):
            break
        end = segment.end
    return end


def _is_exif(segment: Segment) -> bool:
    return segment.marker == _APP1 and segment.content.startswith(_EXIF_SIGNATURE)


def _after_app0(present: Sequence[Segment]) -> int:
    """Where JFIF's segments end, which have to be the first."""
    end = _JPEG_START
    for segment in present:
        if segment.marker != _APP0:
            break
        end = segment.end
    return end
