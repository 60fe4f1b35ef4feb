"""What draws for the Bedrock stand-in. Each renderer returns a picture's file for a request, in the
request's size and format, and always the same bytes for the same request."""

import hashlib
import io
from collections.abc import Callable

from PIL import Image, ImageOps

from local.bedrock.families import ModelRequest

Render = Callable[[ModelRequest], bytes]


class NoModelError(Exception):
    """There is no such model to draw with. The text is one line that says what to do."""


class RenderError(Exception):
    """The model gave no picture. The text says why, `code` is Bedrock's error for it."""

    code = "ModelErrorException"


class RenderTimeoutError(RenderError):
    """The model took too long."""

    code = "ModelTimeoutException"


class FilteredError(RenderError):
    """The model's own filter blocked the picture."""


def renderer_for(model: str) -> Render:
    """Returns what draws with a real model: the address of a server of OpenAI's Images API, or a
    folder or name that diffusers loads. Raises NoModelError."""
    # Only now, because each of them is there only for those who bring a model.
    if model.startswith(("http://", "https://")):
        from local.bedrock.renderers.images_api import images_api

        return images_api(model)
    from local.bedrock.renderers.diffusers_pipeline import diffusers_pipeline

    return diffusers_pipeline(model)


def styled_prompt(request: ModelRequest) -> str:
    """Returns the prompt, followed by the style preset in words."""
    style = (request.style or "").replace("-", " ").replace("_", " ").lower()
    return f"{request.prompt}, {style}" if style else request.prompt


def fitted(image: Image.Image, request: ModelRequest) -> bytes:
    """Returns the image's file in the request's size and format. What the size has no room for is
    cut off."""
    picture = ImageOps.fit(image.convert("RGB"), request.size, Image.Resampling.LANCZOS)
    return encoded(picture, request.output_format)


def fingerprint(request: ModelRequest) -> bytes:
    """Returns 32 bytes that are other ones for every other request."""
    return hashlib.sha256(repr(request).encode()).digest()


def encoded(image: Image.Image, output_format: str) -> bytes:
    """Returns the image as a file. `output_format` is "png" or "jpeg"."""
    file = io.BytesIO()
    if output_format == "jpeg":
        image.convert("RGB").save(file, "JPEG", quality=92)
    else:
        image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def first_line(error: object) -> str:
    """Returns the beginning of an error's text, for a message of one line."""
    return (str(error).strip() or type(error).__name__).partition("\n")[0][:300]
