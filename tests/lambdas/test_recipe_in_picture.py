"""A recipe goes into a picture's file and comes out again; the picture stays what it was."""

import hashlib
import io
import json
import struct
import zlib
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lambdas.common.recipe import Recipe
from lambdas.picture import parse
from lambdas.picture.infotext import infotext
from tests.lambdas.picture_files import (
    LONGEST,
    NASTY,
    PNG_SIGNATURE,
    chunk,
    embed,
    encoded,
    end_of,
    painted,
    read_recipe_json,
    recipe,
    segment,
    strip,
)

EXIF_POINTER, USER_COMMENT = 0x8769, 0x9286
NO_EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
XMP_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"


def app1(picture: bytes) -> list[bytes]:
    return [bytes(found.content) for found in parse(picture).parts if found.name == b"\xe1"]


def user_comment(picture: bytes) -> str | None:
    """As web UIs read it, which take UNICODE for big-endian."""
    opened = Image.open(io.BytesIO(picture))
    comment = opened.getexif().get_ifd(EXIF_POINTER).get(USER_COMMENT)
    return None if comment is None else comment.removeprefix(b"UNICODE\0").decode("utf-16-be")


def texts() -> st.SearchStrategy[str]:
    return st.text(max_size=60) | st.just(NASTY)


def recipes() -> st.SearchStrategy[Recipe]:
    numbers = st.integers(0, 150) | st.floats(0, 35)
    return st.builds(
        Recipe,
        model=st.sampled_from(["stability.stable-image-core-v1:1", "amazon.nova-canvas-v1:0"]),
        prompt=texts(),
        negative_prompt=texts(),
        seed=st.integers(1, 4_294_967_295),
        parameters=st.dictionaries(st.text("abc", min_size=1), numbers | texts(), max_size=3),
    )


def images() -> st.SearchStrategy[Image.Image]:
    sides = st.integers(1, 12)
    return st.builds(
        lambda mode, width, height, noise: Image.frombytes(
            mode, (width, height), (noise * 600)[: width * height * len(mode)]
        ),
        st.sampled_from(["L", "RGB"]),
        sides,
        sides,
        st.binary(min_size=1),
    )


@st.composite
def pngs(draw: st.DrawFn) -> bytes:
    """As Pillow writes them, with text of the model's own, which may have our keyword."""
    image = draw(images())
    image = image.convert(draw(st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA"])))
    own = PngInfo()
    for keyword in draw(st.lists(st.sampled_from(["parameters", "easels", "Title"]))):
        own.add_text(keyword, draw(st.text("ab\xe9\u706f")), zip=draw(st.booleans()))
    return encoded("png", image, pnginfo=own) + draw(st.sampled_from([b"", b"\0", PNG_SIGNATURE]))


@st.composite
def jpegs(draw: st.DrawFn) -> bytes:
    """As Pillow writes them, with segments of the model's own before or after JFIF's."""
    options: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {"progressive": st.booleans(), "quality": st.sampled_from([5, 75, 95])},
            optional={
                "comment": st.binary(max_size=20),
                "xmp": st.just(b"<x:xmpmeta/>"),
                "exif": st.just(NO_EXIF),
            },
        )
    )
    picture = encoded("jpeg", draw(images()), **options)
    jfif_end = end_of(picture, 1)
    own = [
        b"",
        b"\xff\xff",
        segment(NO_EXIF),
        segment(XMP + b"<x:xmpmeta/>"),
        segment(XMP_EXTENSION + b"0" * 40),
        segment(b"JFXX\0", 0xE0),
    ]
    at = draw(st.sampled_from([2, jfif_end]))
    foreign = b"".join(draw(st.lists(st.sampled_from(own), max_size=3)))
    return picture[:at] + foreign + picture[at:] + draw(st.sampled_from([b"", b"\xff\xd8"]))


PICTURES = pngs() | jpegs()


@given(PICTURES, recipes())
def test_a_stripped_picture_is_the_models_own_to_the_byte(picture: bytes, own: Recipe) -> None:
    assert strip(embed(picture, own)) == picture


