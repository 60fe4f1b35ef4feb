"""From a request to an order: one recipe or a few, and whether they stand in the pictures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from lambdas.common.catalog import CATALOG, Range
from lambdas.common.errors import EaselError, InvalidRequestError
from lambdas.common.recipe import RECIPE_VERSION, Recipe
from lambdas.validate.environment import Environment
from lambdas.validate.request import kind, named, resolve, shown

COUNT_LIMIT = 4

_COUNTS = Range(1, COUNT_LIMIT, default=1, whole=True)
_RECIPE_FIELDS = frozenset({"version", "model", "prompt", "negative_prompt", "seed", "parameters"})


@dataclass(frozen=True)
class Order:
    """`first` is the recipe of the first picture; each that follows has the next seed."""

    first: Recipe
    count: int
    recipe_in_picture: bool

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        return tuple(
            replace(self.first, seed=self.first.seed + number) for number in range(self.count)
        )


def read_order(body: Any, *, environment: Environment, draw_seed: Callable[[int], int]) -> Order:
    """The order that a request is; `draw_seed` as in `resolve`.

    Raises InvalidRequestError, ModelNotFoundError or ModelRetiredError.
    """
    fields = dict(body) if isinstance(body, dict) else body
    if not isinstance(fields, dict):
        resolve(fields, environment=environment, draw_seed=draw_seed)
    in_picture = read_recipe_in_picture(fields, environment)
    given = fields.pop("recipe", None)
    if given is not None:
        if fields:
            raise InvalidRequestError(
                f"recipe already says all of the picture: leave {shown(next(iter(fields)))} out.",
                param="recipe",
            )
        return Order(read_recipe(given, environment), 1, in_picture)
    count = _count(fields.pop("count", None))
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
    return Order(first, count, in_picture)


def read_recipe(given: Any, environment: Environment) -> Recipe:
    """A recipe as a manifest or a picture has it, checked as a request is, nothing of it ignored.

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


def stored_recipe(given: Any, environment: Environment) -> Recipe:
    """As `read_recipe`, of a manifest: what models have learnt to take since has its default."""
    if not isinstance(given, dict) or given.keys() != _RECIPE_FIELDS:
        what = named(given) if isinstance(given, dict) else kind(given)
        raise InvalidRequestError(
            f"recipe must be an object with {', '.join(sorted(_RECIPE_FIELDS))}, as a manifest or "
            f"a picture has it; got {what}.",
            param="recipe",
        )
    if given["version"] != RECIPE_VERSION or isinstance(given["version"], bool):
        raise InvalidRequestError(
            f"recipe.version must be {RECIPE_VERSION}; got {shown(given['version'])}.",
            param="recipe.version",
        )
    if not isinstance(given["parameters"], dict):
        raise InvalidRequestError(
            f"recipe.parameters must be an object; got {kind(given['parameters'])}.",
            param="recipe.parameters",
        )
    if given["seed"] == 0 or given["seed"] is None:
        raise InvalidRequestError(
            f"recipe.seed must be 1 or more; got {shown(given['seed'])}.", param="recipe.seed"
        )
    fields = {**given["parameters"], "model": given["model"], "seed": given["seed"]}
    if "text_prompts" not in given["parameters"]:
        fields |= {"prompt": given["prompt"], "negative_prompt": given["negative_prompt"]}
    try:
        return resolve(fields, environment=environment, draw_seed=lambda limit: limit)
    except EaselError as error:
        if isinstance(error, InvalidRequestError):
            error.param = f"recipe.{error.param}"
        raise


def read_recipe_in_picture(fields: dict[str, Any], environment: Environment) -> bool:
    """Takes the field out of the others. InvalidRequestError."""
    wanted = fields.pop("recipe_in_picture", None)
    if wanted is None:
        return environment.recipe_in_picture
    if not isinstance(wanted, bool):
        raise InvalidRequestError(
            f"recipe_in_picture must be true or false; got {shown(wanted)}.",
            param="recipe_in_picture",
        )
    return wanted


def _count(count: Any) -> int:
    if count is None:
        return 1
    if not _COUNTS.accepts(count):
        raise InvalidRequestError(f"count must be {_COUNTS}; got {shown(count)}.", param="count")
    return int(count)
