"""The whole workflow with a real pipeline behind the Bedrock stand-in, tiny but diffusers' own."""

import io
from pathlib import Path

import pytest
from PIL import Image

from local.bedrock.renderers import renderer_for
from tests.local_client import running
from tests.tiny_pipeline import save_tiny_pipeline

pytest.importorskip("diffusers", reason='needs the extra "model": make test-model')

pytestmark = pytest.mark.filterwarnings("default")  # the libraries' own


def test_a_picture_is_drawn_stored_and_drawn_again_the_same(tmp_path: Path) -> None:
    render = renderer_for(str(save_tiny_pipeline(tmp_path)))
    asked = {
        "model": "amazon.nova-canvas-v1:0",
        "prompt": "a cat running a marathon",
        "negative_prompt": "dogs",
        "seed": 42,
        "width": 320,
        "height": 336,
    }

    with running(render=render) as easel:
        answer = easel.post(asked)
        assert answer.status == 200, answer.content
        file = easel.downloaded(answer.body)
        rerun = easel.rerun(answer.body["id"])

    with Image.open(io.BytesIO(file)) as image:
        assert (image.size, image.format) == ((320, 336), "PNG")
        assert len(image.getcolors(image.width * image.height) or ()) > 100
    assert rerun.body["rerun"]["verdict"] == "identical_bytes"
