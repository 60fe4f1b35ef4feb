"""From a caller's request to a recipe."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.catalog import CATALOG, STYLE_PRESETS, Choice, Range
from lambdas.common.environment import ValidateEnvironment
from lambdas.common.errors import (
    EaselError,
    InvalidRequestError,
    ModelNotFoundError,
    ModelRetiredError,
)
from lambdas.common.recipe import Recipe
from lambdas.validate.request import FIELDS, resolve
from tests.environments import VALIDATE

CORE = "stability.stable-image-core-v1:1"
SDXL = "stability.stable-diffusion-xl-v1"
SDXL_0 = "stability.stable-diffusion-xl-v0"
NOVA = "amazon.nova-canvas-v1:0"
TITAN = "amazon.titan-image-generator-v2:0"

ENVIRONMENT = VALIDATE
DRAWN_SEED = 1234


def recipe_of(body: Any, environment: ValidateEnvironment = ENVIRONMENT) -> Recipe:
    return resolve(body, environment=environment, draw_seed=lambda limit: DRAWN_SEED)


def refusal_of(body: Any, environment: ValidateEnvironment = ENVIRONMENT) -> EaselError:
    with pytest.raises(EaselError) as caught:
        recipe_of(body, environment)
    return caught.value


class TestAncestors:
    def test_message_alone_draws_with_the_default_model(self) -> None:
        recipe = recipe_of({"message": "generate a cat eating ice cream"})

        assert recipe.prompt == "generate a cat eating ice cream"
        assert recipe.model == CORE
        assert recipe.seed == DRAWN_SEED

    def test_v0_8_parameters_are_taken_as_they_are(self) -> None:
        recipe = recipe_of(
            {"message": "a cat", "model": SDXL_0, "cfg_scale": 10, "seed": 42, "steps": 120}
        )

        assert recipe.seed == 42
        assert recipe.parameters["steps"] == 120
        assert recipe.parameters["cfg_scale"] == 10

    def test_text_prompts_of_one_equal_a_plain_prompt(self) -> None:
        common = {"model": SDXL, "cfg_scale": 10, "seed": 7, "steps": 100}

        weighted = recipe_of({**common, "text_prompts": [{"text": "a cat"}]})

        assert weighted.id == recipe_of({**common, "prompt": "a cat"}).id

    def test_a_weight_of_minus_one_equals_a_negative_prompt(self) -> None:
        common = {"model": SDXL, "seed": 7}

        weighted = recipe_of(
            {**common, "text_prompts": [{"text": "a"}, {"text": "b", "weight": -1.0}]}
        )

        assert weighted.id == recipe_of({**common, "prompt": "a", "negative_prompt": "b"}).id

    @pytest.mark.parametrize("preset", STYLE_PRESETS)
    def test_style_preset_becomes_prompt_text_where_the_model_has_no_style(
        self, preset: str
    ) -> None:
        recipe = recipe_of({"prompt": "a fox", "seed": 0, "stylePreset": preset})

        assert recipe.prompt == f"a fox, {preset.replace('-', ' ')} style"
        assert "style_preset" not in recipe.parameters

    def test_style_preset_stays_a_parameter_where_the_model_takes_it(self) -> None:
        recipe = recipe_of({"prompt": "a fox", "model": SDXL, "stylePreset": "cinematic"})

        assert recipe.prompt == "a fox"
        assert recipe.parameters["style_preset"] == "cinematic"

    def test_the_full_sdxl_parameter_set_is_kept(self) -> None:
        parameters = {
            "height": 832,
            "width": 1216,
            "cfg_scale": 7.5,
            "clip_guidance_preset": "FAST_BLUE",
            "sampler": "K_DPMPP_2M",
            "steps": 30,
            "style_preset": "anime",
            "extras": {"anything": [1, 2]},
        }
        text_prompts = [{"text": "a", "weight": 1}, {"text": "b", "weight": 0.5}]

        recipe = recipe_of(
            {"model": SDXL, "text_prompts": text_prompts, "samples": 1, "seed": 3} | parameters
        )

        assert recipe.parameters == {
            **parameters,
            "text_prompts": text_prompts,
            "output_format": "png",
        }


class TestIdentity:
    def test_equal_requests_have_equal_ids(self) -> None:
        body = {"prompt": "a cat", "seed": 5}

        assert recipe_of(body).id == recipe_of(dict(reversed(body.items()))).id

    def test_sending_a_default_changes_nothing(self) -> None:
        plain = recipe_of({"prompt": "a cat", "model": SDXL, "seed": 5})
        spelled = recipe_of(
            {
                "prompt": "a cat",
                "model": SDXL,
                "seed": 5,
                "cfg_scale": 7.0,
                "steps": 30,
                "aspect_ratio": "1:1",
                "negative_prompt": "",
                "output_format": "png",
            }
        )

        assert plain.id == spelled.id

    @pytest.mark.parametrize(
        "change",
        [
            {"prompt": "a dog"},
            {"negative_prompt": "birds"},
            {"seed": 6},
            {"aspect_ratio": "16:9"},
            {"output_format": "jpeg"},
            {"model": "stability.sd3-5-large-v1:0"},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_any_difference_gives_another_id(self, change: dict[str, Any]) -> None:
        body = {"prompt": "a cat", "seed": 5}

        assert recipe_of(body).id != recipe_of(body | change).id

    def test_id_is_32_hex_digits_and_stays_what_it_was(self) -> None:
        """Stored pictures are found by it: a change here orphans them."""
        assert recipe_of({"prompt": "a cat", "seed": 5}).id == "b2fb8517dc5de6d45cbbbd983fa02dc1"

    def test_a_recipe_survives_its_own_json(self) -> None:
        recipe = recipe_of({"prompt": "é 🐈", "model": SDXL, "seed": 9})

        assert Recipe.from_dict(recipe.to_dict()) == recipe


class TestSeed:
    @pytest.mark.parametrize("body", [{}, {"seed": 0}, {"seed": None}], ids=str)
    def test_absent_and_0_draw_one(self, body: dict[str, Any]) -> None:
        assert recipe_of({"prompt": "a cat"} | body).seed == DRAWN_SEED

    @pytest.mark.parametrize("model", CATALOG)
    def test_the_models_highest_seed_is_taken_and_the_next_is_not(self, model: str) -> None:
        limit = CATALOG[model].seed_limit

        assert recipe_of({"prompt": "a", "model": model, "seed": limit}).seed == limit
        assert refusal_of({"prompt": "a", "model": model, "seed": limit + 1}).param == "seed"


INVALID: list[tuple[str, Any, str, str]] = [
    ("no prompt", {}, "prompt", "missing_parameter"),
    ("empty prompt", {"prompt": ""}, "prompt", "invalid_value"),
    ("blank prompt", {"prompt": " \n\t"}, "prompt", "invalid_value"),
    ("long prompt", {"prompt": "x" * 10_001}, "prompt", "invalid_value"),
    ("style over the limit", {"prompt": "x" * 10_000, "style_preset": "anime"}, "prompt",
     "invalid_value"),
    ("prompt a list", {"prompt": ["a"]}, "prompt", "invalid_value"),
    ("half a surrogate", {"prompt": "\ud800"}, "prompt", "invalid_value"),
    ("prompt and message", {"prompt": "a", "message": "b"}, "message", "invalid_value"),
    ("negative prompt a number", {"prompt": "a", "negative_prompt": 1}, "negative_prompt",
     "invalid_value"),
    ("seed -1", {"prompt": "a", "seed": -1}, "seed", "invalid_value"),
    ("seed text", {"prompt": "a", "seed": "abc"}, "seed", "invalid_value"),
    ("seed too high", {"prompt": "a", "seed": 4_294_967_296}, "seed", "invalid_value"),
    ("seed true", {"prompt": "a", "seed": True}, "seed", "invalid_value"),
    ("seed 1.5", {"prompt": "a", "seed": 1.5}, "seed", "invalid_value"),
    ("unknown field", {"prompt": "a", "promt": "b"}, "promt", "unknown_parameter"),
    ("steps on a model without", {"prompt": "a", "steps": 30}, "steps", "unsupported_parameter"),
    ("steps too few", {"prompt": "a", "model": SDXL, "steps": 9}, "steps", "invalid_value"),
    ("steps in halves", {"prompt": "a", "model": SDXL, "steps": 10.5}, "steps", "invalid_value"),
    ("cfg_scale too high", {"prompt": "a", "model": SDXL, "cfg_scale": 35.1}, "cfg_scale",
     "invalid_value"),
    ("unknown sampler", {"prompt": "a", "model": SDXL, "sampler": "X"}, "sampler",
     "invalid_value"),
    ("width without height", {"prompt": "a", "model": SDXL, "width": 1024}, "height",
     "missing_parameter"),
    ("height without width", {"prompt": "a", "model": SDXL, "height": 1024}, "width",
     "missing_parameter"),
    ("size the model has not", {"prompt": "a", "model": SDXL, "width": 1000, "height": 1000},
     "width", "invalid_value"),
    ("size in text", {"prompt": "a", "model": SDXL, "width": "1024", "height": 1024}, "width",
     "invalid_value"),
    ("size too long", {"prompt": "a", "model": NOVA, "width": 4096, "height": 320}, "width",
     "invalid_value"),
    ("size on a model without", {"prompt": "a", "width": 1024, "height": 1024}, "width",
     "unsupported_parameter"),
    ("size and ratio", {"prompt": "a", "model": SDXL, "width": 1, "height": 1,
                        "aspect_ratio": "1:1"}, "aspect_ratio", "invalid_value"),
    ("unknown ratio", {"prompt": "a", "aspect_ratio": "7:5"}, "aspect_ratio", "invalid_value"),
    ("unknown style", {"prompt": "a", "style_preset": "cubist"}, "style_preset", "invalid_value"),
    ("unknown format", {"prompt": "a", "output_format": "gif"}, "output_format", "invalid_value"),
    ("format the model has not", {"prompt": "a", "model": SDXL, "output_format": "jpeg"},
     "output_format", "invalid_value"),
    ("two samples", {"prompt": "a", "model": SDXL, "samples": 2}, "samples", "invalid_value"),
    ("samples on a model without", {"prompt": "a", "samples": 1}, "samples",
     "unsupported_parameter"),
    ("weights on a model without", {"text_prompts": [{"text": "a"}]}, "text_prompts",
     "unsupported_parameter"),
    ("weights and prompt", {"model": SDXL, "prompt": "a", "text_prompts": [{"text": "a"}]},
     "prompt", "invalid_value"),
    ("no weights", {"model": SDXL, "text_prompts": []}, "text_prompts", "invalid_value"),
    ("weights of text", {"model": SDXL, "text_prompts": ["a"]}, "text_prompts[0]",
     "invalid_value"),
    ("weight 0", {"model": SDXL, "text_prompts": [{"text": "a", "weight": 0}]},
     "text_prompts[0].weight", "invalid_value"),
    ("only negative weights", {"model": SDXL, "text_prompts": [{"text": "a", "weight": -1}]},
     "text_prompts", "invalid_value"),
    ("extras a list", {"prompt": "a", "model": SDXL, "extras": []}, "extras", "invalid_value"),
    ("quality unknown", {"prompt": "a", "model": TITAN, "quality": "best"}, "quality",
     "invalid_value"),
    ("Titan's prompt limit", {"prompt": "x" * 513, "model": TITAN}, "prompt", "invalid_value"),
    ("model a number", {"prompt": "a", "model": 3}, "model", "invalid_value"),
    ("body a list", ["a"], "body", "invalid_value"),
    ("body text", "a", "body", "invalid_value"),
]  # fmt: skip


class TestRefusals:
    @pytest.mark.parametrize(
        ("body", "param", "code"),
        [case[1:] for case in INVALID],
        ids=[case[0] for case in INVALID],
    )
    def test_bad_input_is_a_400_that_names_the_field(
        self, body: Any, param: str, code: str
    ) -> None:
        refusal = refusal_of(body)

        assert isinstance(refusal, InvalidRequestError)
        assert (refusal.param, refusal.code, refusal.status) == (param, code, 400)
        assert param.split(".")[-1].split("[")[0] in refusal.message

    def test_an_unknown_model_is_a_404_that_lists_the_models(self) -> None:
        refusal = refusal_of({"prompt": "a", "model": "nope"})

        assert isinstance(refusal, ModelNotFoundError)
        assert CORE in refusal.message

    def test_a_retired_model_is_a_410_that_names_its_successor(self) -> None:
        environment = replace(ENVIRONMENT, allow_retired_models=False)

        refusal = refusal_of({"prompt": "a", "model": NOVA}, environment)

        assert isinstance(refusal, ModelRetiredError)
        assert CORE in refusal.message

    def test_a_model_that_the_region_has_not_is_a_404_that_names_its_regions(self) -> None:
        environment = replace(ENVIRONMENT, bedrock_region="eu-west-1")

        refusal = refusal_of({"prompt": "a"}, environment)

        assert isinstance(refusal, ModelNotFoundError)
        assert "us-west-2" in refusal.message

    def test_a_near_miss_is_told_what_was_meant(self) -> None:
        assert "Did you mean prompt?" in refusal_of({"promt": "a"}).message

    @pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
    def test_prompts_are_never_repeated_in_a_message(self, field: str) -> None:
        canary = "canary" * 2_000

        assert "canary" not in str(refusal_of({"prompt": "a", field: canary}))


class TestSizes:
    @pytest.mark.parametrize(
        "model", [m for m in CATALOG if CATALOG[m].aspect_ratios["1:1"]], ids=str
    )
    def test_every_ratio_of_a_model_gives_a_size_that_it_takes(self, model: str) -> None:
        for ratio in CATALOG[model].aspect_ratios:
            parameters = recipe_of(
                {"prompt": "a", "model": model, "aspect_ratio": ratio}
            ).parameters

            sizes = CATALOG[model].sizes
            assert sizes is not None
            assert sizes.accepts((parameters["width"], parameters["height"]))

    def test_stability_image_models_take_the_ratio_itself(self) -> None:
        assert recipe_of({"prompt": "a", "aspect_ratio": "21:9"}).parameters == {
            "aspect_ratio": "21:9",
            "output_format": "png",
        }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)


def test_a_model_that_is_not_allowed_is_refused_as_one_that_does_not_exist_naming_those() -> None:
    few = replace(VALIDATE, allowed_models=(CORE, SDXL))

    for model in (NOVA, "nothing"):
        with pytest.raises(ModelNotFoundError, match=f"Models: {CORE}, {SDXL}.") as caught:
            resolve({"prompt": "a", "model": model}, environment=few, draw_seed=lambda limit: 1)
        assert caught.value.param == "model"
    assert resolve({"prompt": "a"}, environment=few, draw_seed=lambda limit: 1).model == CORE


class TestProperties:
    @given(
        st.dictionaries(
            st.sampled_from([*FIELDS, "message", "stylePreset", "other"]), json_values, max_size=6
        )
    )
    def test_any_object_gives_a_recipe_or_a_refusal_that_names_a_field(
        self, body: dict[str, Any]
    ) -> None:
        refusal = recipe = None
        try:
            recipe = recipe_of(body)
        except EaselError as error:
            refusal = error

        if recipe is not None:
            assert recipe.seed > 0
            assert len(recipe.id) == 32
        else:
            assert refusal is not None
            assert refusal.fault == "caller"
            assert refusal.param

    @given(prompt=st.text(min_size=1).filter(str.strip), seed=st.integers(1, 2_147_483_646))
    def test_prompts_are_kept_to_the_letter(self, prompt: str, seed: int) -> None:
        assert recipe_of({"prompt": prompt, "seed": seed}).prompt == prompt

    @pytest.mark.parametrize("model", CATALOG)
    def test_defaults_are_within_their_own_ranges(self, model: str) -> None:
        for parameter in CATALOG[model].parameters.values():
            if isinstance(parameter, Range | Choice) and parameter.default is not None:
                assert parameter.accepts(parameter.default)

    def test_every_retired_model_has_an_active_successor(self) -> None:
        retired = [model.retired for model in CATALOG.values() if model.retired]

        assert retired
        assert all(not CATALOG[end.successor].retired for end in retired)
