"""Plans: a count of pictures, a whole recipe, and whether files carry it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from lambdas.common.catalog import CATALOG
from lambdas.common.errors import InvalidRequestError, ModelNotFoundError, ModelRetiredError
from lambdas.common.recipe import Recipe
from lambdas.validate.plan import Plan, read_plan
from lambdas.validate.request import resolve
from tests.lambdas.test_request import DRAWN_SEED, ENVIRONMENT, NOVA, SDXL, TITAN


def plan_of(body: Any, **environment: Any) -> Plan:
    return read_plan(
        body,
        owner="o",
        environment=replace(ENVIRONMENT, **environment),
        draw_seed=lambda limit: min(limit, DRAWN_SEED),
    )


def refusal_of(body: Any, **environment: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as raised:
        plan_of(body, **environment)
    return raised.value


class TestCount:
    def test_one_is_what_a_request_without_a_count_gets(self) -> None:
        assert plan_of({"prompt": "a", "count": 1}) == plan_of({"prompt": "a"})

    def test_four_have_seeds_in_a_row_and_each_is_what_its_seed_alone_gives(self) -> None:
        plan = plan_of({"prompt": "a", "seed": 7, "count": 4})

        assert [picture.seed for picture in plan.pictures] == [7, 8, 9, 10]
        assert plan.pictures[1].id == plan_of({"prompt": "a", "seed": 8}).recipe.id
        assert len({picture.id for picture in plan.pictures}) == 4

    @pytest.mark.parametrize("count", [0, 5, -1, 1.5, True, "2", [2], 10**400, float("inf")])
    def test_another_number_is_refused_by_name(self, count: Any) -> None:
        refusal = refusal_of({"prompt": "a", "count": count})

        assert refusal.param == "count"
        assert "from 1 to 4" in refusal.message

    def test_seeds_end_where_the_models_do(self) -> None:
        last = 4_294_967_294

        assert plan_of({"prompt": "a", "seed": last - 3, "count": 4}).pictures[-1].seed == last
        refusal = refusal_of({"prompt": "a", "seed": last - 2, "count": 4})
        assert refusal.param == "seed"
        assert str(last - 3) in refusal.message

    def test_a_drawn_seed_leaves_room_for_the_others(self) -> None:
        drawn = read_plan(
            {"prompt": "a", "count": 4},
            owner="o",
            environment=ENVIRONMENT,
            draw_seed=lambda limit: limit,
        )

        assert drawn.pictures[-1].seed == 4_294_967_294


class TestWhatTravels:
    def test_each_pictures_recipe_is_the_plans_with_its_seed(self) -> None:
        plan = plan_of({"prompt": "a", "seed": 7, "count": 3})
        sent = plan.to_dict()

        assert "seed" not in sent["recipe"]
        for picture in sent["pictures"]:
            recipe = Recipe.from_dict({**sent["recipe"], "seed": picture["seed"]})
            assert recipe.id == picture["id"]
            assert picture["recovery"] == {"seed": picture["seed"]}
        assert sent["usual_seconds"] == CATALOG[plan.recipe.model].usual_seconds

    def test_a_recipe_chosen_for_the_request_is_the_first_pictures(self) -> None:
        chosen = plan_of({"prompt": "b", "seed": 3}).recipe

        plan = read_plan(
            {"prompt": "a", "count": 2},
            owner="o",
            environment=ENVIRONMENT,
            draw_seed=lambda limit: DRAWN_SEED,
            chosen=lambda recipe: chosen,
        )

        assert plan.recipe == chosen
        assert [picture.seed for picture in plan.pictures] == [3, 4]


REQUESTS = (
    {"prompt": "a", "seed": 5},
    {"prompt": "a", "negative_prompt": "b", "style_preset": "anime", "output_format": "jpeg"},
    {"prompt": "a", "model": SDXL, "style_preset": "anime", "cfg_scale": 9.5, "extras": {"x": 1}},
    {"model": SDXL, "text_prompts": [{"text": "a", "weight": 0.5}, {"text": "b", "weight": -1}]},
    {"prompt": "a", "model": NOVA, "quality": "premium", "width": 1024, "height": 512},
    {"prompt": "a", "model": TITAN, "aspect_ratio": "2:3"},
)


PLAIN = {"aspect_ratio": "1:1", "output_format": "png"}


class TestRecipes:
    @pytest.mark.parametrize("request_body", REQUESTS, ids=json.dumps)
    def test_a_recipe_orders_the_picture_that_it_is_of(self, request_body: Any) -> None:
        recipe = resolve(request_body, environment=ENVIRONMENT, draw_seed=lambda limit: DRAWN_SEED)

        as_stored = json.loads(json.dumps(recipe.to_dict()))
        plan = plan_of({"recipe": as_stored})
        assert plan.recipe == recipe
        assert [picture.id for picture in plan.pictures] == [recipe.id]

    @pytest.mark.parametrize(
        ("change", "param"),
        [
            ({"version": 2}, "recipe.version"),
            ({"version": True}, "recipe.version"),
            ({"seed": 0}, "recipe.seed"),
            ({"seed": None}, "recipe.seed"),
            ({"seed": -1}, "recipe.seed"),
            ({"prompt": ""}, "recipe.prompt"),
            ({"parameters": []}, "recipe.parameters"),
            ({"parameters": {"steps": 30}}, "recipe.steps"),
            ({"parameters": {"count": 2}}, "recipe.count"),
            ({"model": None}, "recipe.model"),
            ({"parameters": {**PLAIN, "seed": 9}}, "recipe.parameters"),
            ({"parameters": {**PLAIN, "prompt": "b"}}, "recipe.parameters"),
            ({"parameters": {}}, "recipe.parameters"),
            ({"more": 1}, "recipe"),
        ],
        ids=str,
    )
    def test_a_changed_one_is_checked_as_a_request_is(
        self, change: dict[str, Any], param: str
    ) -> None:
        recipe = plan_of({"prompt": "a", "seed": 5}).recipe.to_dict()

        assert refusal_of({"recipe": {**recipe, **change}}).param == param

    @pytest.mark.parametrize("recipe", ["text", [], {}, {"version": 1}])
    def test_what_is_no_recipe_is_refused(self, recipe: Any) -> None:
        assert refusal_of({"recipe": recipe}).param == "recipe"

    def test_words_beside_weighted_prompts_are_theirs(self) -> None:
        recipe = plan_of(REQUESTS[3]).recipe.to_dict()

        assert refusal_of({"recipe": {**recipe, "prompt": "b"}}).param == "recipe.prompt"

    def test_many_names_are_not_all_repeated(self) -> None:
        assert (
            len(refusal_of({"recipe": {f"name {each}": 1 for each in range(9_000)}}).message) < 500
        )

    def test_nothing_else_is_said_beside_it(self) -> None:
        recipe = plan_of({"prompt": "a"}).recipe.to_dict()

        assert "prompt" in refusal_of({"recipe": recipe, "prompt": "b"}).message

    def test_its_model_is_checked(self) -> None:
        recipe = plan_of({"prompt": "a", "model": NOVA}).recipe.to_dict()

        with pytest.raises(ModelRetiredError):
            plan_of({"recipe": recipe}, allow_retired_models=False)
        with pytest.raises(ModelNotFoundError):
            plan_of({"recipe": {**recipe, "model": "none"}})


class TestRecipeInPicture:
    @pytest.mark.parametrize("setting", [True, False])
    def test_a_request_goes_before_the_setting(self, setting: bool) -> None:
        def says(body: dict[str, Any]) -> bool:
            return plan_of({"prompt": "a", **body}, recipe_in_picture=setting).recipe_in_picture

        assert says({}) is setting
        assert says({"recipe_in_picture": None}) is setting
        assert says({"recipe_in_picture": not setting}) is not setting

    def test_it_is_no_part_of_the_recipe(self) -> None:
        with_it, without = (
            plan_of({"prompt": "a", "seed": 1, "recipe_in_picture": wanted}).recipe
            for wanted in (True, False)
        )

        assert with_it == without == Recipe.from_dict(with_it.to_dict())

    def test_it_is_true_or_false(self) -> None:
        assert refusal_of({"prompt": "a", "recipe_in_picture": "yes"}).param == "recipe_in_picture"
