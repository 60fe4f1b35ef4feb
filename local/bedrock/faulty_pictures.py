"""The pictures of an answer under a fault, where a healthy model gives one good picture."""

import base64
import io
from dataclasses import replace

from PIL import Image

from local.bedrock.families import ModelRequest


def faulty_pictures(request: ModelRequest, kind: str) -> list[str]:
    """Returns the pictures, in Base64, for a kind of fault as `local.faults` lists them."""
    match kind:
        case "no_picture":
            return []
        case "two_pictures":
            return [request.picture()] * 2
        case "bad_base64":
            return ["no Base64!"]
        case "wrong_format":
            return [base64.b64encode(b"GIF89a").decode()]
        case "drift":
            return [replace(request, seed=request.seed + 1).picture()]
        case "reencoded":
            picture = base64.b64decode(request.picture())
            return [base64.b64encode(_reencoded(picture)).decode()]
        case _:
            raise ValueError(kind)


def _reencoded(picture: bytes) -> bytes:
    """Returns the same pixels in other bytes: a PNG compressed less, a JPEG with a comment."""
    with Image.open(io.BytesIO(picture)) as image:
        if image.format != "PNG":
            return picture[:2] + b"\xff\xfe\x00\x09another" + picture[2:]
        out = io.BytesIO()
        image.save(out, "png", compress_level=1)
        return out.getvalue()
