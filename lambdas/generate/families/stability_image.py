"""Stable Image Core, Stable Image Ultra and Stable Diffusion 3.5 Large."""

from collections.abc import Mapping
from typing import Any

from lambdas.common.catalog import CATALOG
from lambdas.common.errors import ModelFailedError
from lambdas.common.recipe import Recipe
from lambdas.generate.families import Drawn, only, picture_blocked, prompt_blocked


def request(recipe: Recipe) -> dict[str, Any]:
    body: dict[str, Any] = {
        "prompt": recipe.prompt,
        "seed": recipe.seed,
        "aspect_ratio": recipe.parameters["aspect_ratio"],
        "output_format": recipe.parameters["output_format"],
    }
    if recipe.negative_prompt:
        body["negative_prompt"] = recipe.negative_prompt
    if CATALOG[recipe.model].takes_mode:
        body["mode"] = "text-to-image"
    return body


def read(response: Mapping[str, Any]) -> Drawn:
    """Returns the picture. Reads the finish reason first: a blocked request is a 200 with none."""
    reason = only(response.get("finish_reasons"), "finish_reasons")
    match reason:
        case None:
            pass
        case "Filter reason: output image":
            raise picture_blocked(reason)
        case "Filter reason: prompt" | "Filter reason: input image":
            raise prompt_blocked(reason)
        case "Inference error":
            raise ModelFailedError(detail=reason)
        case _:
            raise ModelFailedError(detail="unknown finish reason")
    seeds = response.get("seeds")
    return Drawn(
        encoded=only(response.get("images"), "images"),
        seed=seeds[0] if isinstance(seeds, list) and seeds else None,
    )
