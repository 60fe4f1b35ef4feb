"""Recipes of every version there was still read and give the id under which they were published.

The files in `fixtures` are records: a change that breaks these tests breaks pictures out there.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from easel.picture_file import read_recipe
from lambdas.common.recipe import RECIPE_VERSION, Recipe
from lambdas.picture import parse

FIXTURES = Path(__file__).parents[1] / "fixtures"
PUBLISHED_IDS = {1: "becaa4087615de516514db54c73063b3"}
PICTURES = [
    (version, f"recipe_version_{version}.{extension}")
    for version in PUBLISHED_IDS
    for extension in ("png", "jpg")
]


def manifest_of(version: int) -> dict[str, Any]:
    return dict(json.loads((FIXTURES / f"recipe_version_{version}.json").read_bytes()))


def test_the_current_version_has_its_record() -> None:
    assert max(PUBLISHED_IDS) == RECIPE_VERSION


@pytest.mark.parametrize("version", PUBLISHED_IDS)
def test_a_stored_manifest_gives_the_same_id(version: int) -> None:
    manifest = manifest_of(version)

    recipe = Recipe.from_dict(manifest["recipe"])

    assert recipe.id == manifest["id"] == PUBLISHED_IDS[version]


@pytest.mark.parametrize(("version", "name"), PICTURES)
def test_a_stored_picture_gives_the_same_id(version: int, name: str) -> None:
    recipe = read_recipe(FIXTURES / name)

    assert recipe == manifest_of(version)["recipe"]
    assert Recipe.from_dict(recipe).id == PUBLISHED_IDS[version]


@pytest.mark.parametrize("version", PUBLISHED_IDS)
def test_a_stored_picture_gives_back_the_models_own_bytes(version: int) -> None:
    picture = (FIXTURES / f"recipe_version_{version}.png").read_bytes()

    own = parse(picture).without_recipe().content

    assert hashlib.sha256(own).hexdigest() == manifest_of(version)["sha256"]


def test_a_version_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="version 2 is not known"):
        Recipe.from_dict(manifest_of(1)["recipe"] | {"version": RECIPE_VERSION + 1})
