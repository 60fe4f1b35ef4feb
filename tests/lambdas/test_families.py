"""Wire formats: what the adapters send passes the service's checks, and what models say is read."""

import inspect
import json
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.catalog import CATALOG, Choice, Range
from lambdas.common.errors import (
    EaselError,
    ModelFailedError,
    PictureBlockedError,
    PromptBlockedError,
)
from lambdas.common.recipe import Recipe
from lambdas.generate import families as adapters
from lambdas.generate.families import Adapter, adapter_of
from lambdas.validate.request import resolve
from local.aws.signatures import RefusedError
from local.bedrock import families as stand_ins
from local.bedrock.families import ModelFamily, family_of
from local.bedrock.request_check import check_request
from tests.environments import VALIDATE

CORE = "stability.stable-image-core-v1:1"
SDXL = "stability.stable-diffusion-xl-v1"
NOVA = "amazon.nova-canvas-v1:0"


def recipe_of(**body: Any) -> Recipe:
    return resolve(body, environment=VALIDATE, draw_seed=lambda limit: limit)


def wire_request(recipe: Recipe) -> dict[str, Any]:
    return adapter_of(recipe.model).request(recipe)


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


class TestModules:
    @pytest.mark.parametrize("package", [adapters, stand_ins], ids=lambda package: package.__name__)
    def test_the_catalogs_families_are_the_modules(self, package: ModuleType) -> None:
        modules = {module.name for module in pkgutil.iter_modules(package.__path__)}

        assert {model.family for model in CATALOG.values()} == modules

    @pytest.mark.parametrize("model", CATALOG)
    @pytest.mark.parametrize(
        ("module_of", "protocol"),
        [(adapter_of, Adapter), (family_of, ModelFamily)],
        ids=["adapter", "stand-in"],
    )
    def test_a_module_has_the_functions_of_its_protocol(
        self, module_of: Callable[[str], object], protocol: type, model: str
    ) -> None:
        module = module_of(model)
        methods = inspect.getmembers(protocol, inspect.isfunction)
        wanted = {name: method for name, method in methods if not name.startswith("_")}

        for name, method in wanted.items():
            signature = inspect.signature(method)
            _self, *parameters = signature.parameters.values()
            expected = signature.replace(parameters=parameters)
            assert inspect.signature(getattr(module, name)) == expected


class TestRequests:
    @given(requests())
    def test_whatever_the_catalog_allows_the_service_accepts(self, body: dict[str, Any]) -> None:
        recipe = recipe_of(**body)
        sent = json.dumps(wire_request(recipe)).encode()

        checked = check_request(recipe.model, sent)
        asked = family_of(recipe.model).read(recipe.model, checked)

        assert asked.prompt == recipe.prompt
        assert asked.negative_prompt == recipe.negative_prompt
        assert asked.seed == recipe.seed
        assert asked.output_format == recipe.parameters["output_format"]

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
        with pytest.raises(RefusedError) as caught:
            check_request(model, json.dumps(body).encode())

        assert (caught.value.code, caught.value.status) == ("ValidationException", 400)
        assert worded in caught.value.message
        assert caught.value.message.endswith("please reformat your input and try again.")

    @pytest.mark.parametrize("body", [b"", b"{", b"\xff"], ids=repr)
    def test_what_is_not_json_is_malformed(self, body: bytes) -> None:
        with pytest.raises(RefusedError, match="Malformed"):
            check_request(CORE, body)

    @pytest.mark.parametrize("model", CATALOG)
    def test_every_model_of_the_catalog_has_a_schema(self, model: str) -> None:
        with pytest.raises(RefusedError, match="required key"):
            check_request(model, b"{}")


GOOD: dict[str, dict[str, Any]] = {
    CORE: {"seeds": [9], "finish_reasons": [None], "images": ["QQ=="]},
    SDXL: {
        "result": "success",
        "artifacts": [{"seed": 9, "base64": "QQ==", "finishReason": "SUCCESS"}],
    },
    NOVA: {"images": ["QQ=="], "error": None},
}

