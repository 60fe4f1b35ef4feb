"""XMP that holds a recipe, in as many JPEG segments as it takes.

Source: the XMP specification, part 1 (serialisation) and part 3 (JPEG, extended XMP).
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree
from xml.sax.saxutils import escape

NAMESPACE = "https://easel.invalid/recipe/1/"

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_SIGNATURE = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION_SIGNATURE = b"http://ns.adobe.com/xmp/extension/\0"
_EXTENSION_HEADER = len(_EXTENSION_SIGNATURE) + 32 + 4 + 4
_LONGEST_PACKET = 65_502
_LONGEST_PORTION = 65_400
_GUID = re.compile(rb"HasExtendedXMP\W+([0-9A-F]{32})")
# The two characters in JSON that XML 1.0 cannot hold; controls are escaped already.
_UNWRITABLE = {0xFFFE: "\\ufffe", 0xFFFF: "\\uffff"}


def write(recipe_json: str, description: str) -> list[bytes]:
    """The contents of the APP1 segments: one packet, and an extension where it is too long."""
    recipe = escape(recipe_json.translate(_UNWRITABLE))
    properties = (
        f"<easel:recipe>{recipe}</easel:recipe><dc:description><rdf:Alt>"
        f'<rdf:li xml:lang="x-default">{escape(description)}</rdf:li></rdf:Alt></dc:description>'
    )
    whole = _packet(properties)
    if len(whole) <= _LONGEST_PACKET:
        return [_SIGNATURE + whole]
    extension = _document(properties)
    guid = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper()
    packet = _packet(f"<xmpNote:HasExtendedXMP>{guid}</xmpNote:HasExtendedXMP>")
    header = _EXTENSION_SIGNATURE + guid.encode() + len(extension).to_bytes(4)
    return [
        _SIGNATURE + packet,
        *(
            header + at.to_bytes(4) + extension[at : at + _LONGEST_PORTION]
            for at in range(0, len(extension), _LONGEST_PORTION)
        ),
    ]


def is_own(content: bytes) -> bool:
    """Whether an APP1 segment is a packet that `write` wrote."""
    return content.startswith(_SIGNATURE) and NAMESPACE.encode() in content


def extends(content: bytes, packet: bytes) -> bool:
    """Whether an APP1 segment is part of a packet's extension."""
    guid = _GUID.search(packet)
    return guid is not None and content.startswith(_EXTENSION_SIGNATURE + guid[1])


def read(contents: Iterable[bytes]) -> str | None:
    """The recipe's JSON from the contents of APP1 segments; None where there is none.

    Another program may have moved it into an extension, or out of one. ValueError for XMP that
    has our namespace and is broken.
    """
    app1 = list(contents)
    for packet in app1:
        if packet.startswith(_SIGNATURE):
            for document in _documents(packet, app1):
                found = _recipe(document) if NAMESPACE.encode() in document else None
                if found is not None:
                    return found
    return None


def _documents(packet: bytes, app1: list[bytes]) -> Iterator[bytes]:
    yield packet.removeprefix(_SIGNATURE)
    portions = {
        int.from_bytes(content[_EXTENSION_HEADER - 4 : _EXTENSION_HEADER]): content
        for content in app1
        if extends(content, packet)
    }
    if portions:
        yield b"".join(portions[at][_EXTENSION_HEADER:] for at in sorted(portions))


def _recipe(document: bytes) -> str | None:
    """As element, which is how it is written, or as attribute, which means the same in RDF."""
    if b"<!DOCTYPE" in document:
        raise ValueError("XMP has a document type")
    try:
        root = ElementTree.fromstring(document.strip(b"\0 "))  # noqa: S314 - no entities without one
    except ElementTree.ParseError as error:
        raise ValueError(f"XMP is broken: {error}") from error
    name = f"{{{NAMESPACE}}}recipe"
    for description in root.iter(f"{{{_RDF}}}Description"):
        found = description.findtext(name, description.get(name))
        if found is not None:
            return found
    return None


def _packet(properties: str) -> bytes:
    """Read-only, as nobody may edit it in place: it has no room to grow."""
    begin = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'.encode()
    return begin + _document(properties) + b'<?xpacket end="r"?>'


def _document(properties: str) -> bytes:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
        f'<rdf:Description rdf:about="" xmlns:easel="{NAMESPACE}"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:xmpNote="http://ns.adobe.com/xmp/note/">'
        f"{properties}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
