"""Reruns: an earlier picture is drawn again, by its own model or by another that is asked for."""

from collections.abc import Mapping
from typing import Any

from lambdas.common.catalog import CATALOG
from lambdas.common.environment import ValidateEnvironment
from lambdas.common.errors import InvalidRequestError
from lambdas.common.keys import id_of
from lambdas.common.recipe import Recipe
from lambdas.validate.plan import Plan, PlannedPicture, read_recipe_in_picture, stored_recipe
from lambdas.validate.request import object_of, resolve, shown

RERUN_FIELDS = ("model", "recipe_in_picture")


def read_rerun(
    body: Any,
    *,
    manifest: Mapping[str, Any],
    owner: str,
    key: str,
    is_own_key: bool,
    environment: ValidateEnvironment,
) -> Plan:
    """Returns the plan of a rerun of the picture that `manifest` describes.

    The new picture has its own id, so that it cannot overwrite the first or reuse its staged file.
    The same owner and key give the same id; `is_own_key` says whether the caller sent the key.
    Raises InvalidRequestError, ModelNotFoundError or ModelRetiredError, which names the successor.
    """
    fields = dict(object_of(body))
    in_picture = read_recipe_in_picture(fields, environment)
    model = fields.pop("model", None)
    if fields:
        unknown = next(iter(fields))
        raise InvalidRequestError(
            f"Unknown field {shown(unknown)}. A rerun takes {' and '.join(RERUN_FIELDS)}.",
            param=unknown,
            code="unknown_parameter",
        )
    first_id, first = manifest["id"], manifest["recipe"]
    recipe = (
        stored_recipe(first, environment)
        if model is None or model == first["model"]
        else _on_another_model(first, model, environment)
    )
    picture = PlannedPicture(
        id=id_of(first_id, owner, key),
        seed=recipe.seed,
        # A key of the caller's own is not told: it would be in the execution's cause, and in logs.
        recovery={} if is_own_key else {"idempotency_key": key},
        rerun={
            "id": first_id,
            "model": first["model"],
            # Old manifests have no digest of the model's bytes, but then the file had the same.
            "sha256": manifest["model"].get("sha256") or manifest.get("sha256"),
            "pixels_sha256": manifest["model"].get("pixels_sha256"),
            "key": manifest["key"],
        },
    )
    return Plan(recipe, (picture,), in_picture, owner)


def _on_another_model(
    recipe: Mapping[str, Any], model: Any, environment: ValidateEnvironment
) -> Recipe:
    """Returns the recipe for another model: prompts, seed, and size and format if it has them."""
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
    """Returns the offered ratio that is nearest to the first picture's."""
    parameters = recipe["parameters"]
    if "aspect_ratio" in parameters:
        wanted = _value(parameters["aspect_ratio"])
    else:
        wanted = parameters["width"] / parameters["height"]
    return min(offered, key=lambda ratio: abs(_value(ratio) - wanted), default=None)


def _value(ratio: str) -> float:
    across, down = ratio.split(":")
    return int(across) / int(down)
