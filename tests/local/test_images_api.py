"""Pictures from a server of OpenAI's Images API: what it is sent, what becomes of its answers."""

import base64
import io
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from werkzeug.wrappers import Request, Response

from local.bedrock.families import ModelRequest
from local.bedrock.renderers import (
    NoModelError,
    RenderError,
    RenderTimeoutError,
    images_api,
    renderer_for,
)
from local.exclusive import HOST
from local.serving import Server
from tests.local_client import free_ports

pytestmark = pytest.mark.enable_socket

REQUEST = ModelRequest(
    model="amazon.nova-canvas-v1:0",
    prompt="a cat",
    negative_prompt="dogs",
    seed=7,
    size=(320, 336),
    style="FLAT_VECTOR_ILLUSTRATION",
    steps=12,
    guidance=0.0,
)
EXTRAS = (
    '{"seed": 7, "negative_prompt": "dogs", '
    '"sample_params": {"sample_steps": 12, "guidance": {"txt_cfg": 0.0}}}'
)


def picture(size: tuple[int, int] = (64, 48), kind: str = "png") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, kind)
    return file.getvalue()


def drawn(file: bytes) -> Response:
    return answered({"data": [{"b64_json": base64.b64encode(file).decode()}]})


def answered(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


class ImagesServer:
    """Answers as it is told to, and keeps what it was sent."""

    def __init__(self) -> None:
        self.models = ["one"]
        self.key = ""
        self.answer = drawn(picture())
        self.seconds = 0.0
        self.sent: list[dict[str, Any]] = []
        self.address = ""

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return answered({"error": "no"}, 401)
        match request.method, request.path:
            case "GET", "/v1/models":
                return answered({"data": [{"id": name} for name in self.models]})
            case "GET", "/pictures/1.webp":
                return Response(picture(kind="webp"), content_type="image/webp")
            case "POST", "/v1/images/generations":
                self.sent.append(json.loads(request.get_data()))
                time.sleep(self.seconds)
                return self.answer
        return answered({"error": "not found"}, 404)


@pytest.fixture
def server() -> Iterator[ImagesServer]:
    images = ImagesServer()
    with Server(images, 0) as listening:
        images.address = f"http://{HOST}:{listening.port}"
        yield images


def opened(file: bytes) -> Image.Image:
    return Image.open(io.BytesIO(file))


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/", "/v1/images/generations"])
def test_the_request_is_sent_with_all_it_asks_for(server: ImagesServer, end: str) -> None:
    renderer_for(server.address + end)(REQUEST)

    assert server.sent == [
        {
            "model": "one",
            "prompt": "a cat, flat vector illustration",
            "n": 1,
            "size": "320x336",
            "response_format": "b64_json",
            "seed": 7,
            "negative_prompt": "dogs",
            "num_inference_steps": 12,
            "steps": 12,
            "step": 12,
            "guidance_scale": 0.0,
            "cfg_scale": 0.0,
        }
    ]


def test_what_the_request_leaves_to_the_model_is_not_sent(server: ImagesServer) -> None:
    server.models = ["one", "two"]

    renderer_for(server.address)(ModelRequest("m", "a cat", "", 7, (320, 320)))

    assert server.sent[0].keys() == {"prompt", "n", "size", "response_format", "seed"}


def test_one_of_several_models_is_named_behind_the_address(server: ImagesServer) -> None:
    server.models = ["one", "two"]

    renderer_for(f"{server.address}/v1#two")(REQUEST)

    assert server.sent[0]["model"] == "two"
    with pytest.raises(NoModelError, match="has no model three, only one, two"):
        renderer_for(f"{server.address}#three")


def test_stable_diffusion_cpp_gets_seed_and_parameters_in_the_prompt(server: ImagesServer) -> None:
    server.models = ["sd-cpp-local"]

    renderer_for(server.address)(REQUEST)

    prompt = f"a cat, flat vector illustration <sd_cpp_extra_args>{EXTRAS}</sd_cpp_extra_args>"
    assert server.sent[0]["prompt"] == prompt


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("output_format", ["png", "jpeg"])
def test_any_picture_comes_in_the_size_and_format_that_were_asked_for(
    server: ImagesServer, kind: str, output_format: str
) -> None:
    server.answer = drawn(picture(kind=kind))
    render = renderer_for(server.address)

    file = render(replace(REQUEST, output_format=output_format))

    assert opened(file).size == (320, 336)
    assert opened(file).format == output_format.upper()
    assert file == render(replace(REQUEST, output_format=output_format))


def test_a_picture_of_the_right_size_keeps_its_pixels(server: ImagesServer) -> None:
    image = Image.effect_noise(REQUEST.size, 80).convert("RGB")
    file = io.BytesIO()
    image.save(file, "png")
    server.answer = drawn(file.getvalue())

    assert opened(renderer_for(server.address)(REQUEST)).tobytes() == image.tobytes()


@pytest.mark.parametrize("absolute", [False, True], ids=["path", "address"])
def test_a_linked_picture_is_fetched_with_the_key(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch, absolute: bool
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sesame")
    server.key = "sesame"
    link = f"{server.address if absolute else ''}/pictures/1.webp"
    server.answer = answered({"data": [{"url": link}]})

    assert opened(renderer_for(server.address)(REQUEST)).size == REQUEST.size


def test_a_missing_key_is_said_at_once(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    server.key = "sesame"

    with pytest.raises(NoModelError, match="OPENAI_API_KEY"):
        renderer_for(server.address)


def test_a_server_that_is_down_is_said_at_once() -> None:
    address = f"http://{HOST}:{free_ports()[0]}"

    with pytest.raises(NoModelError, match=f"no server answers at {address}/v1"):
        renderer_for(address)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (answered({"error": "no such size"}, 400), "HTTP 400: .*no such size"),
        (answered({"data": []}), "without a picture"),
        (answered({"data": [{}]}), "without a picture"),
        (answered([]), "without a picture"),
        (Response("<html>"), "without a picture"),
        (drawn(b"no picture"), "without a picture"),
        (answered({"data": [{"url": "/nowhere.png"}]}), "HTTP 404"),
    ],
    ids=["400", "none", "empty", "list", "no JSON", "no picture", "dead link"],
)
def test_an_answer_without_a_picture_is_an_error_of_one_line(
    server: ImagesServer, answer: Response, said: str
) -> None:
    render = renderer_for(server.address)
    server.answer = answer

    with pytest.raises(RenderError, match=said) as raised:
        render(REQUEST)

    assert raised.value.code == "ModelErrorException"
    assert "\n" not in str(raised.value)


def test_a_server_that_takes_too_long_is_a_timeout(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images_api, "_LONGEST_SECONDS", 0.05)
    server.seconds = 1.0
    render = renderer_for(server.address)

    with pytest.raises(RenderTimeoutError) as raised:
        render(REQUEST)

    assert raised.value.code == "ModelTimeoutException"


def test_a_server_that_went_away_is_an_error() -> None:
    with Server(ImagesServer(), 0) as listening:
        render = renderer_for(f"http://{HOST}:{listening.port}")

    with pytest.raises(RenderError):
        render(REQUEST)
