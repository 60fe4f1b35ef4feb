"""Earlier pictures drawn again: the same recipe, or its words on another model."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.common.errors import InvalidRequestError, ModelNotFoundError, ModelRetiredError
from lambdas.validate.plan import Plan, read_plan
from lambdas.validate.reruns import read_rerun
from tests.lambdas.test_request import CORE, DRAWN_SEED, ENVIRONMENT, NOVA, SDXL, TITAN

FIRST = "a" * 32


def manifest_of(request: dict[str, Any]) -> dict[str, Any]:
    plan = read_plan(
        request, owner="o", environment=ENVIRONMENT, draw_seed=lambda limit: DRAWN_SEED
    )
    recipe = plan.recipe
    return {
        "id": FIRST,
        "recipe": recipe.to_dict(),
        "key": "output-images/a.png",
        "sha256": "published",
        "model": {"id": recipe.model, "sha256": "models", "pixels_sha256": "pixels"},
    }


def rerun_of(
    request: dict[str, Any],
    body: Any = None,
    *,
    key: str = "one",
    is_own_key: bool = False,
    **environment: Any,
) -> Plan:
    return read_rerun(
        {} if body is None else body,
        manifest=manifest_of(request),
        owner="o",
        key=key,
        is_own_key=is_own_key,
        environment=replace(ENVIRONMENT, **environment),
    )


def rerun_by(manifest: dict[str, Any]) -> Plan:
    return read_rerun(
        {},
        manifest=manifest,
        owner="o",
        key="k",
        is_own_key=True,
        environment=ENVIRONMENT,
    )


def test_a_rerun_has_the_first_ones_recipe_and_an_id_of_its_own() -> None:
    again = rerun_of({"prompt": "a", "seed": 7})

    assert again.recipe.to_dict() == manifest_of({"prompt": "a", "seed": 7})["recipe"]
    (picture,) = again.pictures
    assert picture.id not in (FIRST, again.recipe.id)
    assert picture.recovery == {"idempotency_key": "one"}
    assert picture.rerun == {
        "id": FIRST,
        "model": CORE,
        "sha256": "models",
        "pixels_sha256": "pixels",
        "key": "output-images/a.png",
    }


def test_the_same_key_is_the_same_rerun_and_another_is_another() -> None:
    ids = [rerun_of({"prompt": "a"}, key=key).pictures[0].id for key in ("1", "1", "2")]

    assert ids[0] == ids[1] != ids[2]


def test_a_key_that_the_caller_sent_is_not_repeated_to_them() -> None:
    (picture,) = rerun_of({"prompt": "a"}, is_own_key=True).pictures

    assert picture.recovery == {}


def test_the_first_manifests_of_refusals_had_no_digest() -> None:
    manifest = {**manifest_of({"prompt": "a"}), "key": None}
    del manifest["model"]["sha256"], manifest["model"]["pixels_sha256"], manifest["sha256"]

    again = rerun_by(manifest)

    first = again.pictures[0].rerun
    assert first is not None
    assert (first["sha256"], first["pixels_sha256"]) == (None, None)


def test_the_first_manifests_had_one_digest_for_both_files() -> None:
    manifest = manifest_of({"prompt": "a"})
    del manifest["model"]["sha256"], manifest["model"]["pixels_sha256"]

    again = rerun_by(manifest)

    first = again.pictures[0].rerun
    assert first is not None
    assert (first["sha256"], first["pixels_sha256"]) == ("published", None)


class TestModels:
    def test_a_retired_one_is_a_410_that_names_the_successor(self) -> None:
        with pytest.raises(ModelRetiredError, match=CORE) as raised:
            rerun_of({"prompt": "a", "model": NOVA}, allow_retired_models=False)

        assert raised.value.status == 410

    def test_another_one_draws_the_same_words_on_purpose(self) -> None:
        request = {"prompt": "a", "negative_prompt": "b", "seed": 7, "model": NOVA, "width": 1024,
                   "height": 512}  # fmt: skip

        again = rerun_of(request, {"model": CORE}, allow_retired_models=False).recipe

        assert (again.model, again.prompt, again.negative_prompt) == (CORE, "a", "b")
        assert again.seed == 7
        assert again.parameters["aspect_ratio"] == "16:9"

    def test_a_seed_that_the_other_has_not_becomes_one_that_it_has(self) -> None:
        first = {"prompt": "a", "seed": 4_000_000_000}

        seeds = [rerun_of(first, {"model": TITAN}).recipe.seed for _ in range(2)]

        assert seeds[0] == seeds[1] <= 2_147_483_646

    def test_a_format_that_the_other_has_not_is_left_to_it(self) -> None:
        again = rerun_of({"prompt": "a", "output_format": "jpeg"}, {"model": SDXL})

        assert again.recipe.parameters["output_format"] == "png"

    def test_an_unknown_one_is_a_404(self) -> None:
        with pytest.raises(ModelNotFoundError):
            rerun_of({"prompt": "a"}, {"model": "none"})

    def test_its_own_is_no_change(self) -> None:
        first = {"prompt": "a", "seed": 7}

        assert rerun_of(first, {"model": CORE}).recipe == rerun_of(first).recipe


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ([], "body"),
        ({"prompt": "b"}, "prompt"),
        ({"model": 5}, "model"),
        ({"recipe_in_picture": 1}, "recipe_in_picture"),
    ],
)
def test_what_a_rerun_does_not_take_is_refused_by_name(body: Any, param: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        rerun_of({"prompt": "a"}, body)

    assert raised.value.param == param
