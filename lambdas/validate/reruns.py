"""An earlier picture drawn again: its recipe, on its model or on purpose on another."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.common.catalog import CATALOG
from lambdas.common.errors import InvalidRequestError
from lambdas.common.recipe import Recipe
from lambdas.validate.environment import Environment
from lambdas.validate.orders import read_recipe_in_picture, stored_recipe
from lambdas.validate.request import kind, resolve, shown

RERUN_FIELDS = ("model", "recipe_in_picture")


@dataclass(frozen=True)
class Rerun:
    """`first` is what the store step compares the new picture with.

    The first manifests have no `sha256` of the model's own bytes: the published file was the same.
    One of a refusal has none at all then.
    """

    id: str
    recipe: Recipe
    first: Mapping[str, Any]
    recipe_in_picture: bool


def read_rerun(
    first_id: str,
    body: Any,
    *,
    manifest: Mapping[str, Any],
    caller: str,
    key: str,
    environment: Environment,
) -> Rerun:
    """What is to be drawn for a rerun.

    The new picture has an id of its own, so that neither the first is overwritten nor its staged
    picture is found. The same caller's same key is the same rerun. Raises InvalidRequestError,
    ModelNotFoundError or ModelRetiredError, which names the successor.
    """
    if not isinstance(body, dict):
        raise InvalidRequestError(
            f"The request body must be a JSON object; got {kind(body)}.", param="body"
        )
    fields = dict(body)
    in_picture = read_recipe_in_picture(fields, environment)
    model = fields.pop("model", None)
    if fields:
        unknown = next(iter(fields))
        raise InvalidRequestError(
            f"Unknown field {shown(unknown)}. A rerun takes {' and '.join(RERUN_FIELDS)}.",
            param=unknown[:60],
            code="unknown_parameter",
        )
    recipe = manifest["recipe"]
    again = (
        stored_recipe(recipe, environment)
        if model is None or model == recipe["model"]
        else _on_another_model(recipe, model, environment)
    )
    return Rerun(
        id=hashlib.sha256(f"{first_id}\n{caller}\n{key}".encode()).hexdigest()[:32],
        recipe=again,
        first={
            "id": first_id,
            "model": recipe["model"],
            "sha256": manifest["model"].get("sha256") or manifest.get("sha256"),
            "pixels_sha256": manifest["model"].get("pixels_sha256"),
            "key": manifest["key"],
        },
        recipe_in_picture=in_picture,
    )


def _on_another_model(recipe: Mapping[str, Any], model: Any, environment: Environment) -> Recipe:
    """What carries over: the words, the seed, and shape and format where the model has them."""
    fields = {
        "model": model,
        "prompt": recipe["prompt"],
        "negative_prompt": recipe["negative_prompt"] or None,
    }
    target = CATALOG.get(model) if isinstance(model, str) else None
    if target is not None:
        parameters = recipe["parameters"]
        fields["seed"] = recipe["seed"] if recipe["seed"] <= target.seed_limit else None
        if parameters["output_format"] in target.output_formats:
            fields["output_format"] = parameters["output_format"]
        fields["aspect_ratio"] = _ratio(recipe, target.aspect_ratios)
    return resolve(
        fields, environment=environment, draw_seed=lambda limit: 1 + recipe["seed"] % limit
    )


def _ratio(recipe: Mapping[str, Any], offered: Mapping[str, Any]) -> str | None:
    """The offered ratio that is nearest to that of the first picture."""
    parameters = recipe["parameters"]
    if "aspect_ratio" in parameters:
        wanted = _value(parameters["aspect_ratio"])
    else:
        wanted = parameters["width"] / parameters["height"]
    return min(offered, key=lambda ratio: abs(_value(ratio) - wanted), default=None)


def _value(ratio: str) -> float:
    across, down = ratio.split(":")
    return int(across) / int(down)
