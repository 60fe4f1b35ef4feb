"""What a state can hold, 262,144 bytes of JSON in UTF-8: whatever is let in fits everywhere."""

import json
from typing import Any

import pytest

from cdk.definition import REQUEST_LIMIT
from lambdas.common.catalog import CATALOG
from lambdas.common.errors import RequestTooLargeError
from lambdas.validate.plan import Plan, check_size, read_plan
from lambdas.validate.request import EXTRAS_LIMIT, TEXT_PROMPTS_LIMIT
from tests.cdk.state_machine import STATES, answer_to, filled, states
from tests.cdk.test_state_machine_file import body_of
from tests.environments import VALIDATE

STATE_LIMIT_BYTES = 262_144
# The most that the service allows.
ARN = "a" * 256
CHARACTERS = ["a", '"', "\\", "/", "\n", "\x01", "\x7f", "é", "漢", "\U0001f4a5"]


def size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def goes_on(sent: dict[str, Any]) -> bool:
    condition = STATES["Operation"]["Choices"][-1]["Condition"]
    return bool(filled(condition, {"states": states(input=sent)}))


def sent(request: Any) -> dict[str, Any]:
    return {
        "operation": "draw",
        "id": "",
        "query": {},
        "request": request,
        "idempotency_key": "k" * 255,
        "caller": ARN,
        "request_id": "r" * 40,
    }


def arguments_of(state: str, **variables: Any) -> dict[str, Any]:
    given = {"states": states(**variables.pop("states")), **variables}
    given["states"]["context"]["Execution"]["Id"] = ARN
    return {**filled(STATES[state]["Arguments"], given), "FunctionName": ARN}


def longest(character: str) -> int:
    """How many of a character a prompt can have that is let in."""
    fits, too_many = 0, STATE_LIMIT_BYTES
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if goes_on(sent({"prompt": character * middle})):
            fits = middle
        else:
            too_many = middle
    return fits


@pytest.mark.parametrize("character", CHARACTERS, ids=ascii)
def test_what_is_let_in_fits_into_what_validate_is_handed_also_escaped_again(
    character: str,
) -> None:
    handed = arguments_of("Validate", states={"input": sent({"p": character * longest(character)})})

    assert size(handed) <= STATE_LIMIT_BYTES
    assert size({**handed, "Payload": json.dumps(handed["Payload"], ensure_ascii=False)}) <= (
        STATE_LIMIT_BYTES
    )


@pytest.mark.parametrize("character", CHARACTERS, ids=ascii)
def test_a_body_of_80_000_bytes_is_always_let_in(character: str) -> None:
    bytes_each = size(character) - 2

    assert goes_on(sent({"p": character * (80_000 // bytes_each)}))


def test_more_than_that_is_a_413() -> None:
    given = sent({"prompt": "a" * REQUEST_LIMIT})
    refused = filled(STATES["Operation"]["Output"], {"states": states(input=given)})

    answer = answer_to(refused)

    assert not goes_on(given)
    assert STATES["Operation"]["Default"] == "Answer"
    assert (answer["answer"]["statusCode"], answer["fault"]) == (413, "caller")
    assert body_of(answer)["error"]["param"] == "body"


def largest_request(model: str, character: str) -> dict[str, Any]:
    """A request with the longest texts that a model takes."""
    taken = CATALOG[model]
    text = character * taken.prompt_limit
    if not taken.weighted_prompts:
        return {"model": model, "seed": 1, "count": 4, "prompt": f"{text[:-1]}a",
                "negative_prompt": text}  # fmt: skip
    prompts = [{"text": f"{text[:-1]}a", "weight": 0.5} for _ in range(TEXT_PROMPTS_LIMIT)]
    extras = {"x": "y" * (EXTRAS_LIMIT - 10)}
    return {"model": model, "seed": 1, "count": 4, "text_prompts": prompts, "extras": extras}


def planned(request: dict[str, Any]) -> Plan:
    return read_plan(request, owner="o" * 100, environment=VALIDATE, draw_seed=lambda limit: limit)


REQUESTS = [
    pytest.param(largest_request(model, character), id=f"{model} {character!a}")
    for model in CATALOG
    for character in CHARACTERS
    # Each of ten texts has these twice in its recipe, and no model draws them.
    if not (CATALOG[model].weighted_prompts and character == "\x01")
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_whatever_can_be_drawn_fits_on_all_its_way_and_can_be_shown(
    request_: dict[str, Any],
) -> None:
    plan = planned(request_)
    recipe = plan.recipe.to_dict()
    picture = plan.to_dict()["pictures"][0]
    manifest = {"recipe": recipe, "more": "m" * 4_000}
    shown = json.dumps({"manifest": manifest, "image_url": "u" * 6_000}, ensure_ascii=False)

    check_size(plan.recipe)
    assert goes_on(sent(request_))
    assert size({"Payload": plan.to_dict()}) <= STATE_LIMIT_BYTES
    for state, handed in (
        ("Generate", {"input": {"picture": picture, "recipe": recipe, "attempt": 1}}),
        ("Store", {"input": {"picture": {**picture, "rerun": {"id": ARN}}, "recipe": recipe,
                             "staged": {"source": "model"}}}),
    ):  # fmt: skip
        arguments = arguments_of(
            state, states=handed, draw_until="", plan={"recipe_in_picture": True, "owner": ARN}
        )
        assert size(arguments) <= STATE_LIMIT_BYTES
        assert size(handed["input"]) <= STATE_LIMIT_BYTES
    assert size(answer_to({"body": shown})) <= STATE_LIMIT_BYTES
    # A rerun names the picture. A manifest's recipe can be sent too, where it has each text once.
    if "text_prompts" not in recipe["parameters"]:
        assert goes_on(sent({"recipe": recipe}))


@pytest.mark.parametrize("model", [each.id for each in CATALOG.values() if each.weighted_prompts])
def test_what_could_be_drawn_but_not_shown_is_a_413(model: str) -> None:
    with pytest.raises(RequestTooLargeError):
        check_size(planned(largest_request(model, "\x01")).recipe)