@given(PICTURES)
def test_a_picture_without_a_recipe_stays_as_it_is(picture: bytes) -> None:
    assert strip(picture) == picture
    assert read_recipe_json(picture) is None


@given(PICTURES, recipes())
def test_the_recipe_is_read_again_whatever_is_in_its_prompts(picture: bytes, own: Recipe) -> None:
    read = read_recipe_json(embed(picture, own))

    assert read is not None
    assert Recipe.from_dict(json.loads(read)).id == own.id


@given(PICTURES, recipes(), recipes())
def test_embedding_again_replaces_the_recipe(picture: bytes, first: Recipe, last: Recipe) -> None:
    assert embed(embed(picture, first), last) == embed(picture, last)


@given(PICTURES, recipes(), recipes())
def test_a_picture_need_not_be_parsed_again_after_a_change(
    picture: bytes, first: Recipe, last: Recipe
) -> None:
    changed = parse(picture).with_recipe(first).without_recipe().with_recipe(last)

    assert changed == parse(embed(picture, last))


@given(PICTURES, recipes())
def test_pixels_stay_as_they_are(picture: bytes, own: Recipe) -> None:
    carrying = embed(picture, own)

    parsed, bare = parse(carrying), parse(picture)
    assert parsed.pixels_sha256 == bare.pixels_sha256
    assert parsed.output_format == bare.output_format
    assert (parsed.width, parsed.height) == (bare.width, bare.height)
    shown, before = (Image.open(io.BytesIO(each)) for each in (carrying, picture))
    assert (shown.mode, shown.tobytes()) == (before.mode, before.tobytes())


@pytest.mark.parametrize("kind", ["png", "jpeg"])
@pytest.mark.parametrize("prompts", LONGEST.values(), ids=LONGEST)
def test_the_longest_prompts_fit(kind: str, prompts: tuple[str, str]) -> None:
    own = recipe(*prompts)

    carrying = embed(painted(kind), own)

    assert json.loads(read_recipe_json(carrying) or "") == own.to_dict()
    assert strip(carrying) == painted(kind)
    Image.open(io.BytesIO(carrying)).load()


@pytest.mark.parametrize(
    ("prompt", "name"),
    [("a caf\xe9", b"tEXt"), ("\u706f\u53f0", b"iTXt")],
    ids=["latin-1", "beyond"],
)
def test_a_png_has_both_texts_right_after_its_header(prompt: str, name: bytes) -> None:
    own = recipe(prompt)

    carrying = embed(painted("png"), own)

    names = [found.name for found in parse(carrying).parts]
    assert names[:4] == [b"IHDR", b"iTXt", name, b"IDAT"]
    opened = Image.open(io.BytesIO(carrying))
    assert opened.info["easel"] == own.canonical_json
    assert opened.info["parameters"] == infotext(own, 96, 64)


def test_a_jpeg_has_exif_and_one_xmp_packet_right_after_jfif() -> None:
    own = recipe(NASTY)

    carrying = embed(painted("jpeg"), own)

    kinds = [bytes(found.content).partition(b"\0")[0] for found in parse(carrying).parts][:3]
    assert kinds == [b"JFIF", b"Exif", XMP[:-1]]
    assert user_comment(carrying) == infotext(own, 96, 64)
    packet = Image.open(io.BytesIO(carrying)).info["xmp"]
    found = ElementTree.fromstring(packet)  # noqa: S314 - our own
    assert json.loads(texts_in(found, "https://easel.invalid/recipe/1/", "recipe")) == own.to_dict()
    assert texts_in(found, "http://purl.org/dc/elements/1.1/", "description") == infotext(
        own, 96, 64
    )


def texts_in(root: ElementTree.Element, namespace: str, name: str) -> str:
    (element,) = root.iter(f"{{{namespace}}}{name}")
    return "".join(element.itertext())


