"""A pipeline of diffusers draws: here a tiny one, whose weights the test makes."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from local.bedrock.families import ModelRequest
from local.bedrock.renderers import FilteredError, NoModelError, Render, RenderError, renderer_for
from tests.tiny_pipeline import save_tiny_pipeline

pytest.importorskip("diffusers", reason='needs the extra "model": make test-model')

pytestmark = pytest.mark.filterwarnings("default")  # the libraries' own

REQUEST = ModelRequest(
    model="stability.stable-diffusion-xl-v1",
    prompt="a cat",
    negative_prompt="dogs",
    seed=7,
    size=(64, 80),
    style="pixel-art",
    steps=2,
    guidance=3.5,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_pipeline(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def render(folder: Path) -> Render:
    return renderer_for(str(folder))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the pipeline is called with, for a picture of one colour."""
    from diffusers import StableDiffusionPipeline

    called: list[dict[str, Any]] = []
    own = StableDiffusionPipeline.__call__

    def call(self: Any, *rest: Any, **named: Any) -> Any:
        called.append(named)
        return own(self, *rest, **named)

    call.__wrapped__ = own  # type: ignore[attr-defined]
    monkeypatch.setattr(StableDiffusionPipeline, "__call__", call)
    return called


def test_an_equal_request_gives_equal_bytes_also_once_loaded_anew(
    folder: Path, render: Render
) -> None:
    first = render(REQUEST)

    assert render(REQUEST) == first
    assert renderer_for(str(folder))(REQUEST) == first


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 8},
        {"prompt": "a dog"},
        {"negative_prompt": "cats"},
        {"style": None},
        {"steps": 3},
        {"guidance": 9.0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_all_that_a_request_asks_for_counts(render: Render, change: dict[str, Any]) -> None:
    assert render(replace(REQUEST, **change)) != render(REQUEST)


@pytest.mark.parametrize("output_format", ["png", "jpeg"])
@pytest.mark.parametrize("size", [(64, 64), (80, 112), (320, 48)])
def test_size_and_format_are_those_asked_for(
    render: Render, size: tuple[int, int], output_format: str
) -> None:
    file = render(replace(REQUEST, size=size, output_format=output_format))

    with Image.open(io.BytesIO(file)) as image:
        assert (image.size, image.format) == (size, output_format.upper())


def test_the_pipeline_is_asked_in_its_own_words_and_sizes(
    render: Render, calls: list[dict[str, Any]]
) -> None:
    render(REQUEST)

    generator = calls[0].pop("generator")
    assert generator.initial_seed() == 7
    assert calls == [
        {
            "prompt": "a cat, pixel art",
            "negative_prompt": "dogs",
            "width": 64,
            "height": 128,
            "num_inference_steps": 2,
            "guidance_scale": 3.5,
        }
    ]


def test_what_the_request_leaves_to_the_model_is_left_to_it(
    render: Render, calls: list[dict[str, Any]]
) -> None:
    render(ModelRequest("m", "a cat", "", 7, (64, 64)))

    assert calls[0].keys() == {"prompt", "width", "height", "generator"}


def test_a_pipeline_that_fails_is_an_error_of_one_line(
    render: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusers import StableDiffusionPipeline

    def out_of_memory(*_: Any, **__: Any) -> None:
        raise RuntimeError("out of memory\nand more")

    monkeypatch.setattr(StableDiffusionPipeline, "encode_prompt", out_of_memory)

    with pytest.raises(RenderError, match=r"^out of memory$"):
        render(REQUEST)


def test_what_the_safety_checker_blocks_is_filtered(
    render: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusers import StableDiffusionPipeline

    def blocked(self: Any, image: Any, *_: Any) -> Any:
        return image, [True]

    monkeypatch.setattr(StableDiffusionPipeline, "run_safety_checker", blocked)

    with pytest.raises(FilteredError):
        render(REQUEST)


@pytest.mark.parametrize(
    ("name", "said"),
    [("nowhere", "does not load"), ("some/name", "does not load"), ("./not/here", "is no folder")],
)
def test_what_is_no_model_is_said_at_once_in_one_line(name: str, said: str) -> None:
    with pytest.raises(NoModelError) as raised:
        renderer_for(name)

    assert str(raised.value).startswith(f"MODEL={name} {said}")
    assert "\n" not in str(raised.value)


def test_a_folder_of_something_else_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(NoModelError, match=r"model_index\.json"):
        renderer_for(str(tmp_path))
