"""Turns a request into a plan: its pictures, and whether their files get the recipe."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from lambdas.common.catalog import CATALOG, Range
from lambdas.common.environment import ValidateEnvironment
from lambdas.common.errors import EaselError, InvalidRequestError, RequestTooLargeError
from lambdas.common.owner import own_id
from lambdas.common.recipe import RECIPE_VERSION, Recipe
from lambdas.validate.request import kind, must_be, named, object_of, resolve, shown

COUNT_LIMIT = 4

# As JSON in JSON. Only thousands of control characters, of 7 bytes each, get there.
RECIPE_LIMIT_BYTES = 200_000

_COUNTS = Range(1, COUNT_LIMIT, default=1, whole=True)
_RECIPE_FIELDS = frozenset({"version", "model", "prompt", "negative_prompt", "seed", "parameters"})


@dataclass(frozen=True)
class PlannedPicture:
    """A picture to draw. `recovery` is what gets it again if its answer is lost: `{"seed"}`,
    `{"idempotency_key"}`, or nothing where the caller has it. `rerun` is the first picture if this
    one is a rerun."""

    id: str
    seed: int
    recovery: Mapping[str, Any]
    rerun: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Plan:
    """The pictures of a request. `recipe` is the first one's; the others differ in the seed."""

    recipe: Recipe
    pictures: tuple[PlannedPicture, ...]
    recipe_in_picture: bool
    owner: str

    def to_dict(self) -> dict[str, Any]:
        """Returns `{"recipe": <without its seed>, "pictures": [{"id", "seed", "recovery",
        "rerun"}], "recipe_in_picture", "owner", "usual_seconds": <of a call of the model>}`."""
        recipe = self.recipe.to_dict()
        del recipe["seed"]
        return {
            "recipe": recipe,
            "pictures": [asdict(picture) for picture in self.pictures],
            "recipe_in_picture": self.recipe_in_picture,
            "owner": self.owner,
            "usual_seconds": CATALOG[self.recipe.model].usual_seconds,
        }


def read_plan(
    body: Any,
    *,
    owner: str,
    environment: ValidateEnvironment,
    draw_seed: Callable[[int], int],
    chosen: Callable[[Recipe], Recipe] = lambda recipe: recipe,
) -> Plan:
    """Returns the plan of a request to draw.

    The pictures will be `owner`'s. `draw_seed` is that of `resolve`. `chosen` gets the request's
    recipe and may return that of an equal earlier request instead. Raises InvalidRequestError,
    ModelNotFoundError, ModelRetiredError, or what `chosen` raises.
    """
    fields = dict(object_of(body))
    in_picture = read_recipe_in_picture(fields, environment)
    given = fields.pop("recipe", None)
    if given is None:
        count = _count(fields.pop("count", None))
        recipe = _first_recipe(fields, count, environment, draw_seed)
    elif fields:
        raise InvalidRequestError(
            f"recipe already says all of the picture: leave {shown(next(iter(fields)))} out.",
            param="recipe",
        )
    else:
        count, recipe = 1, read_recipe(given, environment)
    recipe = chosen(recipe)
    recipes = [replace(recipe, seed=recipe.seed + number) for number in range(count)]
    ids = [
        each.id if environment.visibility == "team" else own_id(each.id, owner) for each in recipes
    ]
    pictures = [
        PlannedPicture(id, each.seed, {"seed": each.seed})
        for id, each in zip(ids, recipes, strict=True)
    ]
    return Plan(recipe, tuple(pictures), in_picture, owner)


def _first_recipe(
    fields: dict[str, Any],
    count: int,
    environment: ValidateEnvironment,
    draw_seed: Callable[[int], int],
) -> Recipe:
    """Returns a recipe whose seed leaves room: each further picture has the next seed."""
    first = resolve(
        fields,
        environment=environment,
        draw_seed=lambda limit: draw_seed(limit - count + 1),
    )
    limit = CATALOG[first.model].seed_limit
    if first.seed + count - 1 > limit:
        raise InvalidRequestError(
            f"seed and count go beyond the last seed of {first.model}, {limit}: send a seed of "
            f"{limit - count + 1} at most.",
            param="seed",
        )
    return first


def check_size(recipe: Recipe) -> None:
    """Raises RequestTooLargeError for a recipe that could be drawn but not shown: an answer is JSON
    in JSON, and a state holds 256 KiB."""
    text = json.dumps(recipe.canonical_json, ensure_ascii=False)
    if len(text.encode()) > RECIPE_LIMIT_BYTES:
        raise RequestTooLargeError(
            "The prompts are too long for so many control characters.", param="prompt"
        )


def read_recipe(given: Any, environment: ValidateEnvironment) -> Recipe:
    """Reads a recipe that a caller took from a manifest or a picture. No field is ignored.

    Raises InvalidRequestError, ModelNotFoundError or ModelRetiredError.
    """
    recipe = stored_recipe(given, environment)
    for name, value in recipe.to_dict().items():
        if given[name] != value:
            raise InvalidRequestError(
                f"recipe.{name} is not what a recipe of {recipe.model} has: {shown(given[name])} "
                f"would be {shown(value)}.",
                param=f"recipe.{name}",
            )
    return recipe


def stored_recipe(given: Any, environment: ValidateEnvironment) -> Recipe:
    """Reads a manifest's recipe. Parameters that the model gained since get their defaults."""
    if not isinstance(given, dict) or given.keys() != _RECIPE_FIELDS:
        what = named(given) if isinstance(given, dict) else kind(given)
        fields = ", ".join(sorted(_RECIPE_FIELDS))
        allowed = f"an object with {fields}, as a manifest or a picture has it"
        raise must_be("recipe", allowed, what)
    if given["version"] != RECIPE_VERSION or isinstance(given["version"], bool):
        raise must_be("recipe.version", RECIPE_VERSION, shown(given["version"]))
    if not isinstance(given["parameters"], dict):
        raise must_be("recipe.parameters", "an object", kind(given["parameters"]))
    if given["seed"] == 0 or given["seed"] is None:
        raise must_be("recipe.seed", "1 or more", shown(given["seed"]))
    sent = {**given["parameters"], "model": given["model"], "seed": given["seed"]}
    if "text_prompts" not in given["parameters"]:
        sent |= {"prompt": given["prompt"], "negative_prompt": given["negative_prompt"]}
    try:
        return resolve(sent, environment=environment, draw_seed=lambda limit: limit)
    except EaselError as error:
        if isinstance(error, InvalidRequestError):
            error.param = f"recipe.{error.param}"
        raise


def read_recipe_in_picture(fields: dict[str, Any], environment: ValidateEnvironment) -> bool:
    """Removes recipe_in_picture from the fields and returns it. Raises InvalidRequestError."""
    wanted = fields.pop("recipe_in_picture", None)
    if wanted is None:
        return environment.recipe_in_picture
    if not isinstance(wanted, bool):
        raise must_be("recipe_in_picture", "true or false", shown(wanted))
    return wanted


def _count(count: Any) -> int:
    if count is not None and not _COUNTS.accepts(count):
        raise must_be("count", _COUNTS, shown(count))
    return int(count or 1)
