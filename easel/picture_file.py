"""Reads the recipe out of a picture's file."""

import json
from pathlib import Path
from typing import Any

from lambdas.common.recipe import Recipe
from lambdas.picture import parse


class PictureFileError(ValueError):
    """A file is no picture, or its recipe is missing, broken or of a version that is not known."""


def read_recipe(picture: Path | str | bytes) -> dict[str, Any]:
    """Returns the recipe in a PNG or JPEG, as a manifest has it and POST takes it as `recipe`.

    `picture` is a path or the file's bytes. Raises PictureFileError, or OSError.
    """
    content = picture if isinstance(picture, bytes) else Path(picture).read_bytes()
    try:
        parsed = parse(content)
    except ValueError as error:
        raise PictureFileError(f"This is no whole PNG or JPEG: {error}.") from error
    try:
        written = parsed.recipe_json()
    except ValueError as error:
        raise PictureFileError(f"The recipe in the picture is broken: {error}.") from error
    if written is None:
        raise PictureFileError(
            "There is no recipe in this picture: it was not drawn by Easel, was published without "
            "one, or some program has left out what it did not know."
        )
    return recipe_of(written)


def recipe_of(written: str) -> dict[str, Any]:
    """Reads a recipe's JSON. Raises PictureFileError."""
    try:
        recipe = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise PictureFileError(f"The recipe is no JSON: {error}.") from error
    if not isinstance(recipe, dict):
        raise PictureFileError("The recipe is no JSON object.")
    try:
        return Recipe.from_dict(recipe).to_dict()
    except ValueError as error:
        raise PictureFileError(
            f"The recipe cannot be read here: {error}. Try a newer Easel."
        ) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise PictureFileError(f"The recipe has other fields than a recipe: {error}.") from error
