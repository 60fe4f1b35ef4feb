"""Stable Diffusion XL, versions 0 and 1."""

from collections.abc import Mapping
from typing import Any

from local.bedrock.families import ModelRequest, random_seed


def read(model: str, body: Mapping[str, Any]) -> ModelRequest:
    texts = [(item["text"], item.get("weight", 1)) for item in body["text_prompts"]]
    return ModelRequest(
        model=model,
        prompt="\n".join(_weighted(text, weight) for text, weight in texts if weight > 0),
        negative_prompt="\n".join(_weighted(text, -weight) for text, weight in texts if weight < 0),
        seed=body.get("seed") or random_seed(),
        size=(body.get("width", 1024), body.get("height", 1024)),
        style=body.get("style_preset"),
        steps=body.get("steps"),
        guidance=body.get("cfg_scale"),
    )


def answer(request: ModelRequest, pictures: list[str]) -> dict[str, Any]:
    artifacts = [
        {"seed": request.seed, "base64": picture, "finishReason": "SUCCESS"} for picture in pictures
    ]
    return {"result": "success", "artifacts": artifacts}


def filtered(request: ModelRequest) -> dict[str, Any]:
    artifact = {"seed": request.seed, "base64": "", "finishReason": "CONTENT_FILTERED"}
    return {"result": "success", "artifacts": [artifact]}


def _weighted(text: str, weight: float) -> str:
    return text if weight == 1 else f"{text} ({weight:g})"
