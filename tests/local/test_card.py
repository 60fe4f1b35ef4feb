"""What every renderer of the stand-in promises: a request decides its picture to the byte."""

import dataclasses
import hashlib
import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from lambdas.common.catalog import Size
from local.bedrock.families import ModelRequest
from local.bedrock.renderers import Render
from local.bedrock.renderers.card import render_card
from local.bedrock.renderers.poster import render_poster

REQUEST = ModelRequest(
    model="stability.stable-diffusion-xl-v1",
    prompt="a lighthouse at dusk",
    negative_prompt="people",
    seed=11,
    size=(160, 128),
    style="cinematic",
    steps=30,
    guidance=7.0,
)
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.parametrize("render", [render_card, render_poster])


def digest(file: bytes) -> str:
    return hashlib.sha256(file).hexdigest()


def test_same_request_gives_the_same_bytes(render: Render) -> None:
    assert render(REQUEST) == render(dataclasses.replace(REQUEST))


def test_another_process_gives_the_same_bytes(render: Render) -> None:
    script = (
        "import hashlib\n"
        "from local.bedrock.families import ModelRequest\n"
        f"from {render.__module__} import {render.__name__} as render\n"
        f"print(hashlib.sha256(render({REQUEST!r})).hexdigest())"
    )

    outcome = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert outcome.stdout.strip() == digest(render(REQUEST))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", "stability.stable-diffusion-xl-v0"),
        ("prompt", "a lighthouse at dusk "),
        ("negative_prompt", "blurry"),
        ("seed", 12),
        ("size", (160, 129)),
        ("style", "anime"),
        ("style", None),
        ("steps", 31),
        ("steps", None),
        ("guidance", 7.5),
        ("guidance", None),
    ],
)
@pytest.mark.parametrize("output_format", ["png", "jpeg"])
@pytest.mark.parametrize("size", [(64, 64), (160, 128)])
def test_any_other_field_gives_other_pixels(
    render: Render, size: Size, output_format: str, field: str, value: object
) -> None:
    request = dataclasses.replace(REQUEST, size=size, output_format=output_format)
    other = dataclasses.replace(request, **{field: value})  # type: ignore[arg-type]

    first, second = (Image.open(io.BytesIO(render(each))) for each in (request, other))

    assert (first.size, first.convert("RGB").tobytes()) != (
        second.size,
        second.convert("RGB").tobytes(),
    )


@pytest.mark.parametrize("output_format", ["png", "jpeg"])
@pytest.mark.parametrize(
    "size", [(64, 64), (64, 149), (149, 64), (513, 511), (1536, 640), (640, 1536), (4096, 1024)]
)
def test_file_has_the_size_and_format_asked_for(
    render: Render, size: Size, output_format: str
) -> None:
    file = render(dataclasses.replace(REQUEST, size=size, output_format=output_format))

    with Image.open(io.BytesIO(file)) as picture:
        assert (picture.size, picture.format) == (size, output_format.upper())
