"""What the state machine makes of the guardrail's word on a prompt."""

from typing import Any

import pytest

from lambdas.common import errors
from tests.cdk.state_machine import STATES, TASKS, answer_to, filled, states
from tests.cdk.test_state_machine_file import body_of


def test_only_a_guardrail_that_does_nothing_lets_a_prompt_through() -> None:
    verdict = STATES["Verdict"]
    (choice,) = verdict["Choices"]

    assert choice["Next"] == "DrawEach"
    assert verdict["Default"] == "Answer"
    for action in ("NONE", "GUARDRAIL_INTERVENED", None, "none"):
        checked = {"action": action, "covered": True}
        passes = filled(choice["Condition"], {"states": states(input=checked)})
        assert passes == (action == "NONE")


@pytest.mark.parametrize(
    ("coverage", "passes"),
    [
        ({"TextCharacters": {"Guarded": 5, "Total": 5}}, True),
        ({"TextCharacters": {"Guarded": 5, "Total": 5}, "Images": {"Guarded": 0}}, True),
        ({"TextCharacters": {"Guarded": 4, "Total": 5}}, False),
        ({"TextCharacters": {"Guarded": 0, "Total": 0}}, False),
        ({"TextCharacters": {"Total": 5}}, False),
        ({"TextCharacters": {"Guarded": 5}}, False),
        ({"TextCharacters": {}}, False),
        ({}, False),
        (None, False),
    ],
    ids=str,
)
def test_a_prompt_that_was_not_read_whole_is_refused(
    coverage: dict[str, Any] | None, passes: bool
) -> None:
    result = {"Action": "NONE"} | ({} if coverage is None else {"GuardrailCoverage": coverage})
    checked = filled(TASKS["CheckPrompt"]["Output"], {"states": states(result=result)})

    (choice,) = STATES["Verdict"]["Choices"]
    given = {"states": states(input=checked)}
    answer = answer_to(filled(STATES["Verdict"]["Output"], given))

    assert filled(choice["Condition"], given) is passes
    assert answer["class"] == "GuardrailRefusedError"
    assert body_of(answer)["error"]["code"] == "guardrail_refused"


@pytest.mark.parametrize(
    ("assessments", "words"),
    [
        ([{"WordPolicy": {"CustomWords": [{"Match": "secret"}]}}], "its word policy"),
        ([{"TopicPolicy": {"Topics": []}}], "a denied topic"),
        (
            [{"ContentPolicy": {"Filters": [{"Type": "VIOLENCE"}]}}],
            "its content filter for VIOLENCE",
        ),
        ([{"SensitiveInformationPolicy": {}}], "its policy on sensitive information"),
        ([{"Another": {}}], "one of its policies"),
        ([{}], "one of its policies"),
        ([], "one of its policies"),
        (None, "one of its policies"),
    ],
    ids=["word", "topic", "content", "sensitive", "another", "none", "empty", "absent"],
)
def test_a_blocked_prompt_is_told_the_policy_and_not_its_words(
    assessments: list[Any] | None, words: str
) -> None:
    result: dict[str, Any] = {"Action": "GUARDRAIL_INTERVENED"}
    if assessments is not None:
        result["Assessments"] = assessments
    checked = filled(TASKS["CheckPrompt"]["Output"], {"states": states(result=result)})

    refusal = filled(STATES["Verdict"]["Output"], {"states": states(input=checked)})
    answer = answer_to(refusal)

    assert (answer["class"], answer["fault"]) == ("PromptBlockedError", "caller")
    assert answer["answer"]["statusCode"] == errors.PromptBlockedError.status
    assert answer["answer"]["headers"] == errors.PromptBlockedError.headers()
    assert body_of(answer)["error"] == {
        "message": f"The guardrail blocked the prompt by {words}. "
        "Change prompt or negative_prompt and try again.",
        "type": "image_generation_user_error",
        "param": "prompt",
        "code": "moderation_blocked",
    }
