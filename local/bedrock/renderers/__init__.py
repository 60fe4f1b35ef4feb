"""What draws for the Bedrock stand-in. Each renderer returns a picture's file for a request, in the
request's size and format, and always the same bytes for the same request."""

import io
from collections.abc import Callable

from PIL import Image

from local.bedrock.families import ModelRequest

Render = Callable[[ModelRequest], bytes]


def encoded(image: Image.Image, output_format: str) -> bytes:
    """Returns the image as a file. `output_format` is "png" or "jpeg"."""
    file = io.BytesIO()
    if output_format == "jpeg":
        image.convert("RGB").save(file, "JPEG", quality=92)
    else:
        image.save(file, "PNG", compress_level=1)
    return file.getvalue()
