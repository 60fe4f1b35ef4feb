"""The text that AUTOMATIC1111's web UI reads: by its own rules, it gives back what went in."""

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.recipe import Recipe
from lambdas.picture.infotext import infotext

# As the web UI publishes it (modules/infotext_utils.py).
SETTING = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
NEGATIVE = "Negative prompt:"


def read_as_the_web_ui(text: str) -> dict[str, str]:
    """The last line has settings if it has three; others belong to the prompts, edges stripped."""
    *lines, last = text.strip().split("\n")
    settings = SETTING.findall(last)
    if len(settings) < 3:
        lines, settings = [*lines, last], []
    prompts: dict[str, list[str]] = {"Prompt": [], "Negative prompt": []}
    name = "Prompt"
    for line in map(str.strip, lines):
        if line.startswith(NEGATIVE):
            name = "Negative prompt"
        prompts[name].append(line.removeprefix(NEGATIVE).strip() if name != "Prompt" else line)
    read = {name: "\n".join(found) for name, found in prompts.items()}
    return read | {
        name: json.loads(value) if value.startswith('"') else value for name, value in settings
    }


def recipe(prompt: str = "a cat", negative_prompt: str = "", **parameters: object) -> Recipe:
    return Recipe(
        model="stability.stable-diffusion-xl-v1",
        prompt=prompt,
        negative_prompt=negative_prompt,
        seed=42,
        parameters=parameters,
    )


def test_a_recipe_with_everything_is_three_lines() -> None:
    full = recipe("a cat", "a dog", steps=30, sampler="K_EULER_ANCESTRAL", cfg_scale=6.5)

    assert infotext(full, 1216, 832) == (
        "a cat\n"
        "Negative prompt: a dog\n"
        "Steps: 30, Sampler: Euler a, CFG scale: 6.5, Seed: 42, Size: 1216x832, "
        "Model: stability.stable-diffusion-xl-v1"
    )


def test_what_a_recipe_does_not_have_is_left_out_and_a_colon_is_quoted() -> None:
    core = Recipe(
        model="stability.stable-image-core-v1:1",
        prompt="a cat",
        negative_prompt="",
        seed=42,
        parameters={"aspect_ratio": "1:1", "output_format": "png"},
    )

    assert infotext(core, 1536, 1536) == (
        "a cat\n"
        'Steps: unknown, Seed: 42, Size: 1536x1536, Model: "stability.stable-image-core-v1:1"'
    )


def read_as_prompt_reader(text: str) -> dict[str, str]:
    """The settings begin with the first line that begins with Steps, as in its a1111.py."""
    prompt, found, settings = text.partition("\nSteps:")
    pairs = re.findall(r"\s*([^:,]+):\s*([^,]+)", found + settings)
    return {"prompt": prompt, **dict(pairs)}


def read_as_civitai(text: str) -> dict[str, str]:
    """As in its automatic.metadata.ts: nothing is read without a line that begins with Steps. And
    as in its image.schema.ts: nothing where steps, seed or scale is no number."""
    lines = [line for line in text.split("\n") if line.strip()]
    settings = next((line for line in lines if line.startswith("Steps: ")), "")
    read = dict(pair.split(": ", 1) for pair in settings.split(", ") if pair)
    numbers = [read[name] for name in ("Steps", "Seed", "CFG scale") if name in read]
    return read if all(re.fullmatch(r"[\d.]+", number) for number in numbers) else {}


@pytest.mark.parametrize(
    ("read", "parameters", "steps"),
    [
        (read_as_prompt_reader, {}, "unknown"),
        (read_as_prompt_reader, {"steps": 30}, "30"),
        (read_as_civitai, {"steps": 30, "cfg_scale": 6.5}, "30"),
    ],
)
def test_other_readers_find_the_settings(
    read: Callable[[str], dict[str, str]], parameters: dict[str, float], steps: str
) -> None:
    settings = read(infotext(recipe("a cat", "", **parameters), 640, 1536))

    assert (settings["Steps"], settings["Seed"], settings["Size"]) == (steps, "42", "640x1536")


def test_the_web_ui_reads_every_setting() -> None:
    read = read_as_the_web_ui(infotext(recipe(steps=30, sampler="DDPM", cfg_scale=7), 640, 1536))

    assert read == {
        "Prompt": "a cat",
        "Negative prompt": "",
        "Steps": "30",
        "Sampler": "DDPM",
        "CFG scale": "7",
        "Seed": "42",
        "Size": "640x1536",
        "Model": "stability.stable-diffusion-xl-v1",
    }


def test_settings_in_a_prompt_are_not_taken_for_those_of_the_picture() -> None:
    forged = recipe("a cat", "a dog\nSteps: 1, Seed: 1, Size: 1x1, Model: other")

    read = read_as_the_web_ui(infotext(forged, 64, 64))

    assert (read["Seed"], read["Size"]) == ("42", "64x64")
    assert read["Negative prompt"].endswith("Model: other")


@given(st.text(min_size=1, max_size=80), st.text(max_size=80))
def test_the_web_ui_reads_the_prompts_but_for_spaces_at_the_ends_of_lines(
    prompt: str, negative_prompt: str
) -> None:
    """And but for characters that no text can hold."""
    read = read_as_the_web_ui(infotext(recipe(f"x{prompt}", f"x{negative_prompt}"), 64, 64))

    assert read["Prompt"] == readable(f"x{prompt}")
    assert read["Negative prompt"] == readable(f"x{negative_prompt}")


def readable(text: str) -> str:
    kept = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)
    lines = kept.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(map(str.strip, lines)).rstrip("\n")


@pytest.mark.parametrize("character", ["\0", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_characters_that_no_text_can_hold_are_replaced(character: str) -> None:
    assert infotext(recipe(f"a{character}b"), 64, 64).startswith("a\ufffdb\n")