BLOCKED = [
    (CORE, {"finish_reasons": ["Filter reason: prompt"]}, PromptBlockedError),
    (
        CORE,
        {"finish_reasons": ["Filter reason: output image"]},
        PictureBlockedError,
    ),
    (
        SDXL,
        {"artifacts": [{"seed": 1, "base64": "QQ==", "finishReason": "CONTENT_FILTERED"}]},
        PictureBlockedError,
    ),
    (NOVA, {"images": [], "error": "blocked"}, PictureBlockedError),
]

BROKEN: list[tuple[str, dict[str, Any]]] = [
    (CORE, {"finish_reasons": ["Inference error"]}),
    (CORE, {"finish_reasons": []}),
    (CORE, {"images": []}),
    (CORE, {"images": ["QQ==", "QQ=="]}),
    (CORE, {"images": None}),
    (SDXL, {"result": "error"}),
    (SDXL, {"artifacts": []}),
    (SDXL, {"artifacts": ["QQ=="]}),
    (SDXL, {"artifacts": [{"seed": 1, "base64": "", "finishReason": "ERROR"}]}),
    (NOVA, {"images": []}),
    (NOVA, {"images": ["QQ==", "QQ=="]}),
    (NOVA, {"error": "one of two"}),
]


class TestAnswers:
    @pytest.mark.parametrize("model", GOOD)
    def test_a_picture_is_read(self, model: str) -> None:
        drawn = adapter_of(model).read(GOOD[model])

        assert drawn.encoded == "QQ=="
        assert drawn.seed == (None if model == NOVA else 9)

    @pytest.mark.parametrize(("model", "change", "error"), BLOCKED)
    def test_a_filtered_answer_is_recognised(
        self, model: str, change: dict[str, Any], error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            adapter_of(model).read(GOOD[model] | change)

    @pytest.mark.parametrize(("model", "change"), BROKEN)
    def test_an_answer_without_one_picture_is_the_models_failure(
        self, model: str, change: dict[str, Any]
    ) -> None:
        with pytest.raises(ModelFailedError):
            adapter_of(model).read(GOOD[model] | change)

    @pytest.mark.parametrize("model", CATALOG)
    def test_the_stand_ins_answer_is_read(self, model: str) -> None:
        family = family_of(model)
        asked = family.read(model, wire_request(recipe_of(prompt="a", model=model)))

        drawn = adapter_of(model).read(family.answer(asked, ["QQ=="]))

        assert drawn.encoded == "QQ=="
        assert drawn.seed in (asked.seed, None)

    @pytest.mark.parametrize("pictures", [[], ["QQ==", "QQ=="]], ids=["none", "two"])
    @pytest.mark.parametrize("model", CATALOG)
    def test_the_stand_ins_answer_without_one_picture_is_the_models_failure(
        self, model: str, pictures: list[str]
    ) -> None:
        family = family_of(model)
        asked = family.read(model, wire_request(recipe_of(prompt="a", model=model)))

        with pytest.raises(ModelFailedError):
            adapter_of(model).read(family.answer(asked, pictures))

    @pytest.mark.parametrize("model", CATALOG)
    def test_the_stand_ins_filtered_answer_is_recognised(self, model: str) -> None:
        request = wire_request(recipe_of(prompt="a", model=model))
        family = family_of(model)
        answer = family.filtered(family.read(model, request))

        with pytest.raises(PictureBlockedError):
            adapter_of(model).read(answer)


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (NOVA, {"images": [], "error": "no secret cats"}),
        (NOVA, {"error": "a secret cat"}),
        (CORE, {"finish_reasons": ["no secret cats"]}),
        (SDXL, {"result": "no secret cats"}),
        (SDXL, {"artifacts": [{"finishReason": "no secret cats"}]}),
    ],
    ids=str,
)
def test_a_models_own_words_are_in_no_error(model: str, change: dict[str, Any]) -> None:
    with pytest.raises(EaselError) as caught:
        adapter_of(model).read(GOOD[model] | change)

    assert "secret" not in str(caught.value)
