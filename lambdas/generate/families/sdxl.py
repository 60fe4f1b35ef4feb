"""Stable Diffusion XL, versions 0 and 1."""

from collections.abc import Mapping
from typing import Any

from lambdas.common.errors import ModelFailedError
from lambdas.common.recipe import Recipe
from lambdas.generate.families import Drawn, only, picture_blocked

# In a recipe but not sent unchanged: pictures are always PNG, and `request` builds the prompts.
_NOT_SENT = frozenset({"output_format", "text_prompts"})


def request(recipe: Recipe) -> dict[str, Any]:
    text_prompts = recipe.parameters.get("text_prompts")
    if text_prompts is None:
        text_prompts = [{"text": recipe.prompt, "weight": 1}]
        if recipe.negative_prompt:
            text_prompts.append({"text": recipe.negative_prompt, "weight": -1})
    sent = {name: value for name, value in recipe.parameters.items() if name not in _NOT_SENT}
    return {"text_prompts": text_prompts, "seed": recipe.seed, "samples": 1, **sent}


def read(response: Mapping[str, Any]) -> Drawn:
    if response.get("result") != "success":
        raise ModelFailedError(detail="result is not success")
    artifact = only(response.get("artifacts"), "artifacts")
    if not isinstance(artifact, dict):
        raise ModelFailedError(detail="artifact is no object")
    match artifact.get("finishReason"):
        case "SUCCESS":
            return Drawn(artifact.get("base64", ""), artifact.get("seed"))
        case "CONTENT_FILTERED":
            raise picture_blocked("CONTENT_FILTERED")
        case "ERROR":
            raise ModelFailedError(detail="finish reason ERROR")
        case _:
            raise ModelFailedError(detail="unknown finish reason")
