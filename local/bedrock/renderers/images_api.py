"""Draws with a server that speaks OpenAI's Images API, with the fields for seed, negative prompt,
steps and guidance that such servers add to it."""

import base64
import io
import json
import os
from typing import Any
from urllib.parse import urljoin, urlsplit

from PIL import Image
from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import HTTPError, ReadTimeoutError

from local.bedrock.families import ModelRequest
from local.bedrock.renderers import (
    NoModelError,
    Render,
    RenderError,
    RenderTimeoutError,
    first_line,
    fitted,
    styled_prompt,
)

# As long as the setting model_timeout_seconds allows a model at most.
_LONGEST_SECONDS = 600
_CHECK_SECONDS = 10

# The one model of stable-diffusion.cpp's server, which reads its own fields out of the prompt.
_SD_CPP = "sd-cpp-local"


def images_api(address: str) -> Render:
    """Returns what draws with the server at an address such as http://127.0.0.1:8000 or
    https://host/v1, and with the one of its models that #name at the address's end names.

    The key is OPENAI_API_KEY. Raises NoModelError.
    """
    url, _, name = address.partition("#")
    base = url.rstrip("/").removesuffix("/images/generations")
    base = base if base.endswith("/v1") else f"{base}/v1"
    key = os.environ.get("OPENAI_API_KEY")
    headers = {"authorization": f"Bearer {key}"} if key else {}
    http = PoolManager(retries=False, timeout=Timeout(connect=5, read=_LONGEST_SECONDS))
    models = _models(http, base, headers)
    if name and models and name not in models:
        raise NoModelError(f"{base} has no model {name}, only {', '.join(models)}")
    if not name and len(models) == 1:
        name = models[0]

    def render(request: ModelRequest) -> bytes:
        try:
            answer = http.request(
                "POST", f"{base}/images/generations", json=_body(name, request), headers=headers
            )
            drawn = _successful(answer).json()["data"][0]
            if drawn.get("b64_json"):
                file = base64.b64decode(drawn["b64_json"])
            else:
                link = urljoin(f"{base}/", drawn["url"])
                own = urlsplit(link).netloc == urlsplit(base).netloc
                file = _successful(http.request("GET", link, headers=headers if own else {})).data
            with Image.open(io.BytesIO(file)) as image:
                return fitted(image, request)
        except ReadTimeoutError as error:
            raise RenderTimeoutError(f"{base}: {first_line(error)}") from error
        except HTTPError as error:
            raise RenderError(f"{base}: {first_line(error)}") from error
        except (AttributeError, IndexError, KeyError, OSError, TypeError, ValueError) as error:
            raise RenderError(f"{base} answered without a picture: {error!r}") from error

    return render


def _models(http: PoolManager, base: str, headers: dict[str, str]) -> list[str]:
    """Returns the names of the server's models, none if it does not list them."""
    try:
        answer = http.request("GET", f"{base}/models", headers=headers, timeout=_CHECK_SECONDS)
    except HTTPError as error:
        raise NoModelError(f"no server answers at {base}: {first_line(error)}") from error
    if answer.status in (401, 403):
        raise NoModelError(f"{base} refuses the key in OPENAI_API_KEY, or asks for one")
    try:
        return [str(model["id"]) for model in answer.json()["data"]]
    except (KeyError, TypeError, ValueError):
        return []


def _body(model: str, request: ModelRequest) -> dict[str, Any]:
    prompt, negative = styled_prompt(request), request.negative_prompt or None
    if model == _SD_CPP:
        sample = {"sample_steps": request.steps, "guidance": _given({"txt_cfg": request.guidance})}
        own = {"seed": request.seed, "negative_prompt": negative, "sample_params": _given(sample)}
        prompt += f" <sd_cpp_extra_args>{json.dumps(_given(own))}</sd_cpp_extra_args>"
    # Servers know steps and guidance under different names, and skip those they do not know.
    return _given(
        {
            "model": model or None,
            "prompt": prompt,
            "n": 1,
            "size": "{}x{}".format(*request.size),
            "response_format": "b64_json",
            "seed": request.seed,
            "negative_prompt": negative,
            **dict.fromkeys(("num_inference_steps", "steps", "step"), request.steps),
            **dict.fromkeys(("guidance_scale", "cfg_scale"), request.guidance),
        }
    )


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _successful(answer: BaseHTTPResponse) -> BaseHTTPResponse:
    if answer.status != 200:
        said = first_line(answer.data.decode(errors="replace"))
        raise RenderError(f"the server answered HTTP {answer.status}: {said}")
    return answer
