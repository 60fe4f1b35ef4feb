"""The template's guardrail in the real state machine: what it blocks is neither drawn nor shown."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lambdas.common.keys import manifest_key
from tests.local_client import Answer, LocalClient, running

SETTINGS: dict[str, Any] = {
    "denied_words": ["walrus", "left luggage"],
    "denied_topics": [
        {
            "name": "Investments",
            "definition": "Advice on what to buy",
            "examples": ["which shares"],
        }
    ],
    "guardrail_strength": "MEDIUM",
    "guardrail_tier": "STANDARD",
    "list": "off",
}
SDXL = "stability.stable-diffusion-xl-v1"


@pytest.fixture(scope="module")
def easel() -> Iterator[LocalClient]:
    with running(settings=SETTINGS) as client:
        yield client


def states_of(easel: LocalClient, answer: Answer) -> list[str]:
    return [
        event["stateEnteredEventDetails"]["name"]
        for event in easel.history(answer.body["execution_arn"])
        if "stateEnteredEventDetails" in event
    ]


@pytest.mark.parametrize(
    ("body", "policy"),
    [
        ({"prompt": "a Walrus on ice"}, "its word policy"),
        ({"prompt": "the left luggage office"}, "its word policy"),
        ({"prompt": "ice", "negative_prompt": "walrus"}, "its word policy"),
        ({"model": SDXL, "text_prompts": [{"text": "ice"}, {"text": "a walrus", "weight": 0.5}]},
         "its word policy"),
        ({"prompt": "guardrail-test:PROFANITY"}, "its word policy"),
        ({"prompt": "a chart that says which shares rise"}, "a denied topic"),
        ({"prompt": "guardrail-test:VIOLENCE"}, "its content filter for VIOLENCE"),
        ({"prompt": "guardrail-test:PROMPT_ATTACK"}, "its content filter for PROMPT_ATTACK"),
    ],
    ids=str,
)  # fmt: skip
def test_a_denied_prompt_is_a_400_that_names_the_policy_before_any_model_call(
    easel: LocalClient, body: dict[str, Any], policy: str
) -> None:
    before = easel.model_calls()

    answer = easel.post({**body, "seed": 1})

    assert (answer.status, answer.error["code"]) == (400, "moderation_blocked")
    assert answer.error["type"] == "image_generation_user_error"
    assert policy in answer.error["message"]
    assert "alrus" not in answer.error["message"]
    assert answer.headers["x-should-retry"] == "false"
    assert easel.model_calls() == before
    assert "Generate" not in states_of(easel, answer)


def test_a_word_inside_another_and_a_doubtful_mark_pass(easel: LocalClient) -> None:
    answer = easel.post({"prompt": "walruses guardrail-test:VIOLENCE:LOW", "seed": 1})

    assert answer.status == 200
    assert states_of(easel, answer)[1:5] == ["Validate", "Accepted", "CheckPrompt", "Verdict"]


def test_a_blocked_picture_is_paid_once_and_nowhere_to_be_had(easel: LocalClient) -> None:
    before, published = easel.model_calls(), output_images(easel)
    body = {"prompt": "picture-test:SEXUAL", "seed": 1}

    answers = [easel.post(body) for _ in range(2)]

    for answer in answers:
        assert (answer.status, answer.error["code"]) == (400, "moderation_blocked")
        assert "content filter for SEXUAL" in answer.error["message"]
        assert "image_url" not in answer.content.decode()
    assert easel.model_calls() == before + 1
    (refusal,) = output_images(easel) - published
    assert refusal == manifest_key(refusal.partition("/")[2].removesuffix(".json"))
    manifest = manifest_at(easel, refusal)
    assert manifest["guardrail"]["blocked_by"] == "its content filter for SEXUAL"
    assert (manifest["key"], manifest["recipe"]["seed"]) == (None, 1)


def test_a_published_picture_says_which_guardrail_let_it_pass(easel: LocalClient) -> None:
    answer = easel.post({"prompt": "a harmless cat", "seed": 1})

    manifest = manifest_at(easel, manifest_key(answer.body["id"]))
    assert manifest["guardrail"]["version"] == "1"
    assert manifest["guardrail"]["blocked_by"] is None


def output_images(easel: LocalClient) -> set[str]:
    return {key for key in easel.object_keys() if key.startswith("output-images/")}


def manifest_at(easel: LocalClient, key: str) -> dict[str, Any]:
    found = easel.aws("s3").get_object(Bucket=easel.bucket, Key=key)
    return dict(json.loads(found["Body"].read()))


def test_a_list_that_is_off_is_a_method_that_is_not_taken(easel: LocalClient) -> None:
    for path in ("/images", "/images?limit=1"):
        answer = easel.look(path)

        assert (answer.status, answer.error["code"]) == (405, "not_found")
        assert answer.headers["Allow"] == "POST"
