"""The pictures of an answer under a fault, where a healthy model gives one good picture."""

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import replace

from PIL import Image

from local.bedrock.families import ModelRequest
from local.bedrock.renderers import Render


def faulty_pictures(request: ModelRequest, kind: str, render: Render) -> list[str]:
    """Returns the pictures, in Base64, for a kind of fault as `local.faults` lists them."""
    if kind == "bad_base64":
        return ["no Base64!"]
    files: Mapping[str, Callable[[], list[bytes]]] = {
        "no_picture": list,
        "two_pictures": lambda: [render(request)] * 2,
        "wrong_format": lambda: [b"GIF89a"],
        "drift": lambda: [render(replace(request, seed=request.seed + 1))],
        "reencoded": lambda: [_reencoded(render(request))],
    }
    return [base64.b64encode(file).decode() for file in files[kind]()]


def _reencoded(picture: bytes) -> bytes:
    """Returns the same pixels in other bytes: a PNG compressed less, a JPEG with a comment."""
    with Image.open(io.BytesIO(picture)) as image:
        if image.format != "PNG":
            return picture[:2] + b"\xff\xfe\x00\x09another" + picture[2:]
        out = io.BytesIO()
        image.save(out, "png", compress_level=0)
        return out.getvalue()
