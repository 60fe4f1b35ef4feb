"""Stable Image Core, Stable Image Ultra and Stable Diffusion 3.5 Large."""

import math
from collections.abc import Mapping
from typing import Any

from lambdas.common.catalog import Size
from local.bedrock.families import ModelRequest, random_seed

_MEGAPIXEL = 1024 * 1024
_SIDE_STEP = 64


def read(model: str, body: Mapping[str, Any]) -> ModelRequest:
    return ModelRequest(
        model=model,
        prompt=body["prompt"],
        negative_prompt=body.get("negative_prompt", ""),
        seed=body.get("seed") or random_seed(),
        size=_size_of_ratio(body.get("aspect_ratio", "1:1")),
        output_format=body.get("output_format", "png"),
    )


def answer(request: ModelRequest, pictures: list[str]) -> dict[str, Any]:
    return {"seeds": [request.seed], "finish_reasons": [None], "images": pictures}


def filtered(request: ModelRequest) -> dict[str, Any]:
    return answer(request, []) | {"finish_reasons": ["Filter reason: output image"]}


def _size_of_ratio(ratio: str) -> Size:
    """Returns about a megapixel, with sides in steps of 64."""
    across, down = (int(part) for part in ratio.split(":"))
    width = math.sqrt(_MEGAPIXEL * across / down)
    height = math.sqrt(_MEGAPIXEL * down / across)
    return round(width / _SIDE_STEP) * _SIDE_STEP, round(height / _SIDE_STEP) * _SIDE_STEP
