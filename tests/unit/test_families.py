"""Wire formats: what the adapters send passes the service's checks, and what models say is read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.catalog import CATALOG, Choice, Family, Range
from lambdas.common.errors import (
    EaselError,
    ModelFailedError,
    PictureBlockedError,
    PromptBlockedError,
)
from lambdas.common.recipe import Recipe
from lambdas.generate.families import ADAPTERS
from lambdas.validate.environment import Environment
from lambdas.validate.request import resolve
from local.bedrock.request_check import MalformedRequestError, check_request
from local.bedrock.wire_formats import filtered, read_order

CORE = "stability.stable-image-core-v1:1"
SDXL = "stability.stable-diffusion-xl-v1"
NOVA = "amazon.nova-canvas-v1:0"
ENVIRONMENT = Environment(
    "",
    CORE,
    allow_retired_models=True,
    bedrock_region="us-west-2",
    draw_until_seconds=15,
    recipe_in_picture=True,
)
FAMILY_MODELS = [CORE, SDXL, NOVA]


def recipe_of(**body: Any) -> Recipe:
    return resolve(body, environment=ENVIRONMENT, draw_seed=lambda limit: limit)


def wire_request(recipe: Recipe) -> dict[str, Any]:
    return ADAPTERS[CATALOG[recipe.model].family].request(recipe)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """Any request that the catalog allows."""
    model = CATALOG[draw(st.sampled_from(sorted(CATALOG)))]
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    body: dict[str, Any] = {
        "model": model.id,
        "prompt": draw(text.filter(str.strip)),
        "negative_prompt": draw(text),
        "seed": draw(st.integers(0, model.seed_limit)),
        "aspect_ratio": draw(st.sampled_from(sorted(model.aspect_ratios))),
        "output_format": draw(st.sampled_from(model.output_formats)),
    }
    for name, parameter in model.parameters.items():
        if isinstance(parameter, Choice):
            body[name] = draw(st.none() | st.sampled_from(parameter.words))
        elif isinstance(parameter, Range) and parameter.whole:
            body[name] = draw(
                st.none() | st.integers(int(parameter.minimum), int(parameter.maximum))
            )
        elif isinstance(parameter, Range):
            body[name] = draw(st.none() | st.floats(parameter.minimum, parameter.maximum))
    return body


class TestRequests:
    @given(requests())
    def test_whatever_the_catalog_allows_the_service_accepts(self, body: dict[str, Any]) -> None:
        recipe = recipe_of(**body)
        sent = json.dumps(wire_request(recipe)).encode()

        order = read_order(recipe.model, check_request(recipe.model, sent))

        assert order.prompt == recipe.prompt
        assert order.negative_prompt == recipe.negative_prompt
        assert order.seed == recipe.seed
        assert order.output_format == recipe.parameters["output_format"]

    def test_core_refuses_mode_and_its_siblings_get_it(self) -> None:
        assert "mode" not in wire_request(recipe_of(prompt="a"))
        assert (
            wire_request(recipe_of(prompt="a", model="stability.stable-image-ultra-v1:1"))["mode"]
            == "text-to-image"
        )

    def test_sdxl_gets_a_negative_prompt_as_a_negative_weight(self) -> None:
        request = wire_request(recipe_of(prompt="a", negative_prompt="b", model=SDXL, seed=5))

        assert request == {
            "text_prompts": [{"text": "a", "weight": 1}, {"text": "b", "weight": -1}],
            "seed": 5,
            "samples": 1,
            "cfg_scale": 7,
            "steps": 30,
            "width": 1024,
            "height": 1024,
        }

    def test_canvas_always_gets_a_seed(self) -> None:
        request = wire_request(recipe_of(prompt="a", model=NOVA, style_preset="PHOTOREALISM"))

        assert request == {
            "taskType": "TEXT_IMAGE",
            "textToImageParams": {"text": "a", "style": "PHOTOREALISM"},
            "imageGenerationConfig": {
                "numberOfImages": 1,
                "width": 1024,
                "height": 1024,
                "quality": "standard",
                "cfgScale": 6.5,
                "seed": CATALOG[NOVA].seed_limit,
            },
        }


class TestServiceChecks:
    """The stand-in is as strict as the service, and words its refusals the same."""

    @pytest.mark.parametrize(
        ("model", "body", "worded"),
        [
            (
                "amazon.titan-image-generator-v2:0",
                {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "x" * 536}},
                "#/textToImageParams/text: expected maxLength: 512, actual: 536",
            ),
            (CORE, {}, "#: required key [prompt] not found"),
            (CORE, {"prompt": "a", "steps": 30}, "#: extraneous key [steps] is not permitted"),
            (CORE, {"prompt": "a", "seed": -1}, "#/seed: -1 is not greater or equal to 0"),
            (CORE, {"prompt": "a", "seed": "7"}, "#/seed: expected type: Integer, found: String"),
            (CORE, {"prompt": "a", "mode": "text-to-image"}, "extraneous key [mode]"),
            (CORE, {"prompt": "a", "output_format": "gif"}, "gif is not a valid enum value"),
            (
                SDXL,
                {"text_prompts": [{"text": "a"}], "width": 1024, "height": 896},
                "#: the combination of width and height is not supported",
            ),
            (SDXL, {"text_prompts": [{"text": "a"}], "steps": 151}, "is not less or equal to 150"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_malformed_request_is_refused_in_the_services_words(
        self, model: str, body: dict[str, Any], worded: str
    ) -> None:
        with pytest.raises(MalformedRequestError) as caught:
            check_request(model, json.dumps(body).encode())

        assert worded in str(caught.value)
        assert str(caught.value).endswith("please reformat your input and try again.")

    @pytest.mark.parametrize("body", [b"", b"{", b"\xff"], ids=repr)
    def test_what_is_not_json_is_malformed(self, body: bytes) -> None:
        with pytest.raises(MalformedRequestError):
            check_request(CORE, body)

    @pytest.mark.parametrize("model", CATALOG)
    def test_every_model_of_the_catalog_has_a_schema(self, model: str) -> None:
        with pytest.raises(MalformedRequestError, match="required key"):
            check_request(model, b"{}")


GOOD: dict[Family, dict[str, Any]] = {
    Family.STABILITY_IMAGE: {"seeds": [9], "finish_reasons": [None], "images": ["QQ=="]},
    Family.SDXL: {
        "result": "success",
        "artifacts": [{"seed": 9, "base64": "QQ==", "finishReason": "SUCCESS"}],
    },
    Family.CANVAS: {"images": ["QQ=="], "error": None},
}

BLOCKED = [
    (Family.STABILITY_IMAGE, {"finish_reasons": ["Filter reason: prompt"]}, PromptBlockedError),
    (
        Family.STABILITY_IMAGE,
        {"finish_reasons": ["Filter reason: output image"]},
        PictureBlockedError,
    ),
    (
        Family.SDXL,
        {"artifacts": [{"seed": 1, "base64": "QQ==", "finishReason": "CONTENT_FILTERED"}]},
        PictureBlockedError,
    ),
    (Family.CANVAS, {"images": [], "error": "blocked"}, PictureBlockedError),
]

BROKEN: list[tuple[Family, dict[str, Any]]] = [
    (Family.STABILITY_IMAGE, {"finish_reasons": ["Inference error"]}),
    (Family.STABILITY_IMAGE, {"finish_reasons": []}),
    (Family.STABILITY_IMAGE, {"images": []}),
    (Family.STABILITY_IMAGE, {"images": ["QQ==", "QQ=="]}),
    (Family.STABILITY_IMAGE, {"images": None}),
    (Family.SDXL, {"result": "error"}),
    (Family.SDXL, {"artifacts": []}),
    (Family.SDXL, {"artifacts": ["QQ=="]}),
    (Family.SDXL, {"artifacts": [{"seed": 1, "base64": "", "finishReason": "ERROR"}]}),
    (Family.CANVAS, {"images": []}),
    (Family.CANVAS, {"images": ["QQ==", "QQ=="]}),
    (Family.CANVAS, {"error": "one of two"}),
]


class TestAnswers:
    @pytest.mark.parametrize("family", Family)
    def test_a_picture_is_read(self, family: Family) -> None:
        drawn = ADAPTERS[family].read(GOOD[family])

        assert drawn.encoded == "QQ=="
        assert drawn.seed == (None if family is Family.CANVAS else 9)

    @pytest.mark.parametrize(("family", "change", "error"), BLOCKED)
    def test_a_filtered_answer_is_recognised(
        self, family: Family, change: dict[str, Any], error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            ADAPTERS[family].read(GOOD[family] | change)

    @pytest.mark.parametrize(("family", "change"), BROKEN)
    def test_an_answer_without_one_picture_is_the_models_failure(
        self, family: Family, change: dict[str, Any]
    ) -> None:
        with pytest.raises(ModelFailedError):
            ADAPTERS[family].read(GOOD[family] | change)

    @pytest.mark.parametrize("model", FAMILY_MODELS)
    def test_the_stand_ins_filtered_answer_is_recognised(self, model: str) -> None:
        request = wire_request(recipe_of(prompt="a", model=model))
        answer = filtered(model, read_order(model, request))

        with pytest.raises(PictureBlockedError):
            ADAPTERS[CATALOG[model].family].read(answer)


@pytest.mark.parametrize(
    ("family", "change"),
    [
        (Family.CANVAS, {"images": [], "error": "no secret cats"}),
        (Family.CANVAS, {"error": "a secret cat"}),
        (Family.STABILITY_IMAGE, {"finish_reasons": ["no secret cats"]}),
        (Family.SDXL, {"result": "no secret cats"}),
        (Family.SDXL, {"artifacts": [{"finishReason": "no secret cats"}]}),
    ],
    ids=str,
)
def test_a_models_own_words_are_in_no_error(family: Family, change: dict[str, Any]) -> None:
    with pytest.raises(EaselError) as caught:
        ADAPTERS[family].read(GOOD[family] | change)

    assert "secret" not in str(caught.value)
