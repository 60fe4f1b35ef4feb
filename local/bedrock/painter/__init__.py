"""Draws the pictures of the local Bedrock stand-in: landscapes that follow the prompt.

The same arguments always give the same bytes; no model is involved, and the picture says so.
"""

from io import BytesIO

from PIL import Image

from local.bedrock.families import ModelRequest
from local.bedrock.painter.air import paint_air
from local.bedrock.painter.brief import Brief, read_brief
from local.bedrock.painter.canvas import Canvas
from local.bedrock.painter.caption import add_caption, sign
from local.bedrock.painter.city import city
from local.bedrock.painter.highlands import lake, mountains, snow
from local.bedrock.painter.lowlands import canyon, desert, forest, meadow
from local.bedrock.painter.palette import choose_palette
from local.bedrock.painter.space import space
from local.bedrock.painter.stage import place_figures
from local.bedrock.painter.styles import finish
from local.bedrock.painter.waters import sea, underwater

__all__ = ["Brief", "encode", "paint", "read_brief", "render_painting"]

_SCENES = {
    "canyon": canyon,
    "city": city,
    "desert": desert,
    "forest": forest,
    "lake": lake,
    "meadow": meadow,
    "mountains": mountains,
    "sea": sea,
    "snow": snow,
    "space": space,
    "underwater": underwater,
}


def paint(
    *,
    prompt: str,
    negative_prompt: str = "",
    seed: int,
    style: str | None = None,
    width: int,
    height: int,
    hand: str = "",
) -> Image.Image:
    """Paints an RGB picture of the given size, decided by the arguments and nothing else."""
    brief = read_brief(
        prompt=prompt,
        negative_prompt=negative_prompt,
        seed=seed,
        style=style,
        width=width,
        height=height,
        hand=hand,
    )
    canvas = Canvas(brief, choose_palette(brief))
    stage = _SCENES[brief.scene](canvas)
    place_figures(canvas, stage)
    paint_air(canvas)
    picture = finish(canvas)
    add_caption(picture, seed)
    return sign(picture, brief.fingerprint)


def encode(image: Image.Image, output_format: str) -> bytes:
    """The picture's file in "png", "jpeg" or "webp"; ValueError for any other format."""
    buffer = BytesIO()
    match output_format:
        case "png":
            image.save(buffer, "PNG", compress_level=4)
        case "jpeg":
            image.save(buffer, "JPEG", quality=92)
        case "webp":
            image.save(buffer, "WEBP", quality=90, method=2)
        case _:
            raise ValueError(f"output_format must be png, jpeg or webp, not {output_format!r}")
    return buffer.getvalue()


def render_painting(request: ModelRequest) -> bytes:
    """Draws for the Bedrock stand-in; each model has a hand of its own."""
    image = paint(
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        seed=request.seed,
        style=request.style,
        width=request.size[0],
        height=request.size[1],
        hand=request.model,
    )
    return encode(image, request.output_format)
