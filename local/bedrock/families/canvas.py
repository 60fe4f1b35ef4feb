"""Amazon Nova Canvas and Titan Image Generator."""

from collections.abc import Mapping
from typing import Any

from local.bedrock.families import ModelRequest
from local.bedrock.request_check import default_of


def read(model: str, body: Mapping[str, Any]) -> ModelRequest:
    text = body["textToImageParams"]
    config = body.get("imageGenerationConfig", {})
    return ModelRequest(
        model=model,
        prompt=text["text"],
        negative_prompt=text.get("negativeText", ""),
        seed=config.get("seed", default_of(model, "imageGenerationConfig", "seed")),
        size=(config.get("width", 1024), config.get("height", 1024)),
        style=text.get("style"),
        guidance=config.get("cfgScale"),
    )


def answer(request: ModelRequest, pictures: list[str]) -> dict[str, Any]:
    return {"images": pictures, "error": None}


def filtered(request: ModelRequest) -> dict[str, Any]:
    error = "All of the generated images have been blocked by our content filters."
    return {"images": [], "error": error}
