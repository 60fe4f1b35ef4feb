"""The stand-in's posters: a ground for every style, the prompt legible on it, whatever it is.

What a poster has in common with a card is in `test_card.py`."""

import io
import itertools
import math
from functools import cache
from random import Random
from statistics import fmean

import pytest
from PIL import Image, ImageChops, ImageColor, ImageStat

from lambdas.common.catalog import CATALOG, STYLE_PRESETS, Choice, Size
from local.bedrock.families import ModelRequest
from local.bedrock.renderers.lettering import TABLES, fitted
from local.bedrock.renderers.poster import mood, render_poster, with_style

_CANVAS_STYLES = CATALOG["amazon.nova-canvas-v1:0"].parameters["style_preset"]
assert isinstance(_CANVAS_STYLES, Choice)
STYLES = (*STYLE_PRESETS, *_CANVAS_STYLES.words)
PALETTES = {
    **TABLES["palettes"],
    **{name: each["colours"] for name, each in TABLES["moods"].items()},
}


def request(
    prompt: str, *, seed: int = 3, size: Size = (96, 96), style: str | None = None, steps: int = 30
) -> ModelRequest:
    return ModelRequest(
        model="stability.stable-image-core-v1:1",
        prompt=prompt,
        negative_prompt="",
        seed=seed,
        size=size,
        style=style,
        steps=steps,
    )


def pixels(asked: ModelRequest) -> Image.Image:
    return Image.open(io.BytesIO(render_poster(asked))).convert("RGB")


def spread(picture: Image.Image) -> float:
    """Returns the standard deviation of all samples."""
    stat = ImageStat.Stat(picture)
    samples = sum(stat.count)
    return math.sqrt(sum(stat.sum2) / samples - (sum(stat.sum) / samples) ** 2)


@cache
def styled(style: str | None) -> Image.Image:
    return pixels(request("a fox in the mountains at noon", size=(192, 192), style=style))


def test_styles_are_far_from_each_other_and_from_none() -> None:
    near = [
        (first, second)
        for first, second in itertools.combinations((None, *STYLES), 2)
        if fmean(ImageStat.Stat(ImageChops.difference(styled(first), styled(second))).mean) < 6
    ]

    assert near == []


def test_every_style_has_a_look() -> None:
    assert {with_style("", style)[1] for style in STYLES} == set(TABLES["styles"])


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [(64, 64), (160, 64), (70, 163)])
def test_every_style_takes_small_and_narrow_pictures(style: str, size: Size) -> None:
    assert spread(pixels(request("a boat", size=size, style=style))) > 10


@pytest.mark.parametrize("style", STYLE_PRESETS)
def test_style_at_the_end_of_the_prompt_is_a_style(style: str) -> None:
    words = style.replace("-", " ")

    assert with_style(f"a cat, {words} style", None) == ("a cat", style)
    assert with_style("a cat", style) == ("a cat", style)


@pytest.mark.parametrize("prompt", ["a cat, my own style", "comic book style", "a cat, style", ","])
def test_other_ends_of_a_prompt_are_set_as_they_are(prompt: str) -> None:
    assert with_style(prompt, None) == (prompt, "")


def test_words_decide_the_colours() -> None:
    assert mood("Dunes at DUSK", Random(1)) == TABLES["moods"]["dusk"]["colours"]
    assert len({mood("sushi", Random(seed)) for seed in range(60)}) > 6


@pytest.mark.parametrize("colours", PALETTES.values(), ids=PALETTES)
def test_ink_is_legible_on_its_field(colours: str) -> None:
    """At least 4.5 to 1, which WCAG asks for text of any size."""
    field, ink = (luminance(colour) for colour in colours.split()[:2])

    assert (max(field, ink) + 0.05) / (min(field, ink) + 0.05) > 4.5


def luminance(colour: str) -> float:
    parts = (part / 255 for part in ImageColor.getrgb("#" + colour))
    red, green, blue = (p / 12.92 if p <= 0.04 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("output_format", ["png", "jpeg"])
def test_hundreds_of_smallest_posters_all_differ(output_format: str) -> None:
    """Pixel art at 64 pixels keeps so little that only the rule is sure to differ."""
    requests = (
        ModelRequest("m", "a cat", "", 1, (64, 64), "pixel-art", steps, output_format=output_format)
        for steps in range(300)
    )

    assert len({render_poster(each) for each in requests}) == 300


HOSTILE = {
    "empty": "",
    "newlines": "\n\n a\r\n\tb \n",
    "one character": "A",
    "control and lone surrogate": "a\x00b\ud800",
    "ten thousand characters": "cat " * 2500,
    "one long word": "x" * 10_000,
    "ten thousand spaces": "a," + " " * 9_990 + "style",
    "long Han": "\u4e2d" * 10_000,
    "emoji": "\U0001f408\U0001f3c3\U0001f303",
    "joined emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308",
    "no font": "\U00013000\U00013001 \uabc0\uabc1",
    "only marks": "\u0301\u0301",
    "stacked marks": "z\u0338\u0321\u031b\u0347a\u0335" * 90,
    "overridden direction": "\u202eabc \u05e9\u05dc\u05d5\u05dd def",
    "mixed direction": "\u05e9\u05dc\u05d5\u05dd abc \u05e2\u05d5\u05dc\u05dd",
    "Arabic": "\u0645\u0646\u0627\u0631\u0629 \u0639\u0646\u062f \u0627\u0644\u063a\u0633\u0642",
    "Devanagari": "\u0938\u093e\u0902\u091d \u092e\u0947\u0902",
    "Thai": "\u0e1e\u0e25\u0e1a\u0e04\u0e48\u0e33",
}


@pytest.mark.parametrize("prompt", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("size", [(64, 64), (320, 136), (136, 320)])
def test_any_text_gives_a_picture(prompt: str, size: Size) -> None:
    assert spread(pixels(request(prompt, size=size))) > 10


@pytest.mark.parametrize("prompt", HOSTILE.values(), ids=HOSTILE)
def test_any_text_fits_its_box(prompt: str) -> None:
    setting = fitted(prompt, "grotesk", (400, 300), least=12, most=200)

    assert setting.height <= 300
    assert 1 <= len(setting.lines) < 25
    assert 12 <= setting.size <= 200


def test_text_that_does_not_fit_ends_in_an_ellipsis() -> None:
    whole = fitted("a cat", "grotesk", (400, 300), least=12, most=200)
    cut = fitted("a cat " * 300, "grotesk", (400, 300), least=12, most=200)

    assert " ".join(whole.lines) == "a cat"
    assert cut.lines[-1].endswith("\u2026")


def test_lines_are_even_and_short_words_begin_them() -> None:
    prompt = "An old bookshop in Lisbon, rain on the window, warm light inside"

    assert fitted(prompt, "grotesk", (900, 420), least=12, most=200).lines == [
        "An old bookshop",
        "in Lisbon, rain",
        "on the window,",
        "warm light inside",
    ]


def test_scripts_that_run_to_the_left_stand_on_the_right() -> None:
    assert fitted(HOSTILE["mixed direction"], "grotesk", (400, 300), least=12, most=200).rtl
    assert not fitted("a cat", "grotesk", (400, 300), least=12, most=200).rtl
