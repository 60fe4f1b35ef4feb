"""Amazon Nova Canvas and Titan Image Generator."""

from collections.abc import Mapping
from typing import Any

from lambdas.common.errors import ModelFailedError
from lambdas.common.recipe import Recipe
from lambdas.generate.families import Drawn, only, picture_blocked


def request(recipe: Recipe) -> dict[str, Any]:
    """Returns the body, always with a seed: without one, the models use a fixed number."""
    parameters = recipe.parameters
    text: dict[str, Any] = {"text": recipe.prompt}
    if recipe.negative_prompt:
        text["negativeText"] = recipe.negative_prompt
    if "style_preset" in parameters:
        text["style"] = parameters["style_preset"]
    return {
        "taskType": "TEXT_IMAGE",
        "textToImageParams": text,
        "imageGenerationConfig": {
            "numberOfImages": 1,
            "width": parameters["width"],
            "height": parameters["height"],
            "quality": parameters["quality"],
            "cfgScale": parameters["cfg_scale"],
            "seed": recipe.seed,
        },
    }


def read(response: Mapping[str, Any]) -> Drawn:
    """Returns the picture. Treats an error without a picture as one of the content filter."""
    # The error's text is the model's own and may quote the prompt, so it is not passed on.
    error = response.get("error")
    if error is not None and not response.get("images"):
        raise picture_blocked("an error and no picture")
    if error is not None:
        raise ModelFailedError(detail="an error beside the picture")
    return Drawn(only(response.get("images"), "images"))