def test_xmp_that_is_too_long_goes_on_in_an_extension() -> None:
    """XMP part 3, 1.1.3.1: MD5, whole length and offset, then a portion."""
    own = recipe(*LONGEST["four-bytes-each"])

    packet, *extension = app1(embed(painted("jpeg"), own))

    header = struct.Struct(">35s32sII")
    headers = [header.unpack_from(portion) for portion in extension]
    whole = b"".join(portion[header.size :] for portion in extension)
    guid = hashlib.md5(whole, usedforsecurity=False).hexdigest().upper().encode()
    assert len(extension) == 3
    assert b"<xmpNote:HasExtendedXMP>" + guid in packet
    assert headers == [
        (XMP_EXTENSION, guid, len(whole), offset) for offset in range(0, len(whole), 65_400)
    ]
    root = ElementTree.fromstring(whole)  # noqa: S314 - our own
    assert json.loads(texts_in(root, "https://easel.invalid/recipe/1/", "recipe")) == own.to_dict()


def test_an_extension_whose_parts_were_moved_is_read_in_order() -> None:
    own = recipe(*LONGEST["four-bytes-each"])
    carrying = embed(painted("jpeg"), own)
    jfif, packet, first, second = (end_of(carrying, count) for count in (1, 2, 3, 4))

    moved = (
        carrying[:jfif] + carrying[first:second] + carrying[packet:first]
        + carrying[jfif:packet] + carrying[second:]
    )  # fmt: skip

    assert json.loads(read_recipe_json(moved) or "") == own.to_dict()


def test_the_text_for_web_uis_is_left_out_where_the_picture_has_exif_of_its_own() -> None:
    exif = Image.Exif()
    exif[0x0131] = "the model"
    picture = encoded("jpeg", Image.new("RGB", (8, 8)), exif=exif)

    carrying = embed(picture, recipe())

    assert sum(content.startswith(b"Exif\0\0") for content in app1(carrying)) == 1
    assert Image.open(io.BytesIO(carrying)).getexif()[0x0131] == "the model"
    assert user_comment(carrying) is None


def test_the_text_for_web_uis_is_left_out_where_it_does_not_fit_into_exif() -> None:
    longest = [*LONGEST["four-bytes-each"]]
    fitting = [longest[0], longest[1][:6_000]]

    assert user_comment(embed(painted("jpeg"), recipe(*longest))) is None
    assert user_comment(embed(painted("jpeg"), recipe(*fitting))) == infotext(
        recipe(*fitting), 96, 64
    )


@pytest.mark.parametrize("flag", [0, 1], ids=["plain", "compressed"])
def test_a_png_is_read_after_another_tool_has_written_it(flag: int) -> None:
    text = recipe().canonical_json.encode()
    content = (
        b"easel\0" + bytes([flag, 0]) + b"en\0Rezept\0" + (zlib.compress(text) if flag else text)
    )
    at = end_of(painted("png"), -2)

    moved = painted("png")[:at] + chunk(b"iTXt", content) + painted("png")[at:]

    assert read_recipe_json(moved) == recipe().canonical_json


def test_a_jpeg_is_read_after_another_tool_has_written_it() -> None:
    """An attribute means the same as an element, and padding may follow."""
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF'
        b' xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description r:about=""'
        b' xmlns:e="https://easel.invalid/recipe/1/" e:recipe="{&quot;version&quot;:1}"/></r:RDF>'
        b"</x:xmpmeta>  \0"
    )

    written = encoded("jpeg", Image.new("RGB", (8, 8)), xmp=packet)

    assert read_recipe_json(written) == '{"version":1}'


def test_a_recipe_is_read_from_an_extension_that_another_tool_has_written() -> None:
    """Then the packet itself does not say that there is one."""
    packet = b"<x xmlns:n='n'><n:HasExtendedXMP>" + b"A1" * 16 + b"</n:HasExtendedXMP></x>"
    extension = (
        b"<x xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><r:Description"
        b" xmlns:e='https://easel.invalid/recipe/1/'><e:recipe>{}</e:recipe></r:Description></x>"
    )
    portion = XMP_EXTENSION + b"A1" * 16 + struct.pack(">II", len(extension), 0) + extension
    jpeg = encoded("jpeg", Image.new("RGB", (8, 8)), xmp=packet)

    assert read_recipe_json(jpeg[:2] + segment(portion) + jpeg[2:]) == "{}"
