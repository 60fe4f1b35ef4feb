"""Writes and reads XMP that holds a recipe, in one JPEG segment or several.

Source: the XMP specification, part 1 (serialisation) and part 3 (JPEG, extended XMP).
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from xml.etree import ElementTree

_NAMESPACE = "https://easel.invalid/recipe/1/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DOCUMENT = (
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
    f'<rdf:Description rdf:about="" xmlns:easel="{_NAMESPACE}"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:xmpNote="http://ns.adobe.com/xmp/note/">'
    "{}</rdf:Description></rdf:RDF></x:xmpmeta>"
)
_PROPERTIES = (
    "<easel:recipe>{}</easel:recipe><dc:description><rdf:Alt>"
    '<rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:description>'
)
_EXTENSION = "<xmpNote:HasExtendedXMP>{}</xmpNote:HasExtendedXMP>"
_GUID = re.compile(rb"HasExtendedXMP\W+([0-9A-F]{32})")
# Marked read-only, because it has no padding and so cannot be edited in place.
_PACKET = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{}<?xpacket end="r"?>'

_SIGNATURE = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION_SIGNATURE = b"http://ns.adobe.com/xmp/extension/\0"
_EXTENSION_HEADER = len(_EXTENSION_SIGNATURE) + 32 + 4 + 4
_LONGEST_PACKET = 65_502
_LONGEST_PORTION = 65_400
# XML 1.0 cannot hold these two characters. JSON escapes controls already, but not these.
_UNWRITABLE = {0xFFFE: "\\ufffe", 0xFFFF: "\\uffff"}
# Not by xml.sax.saxutils, which imports five modules for it.
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def write(recipe_json: str, description: str) -> list[bytes]:
    """Returns the contents of the APP1 segments: a packet, and an extension if it is too long."""
    recipe = recipe_json.translate(_UNWRITABLE | _ESCAPES)
    document = _DOCUMENT.format(_PROPERTIES.format(recipe, description.translate(_ESCAPES)))
    packet = _PACKET.format(document).encode()
    if len(packet) <= _LONGEST_PACKET:
        return [_SIGNATURE + packet]
    extension = document.encode()
    guid = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper()
    packet = _PACKET.format(_DOCUMENT.format(_EXTENSION.format(guid))).encode()
    header = _EXTENSION_SIGNATURE + guid.encode() + len(extension).to_bytes(4)
    portions = [
        header + at.to_bytes(4) + extension[at : at + _LONGEST_PORTION]
        for at in range(0, len(extension), _LONGEST_PORTION)
    ]
    return [_SIGNATURE + packet, *portions]


def own_length(app1: Sequence[bytes]) -> int:
    """Returns how many of the first APP1 segments `write` wrote."""
    if not app1 or not app1[0].startswith(_SIGNATURE) or _NAMESPACE.encode() not in app1[0]:
        return 0
    return 1 + len(list(takewhile(lambda content: _extends(content, app1[0]), app1[1:])))


def read(app1: Sequence[bytes]) -> str | None:
    """Returns the recipe's JSON from the contents of APP1 segments, or None.

    Another program may have moved it into an extension or out of one. Raises ValueError for
    broken XMP with Easel's namespace.
    """
    for packet in app1:
        if packet.startswith(_SIGNATURE):
            for document in (packet.removeprefix(_SIGNATURE), _extension(packet, app1)):
                recipe = _recipe(document)
                if recipe is not None:
                    return recipe
    return None


def _extension(packet: bytes, app1: Iterable[bytes]) -> bytes:
    portions = {
        int.from_bytes(content[_EXTENSION_HEADER - 4 : _EXTENSION_HEADER]): content
        for content in app1
        if _extends(content, packet)
    }
    return b"".join(portions[at][_EXTENSION_HEADER:] for at in sorted(portions))


def _extends(content: bytes, packet: bytes) -> bool:
    """Returns whether an APP1 segment is part of a packet's extension."""
    guid = _GUID.search(packet)
    return guid is not None and content.startswith(_EXTENSION_SIGNATURE + guid[1])


def _recipe(document: bytes) -> str | None:
    """Returns the recipe, from an element, as `write` has it, or an attribute, its equal in RDF."""
    if _NAMESPACE.encode() not in document:
        return None
    if b"<!DOCTYPE" in document:
        raise ValueError("XMP has a document type")
    try:
        root = ElementTree.fromstring(document.strip(b"\0 "))  # noqa: S314 - no entities without one
    except ElementTree.ParseError as error:
        raise ValueError(f"XMP is broken: {error}") from error
    name = f"{{{_NAMESPACE}}}recipe"
    for description in root.iter(f"{{{_RDF}}}Description"):
        found = description.findtext(name, description.get(name))
        if found is not None:
            return found
    return None
