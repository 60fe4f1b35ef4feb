"""The stand-in's pictures: repeatable, decided by every argument, and clearly not a model's."""

import hashlib
import itertools
import subprocess
import sys
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lambdas.common.catalog import STYLE_PRESETS
from local.bedrock.painter import Brief, encode, paint, read_brief
from local.bedrock.painter.caption import add_caption

REQUEST: dict[str, Any] = {
    "prompt": "a lighthouse at dusk",
    "negative_prompt": "people",
    "seed": 11,
    "style": "cinematic",
    "width": 160,
    "height": 128,
}
STYLE_SIZE = 192
ROOT = Path(__file__).parents[2]


def brief_of(prompt: str, negative_prompt: str = "", seed: int = 1) -> Brief:
    return read_brief(
        prompt=prompt,
        negative_prompt=negative_prompt,
        seed=seed,
        style=None,
        width=64,
        height=64,
    )


@cache
def styled(style: str | None) -> np.ndarray[Any, np.dtype[np.float64]]:
    picture = paint(
        prompt="a fox in the mountains at noon",
        seed=3,
        style=style,
        width=STYLE_SIZE,
        height=STYLE_SIZE,
    )
    return np.asarray(picture, dtype=np.float64)


def distance(first: Image.Image, second: Image.Image) -> float:
    """Mean difference of two pictures' channels, 0 to 255."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    return float(np.abs(a - b).mean())


def test_same_arguments_give_the_same_bytes() -> None:
    first, second = paint(**REQUEST), paint(**REQUEST)

    assert encode(first, "png") == encode(second, "png")


def test_another_process_gives_the_same_bytes() -> None:
    script = (
        "import hashlib\n"
        "from local.bedrock.painter import encode, paint\n"
        f"print(hashlib.sha256(encode(paint(**{REQUEST!r}), 'png')).hexdigest())"
    )

    outcome = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert outcome.stdout.strip() == hashlib.sha256(encode(paint(**REQUEST), "png")).hexdigest()


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        pytest.param("prompt", "a lighthouse at dusk ", id="prompt"),
        pytest.param("negative_prompt", "blurry", id="negative-prompt"),
        pytest.param("seed", 12, id="seed"),
        pytest.param("style", "anime", id="style"),
        pytest.param("style", None, id="no-style"),
        pytest.param("width", 161, id="width"),
        pytest.param("height", 129, id="height"),
        pytest.param("hand", "another", id="hand"),
    ],
)
@pytest.mark.parametrize("output_format", ["png", "jpeg"])
def test_any_other_argument_gives_other_bytes(
    argument: str, value: object, output_format: str
) -> None:
    changed = REQUEST | {argument: value}

    assert encode(paint(**changed), output_format) != encode(paint(**REQUEST), output_format)


def test_smallest_pictures_differ_by_prompt_and_negative_prompt() -> None:
    """Pixel art at 64 pixels keeps so little that only the signature is sure to differ."""
    pictures = {
        encode(
            paint(
                prompt="a cat", negative_prompt=word, seed=1, style="pixel-art", width=64, height=64
            ),
            "png",
        )
        for word in ("", "ugly", "blurry", "text", "watermark", "low quality")
    }

    assert len(pictures) == 6


def test_style_keeps_the_composition() -> None:
    """Another style or size is another rendering of the same arrangement."""
    plain = read_brief(prompt="a cat", negative_prompt="", seed=4, style=None, width=64, height=64)
    other = read_brief(
        prompt="a cat", negative_prompt="", seed=4, style="anime", width=128, height=64
    )

    assert plain.composition == other.composition
    assert plain.fingerprint != other.fingerprint


@pytest.mark.parametrize("style", STYLE_PRESETS)
def test_style_is_far_from_the_plain_look(style: str) -> None:
    assert np.abs(styled(style) - styled(None)).mean() > 6


def test_styles_are_far_from_each_other() -> None:
    near = [
        (first, second)
        for first, second in itertools.combinations(STYLE_PRESETS, 2)
        if np.abs(styled(first) - styled(second)).mean() < 6
    ]

    assert near == []


def test_style_named_in_the_prompt_is_applied() -> None:
    """Models without a style parameter get the preset's words at the end of the prompt."""
    named = read_brief(
        prompt="a cat, comic book style",
        negative_prompt="",
        seed=4,
        style=None,
        width=64,
        height=64,
    )
    given = read_brief(
        prompt="a cat", negative_prompt="", seed=4, style="comic-book", width=64, height=64
    )

    assert (named.preset, named.composition) == (given.preset, given.composition)


@pytest.mark.parametrize("style", ["PHOTOREALISM", "FLAT_VECTOR_ILLUSTRATION", "no such style"])
def test_unknown_style_is_a_look_of_its_own(style: str) -> None:
    picture = styled(style)

    assert np.abs(picture - styled(None)).mean() > 6
    assert all(np.abs(picture - styled(preset)).mean() > 1 for preset in STYLE_PRESETS)


