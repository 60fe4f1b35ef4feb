"""The answers of each model family: what InvokeModel returns for a checked request."""

import base64
import io
import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from lambdas.common.catalog import CATALOG, Family, Size
from local.bedrock.painter import encode, paint

# Seeds that the models use where the request has none.
NOVA_SEED, TITAN_SEED = 12, 42
# Each other model has a hand of its own.
_PLAIN_HAND = "stability.stable-image-core-v1:1"

_MEGAPIXEL = 1024 * 1024
_SIDE_STEP = 64


@dataclass(frozen=True)
class Order:
    """What a request asks for, whatever its wire format."""

    model: str
    prompt: str
    negative_prompt: str
    seed: int
    style: str | None
    size: Size
    output_format: str

    def picture(self) -> str:
        """The picture, in Base64."""
        width, height = self.size
        image = paint(
            prompt=self.prompt,
            negative_prompt=self.negative_prompt,
            seed=self.seed,
            style=self.style,
            width=width,
            height=height,
            hand="" if self.model == _PLAIN_HAND else self.model,
        )
        return base64.b64encode(encode(image, self.output_format)).decode()


def read_order(model: str, request: Mapping[str, Any]) -> Order:
    match CATALOG[model].family:
        case Family.STABILITY_IMAGE:
            return Order(
                model=model,
                prompt=request["prompt"],
                negative_prompt=request.get("negative_prompt", ""),
                seed=request.get("seed") or _random_seed(),
                style=None,
                size=_size_of_ratio(request.get("aspect_ratio", "1:1")),
                output_format=request.get("output_format", "png"),
            )
        case Family.SDXL:
            texts = [(item["text"], item.get("weight", 1)) for item in request["text_prompts"]]
            return Order(
                model=model,
                prompt="\n".join(_weighted(text, weight) for text, weight in texts if weight > 0),
                negative_prompt="\n".join(
                    _weighted(text, -weight) for text, weight in texts if weight < 0
                ),
                seed=request.get("seed") or _random_seed(),
                style=request.get("style_preset"),
                size=(request.get("width", 1024), request.get("height", 1024)),
                output_format="png",
            )
        case Family.CANVAS:
            text = request["textToImageParams"]
            config = request.get("imageGenerationConfig", {})
            fixed = TITAN_SEED if "titan" in model else NOVA_SEED
            return Order(
                model=model,
                prompt=text["text"],
                negative_prompt=text.get("negativeText", ""),
                seed=config.get("seed", fixed),
                style=text.get("style"),
                size=(config.get("width", 1024), config.get("height", 1024)),
                output_format="png",
            )


def drawn(model: str, order: Order) -> dict[str, Any]:
    """The answer with a picture."""
    match CATALOG[model].family:
        case Family.STABILITY_IMAGE:
            return {
                "seeds": [order.seed],
                "finish_reasons": [None],
                "images": [order.picture()],
            }
        case Family.SDXL:
            artifact = {
                "seed": order.seed,
                "base64": order.picture(),
                "finishReason": "SUCCESS",
            }
            return {"result": "success", "artifacts": [artifact]}
        case Family.CANVAS:
            return {"images": [order.picture()], "error": None}


def drawn_otherwise(model: str, order: Order, kind: str) -> dict[str, Any]:
    """The answer with another good picture than `drawn` has; kinds as in `local.faults`."""
    if kind == "drift":
        drifted = replace(order, seed=order.seed + 1)
        return _with_picture(model, drawn(model, order), drifted.picture())
    answer = drawn(model, order)
    picture = base64.b64decode(picture_of(model, answer))
    return _with_picture(model, answer, base64.b64encode(_reencoded(picture)).decode())


def _reencoded(picture: bytes) -> bytes:
    """Compressed less, where the format compresses without loss; else with a comment."""
    with Image.open(io.BytesIO(picture)) as image:
        out = io.BytesIO()
        if image.format == "PNG":
            image.save(out, "png", compress_level=1)
            return out.getvalue()
    comment = b"\xff\xfe\x00\x09another"
    return picture[:2] + comment + picture[2:]


def _with_picture(model: str, answer: dict[str, Any], picture: str) -> dict[str, Any]:
    if CATALOG[model].family is Family.SDXL:
        answer["artifacts"][0]["base64"] = picture
    else:
        answer["images"][0] = picture
    return answer


def picture_of(model: str, answer: Mapping[str, Any]) -> str:
    """The picture in an answer of `drawn`, in Base64."""
    if CATALOG[model].family is Family.SDXL:
        return str(answer["artifacts"][0]["base64"])
    return str(answer["images"][0])


def filtered(model: str, order: Order) -> dict[str, Any]:
    """The answer of a model whose content filter stepped in: HTTP 200, without a picture."""
    match CATALOG[model].family:
        case Family.STABILITY_IMAGE:
            return {
                "seeds": [order.seed],
                "finish_reasons": ["Filter reason: output image"],
                "images": [],
            }
        case Family.SDXL:
            artifact = {"seed": order.seed, "base64": "", "finishReason": "CONTENT_FILTERED"}
            return {"result": "success", "artifacts": [artifact]}
        case Family.CANVAS:
            return {
                "images": [],
                "error": "All of the generated images have been blocked by our content filters.",
            }


def broken(model: str, order: Order, kind: str) -> dict[str, Any]:
    """An answer without one good picture, in the family's way; kinds as in `local.faults`."""
    if kind == "filtered":
        return filtered(model, order)
    answer = drawn(model, order)
    key = "artifacts" if CATALOG[model].family is Family.SDXL else "images"
    pictures = answer[key]
    match kind:
        case "no_picture":
            answer[key] = []
        case "two_pictures":
            answer[key] = pictures * 2
        case "bad_base64":
            _replace_picture(pictures, "no Base64!")
        case "wrong_format":
            _replace_picture(pictures, base64.b64encode(b"GIF89a").decode())
        case _:
            raise ValueError(kind)
    return answer


def _replace_picture(pictures: list[Any], encoded: str) -> None:
    if isinstance(pictures[0], dict):
        pictures[0]["base64"] = encoded
    else:
        pictures[0] = encoded


def _size_of_ratio(ratio: str) -> Size:
    """About a megapixel, sides in steps of 64."""
    across, down = (int(part) for part in ratio.split(":"))
    width = math.sqrt(_MEGAPIXEL * across / down)
    height = math.sqrt(_MEGAPIXEL * down / across)
    return (
        round(width / _SIDE_STEP) * _SIDE_STEP,
        round(height / _SIDE_STEP) * _SIDE_STEP,
    )


def _weighted(text: str, weight: float) -> str:
    return text if weight == 1 else f"{text} ({weight:g})"


def _random_seed() -> int:
    return 1 + secrets.randbelow(4_294_967_294)