@pytest.mark.parametrize(
    ("width", "height"), [(64, 64), (1536, 640), (640, 1536), (64, 149), (149, 64), (513, 511)]
)
def test_picture_has_the_size_asked_for(width: int, height: int) -> None:
    picture = paint(prompt="a house by the lake", seed=5, width=width, height=height)

    assert picture.size == (width, height)
    assert picture.mode == "RGB"
    assert np.asarray(picture).std() > 10


@pytest.mark.parametrize("style", STYLE_PRESETS)
@pytest.mark.parametrize(("width", "height"), [(64, 64), (160, 64), (70, 163)])
def test_every_style_takes_small_and_narrow_pictures(style: str, width: int, height: int) -> None:
    picture = paint(prompt="a boat", seed=6, style=style, width=width, height=height)

    assert picture.size == (width, height)


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
def test_file_is_in_the_format_asked_for(output_format: str) -> None:
    file = encode(paint(**REQUEST), output_format)

    with Image.open(BytesIO(file)) as picture:
        assert picture.format == output_format.upper()
        assert picture.size == (REQUEST["width"], REQUEST["height"])


def test_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="gif"):
        encode(paint(**REQUEST), "gif")


@pytest.mark.parametrize(
    "prompt",
    [
        pytest.param("", id="empty"),
        pytest.param("xyzzy qwfp", id="no-known-word"),
        pytest.param("海辺の灯台と猫", id="japanese"),
        pytest.param("منظر طبيعي جميل", id="arabic"),
        pytest.param("🐈🏃🌃", id="emoji"),
        pytest.param("a\x00b\ud800", id="control-and-lone-surrogate"),
        pytest.param("cat " * 2500, id="ten-thousand-characters"),
    ],
)
def test_any_text_gives_a_picture(prompt: str) -> None:
    picture = paint(prompt=prompt, seed=1, width=96, height=96)

    assert np.asarray(picture).std() > 10


@pytest.mark.parametrize(
    ("prompt", "scene", "light", "figures"),
    [
        ("a cat running a marathon", None, None, ("cat",)),
        ("a lighthouse at dusk", "sea", "dusk", ("lighthouse",)),
        ("A futuristic city skyline at sunset", "city", "dusk", ()),
        ("A snowy mountain lake at dawn", "lake", "dawn", ()),
        ("two dogs on the beaches", "sea", None, ("dog",)),
        ("Café in Tokyo at night", "city", "night", ()),
        ("a pine tree", "snow", None, ("pine",)),
    ],
)
def test_prompt_decides_what_is_painted(
    prompt: str, scene: str | None, light: str | None, figures: tuple[str, ...]
) -> None:
    brief = brief_of(prompt)

    assert brief.figures == figures
    assert scene in (None, brief.scene)
    assert light in (None, brief.light)


def test_unknown_words_decide_through_the_hash() -> None:
    scenes = {brief_of(f"quux {number}").scene for number in range(60)}

    assert len(scenes) >= 8


@pytest.mark.parametrize("negative_prompt", ["cat", "no cats please"])
def test_negative_prompt_removes_a_figure(negative_prompt: str) -> None:
    with_cat = brief_of("a cat and a house in the meadow")
    without = brief_of("a cat and a house in the meadow", negative_prompt)

    assert "cat" in with_cat.figures
    assert without.figures == ("house",)


def test_negative_prompt_removes_scene_and_light() -> None:
    brief = brief_of("a city at night", "city, night")

    assert brief.scene != "city"
    assert brief.light != "night"


def test_removed_birds_leave_the_rest_of_the_picture() -> None:
    """The negative prompt takes the birds out of the sky and leaves the land as it was."""
    prompt = "birds over the desert at noon, clear of any clouds"
    size = 256
    negatives = ("clouds", "clouds, birds")
    kept, removed = (
        np.asarray(
            paint(prompt=prompt, negative_prompt=negative, seed=2, width=size, height=size),
            dtype=np.int16,
        )
        for negative in negatives
    )

    # Turning hues a little moves every pixel a little; a bird's ink moves its own a lot.
    changed = np.abs(kept - removed).max(axis=2) > 40
    assert changed[: size // 2].sum() > 20
    assert changed[size * 2 // 3 : size * 4 // 5].sum() == 0


@pytest.mark.parametrize("style", [None, "line-art", "neon-punk", "cinematic", "analog-film"])
def test_caption_is_readable_on_any_ground(style: str | None) -> None:
    width, height = 512, 384
    picture = paint(prompt="snow at noon", seed=9, style=style, width=width, height=height)

    plate = np.asarray(picture.convert("L"))[height - 26 : height - 4, 200:312]
    assert int(plate.max()) - int(plate.min()) > 110


def test_caption_names_the_seed() -> None:
    grounds = [Image.new("RGB", (512, 512), "#808080") for _ in range(2)]
    for ground, seed in zip(grounds, (1, 4294967295), strict=True):
        add_caption(ground, seed)

    assert distance(*grounds) > 0


def test_caption_is_left_out_where_it_would_not_fit() -> None:
    ground = Image.new("RGB", (100, 400), "#808080")
    add_caption(ground, 1)

    assert ground.getcolors() == [(40_000, (128, 128, 128))]
