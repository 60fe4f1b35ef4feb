"""Each check of the guardrail, with a guardrail that does what it has to, and with broken ones."""

from typing import Any

import pytest

from easel.findings import Level
from easel.smoke import guardrail
from lambdas.picture import parse
from tests.easel.smoke.stand_in import answer, deployed, picture, refusal
from tests.easel.stubbed_account import StubbedAccount

USAGE = dict.fromkeys(
    (
        "topicPolicyUnits",
        "contentPolicyUnits",
        "wordPolicyUnits",
        "sensitiveInformationPolicyUnits",
        "sensitiveInformationPolicyFreeUnits",
        "contextualGroundingPolicyUnits",
    ),
    1,
)


def applied(kind: str, *, guarded: int = 1, milliseconds: int = 300, **changes: Any) -> Any:
    """An answer of ApplyGuardrail that finds nothing."""
    coverage = {kind: {"guarded": guarded, "total": 1}}
    metrics = {"guardrailProcessingLatency": milliseconds, "guardrailCoverage": coverage}
    return {
        "action": "NONE",
        "outputs": [],
        "assessments": [{"invocationMetrics": metrics}],
        "usage": USAGE,
        "guardrailCoverage": coverage,
        **changes,
    }


def account_with(*answers: Any) -> StubbedAccount:
    account = StubbedAccount()
    for each in answers:
        account.answers("bedrock-runtime", "apply_guardrail", each)
    return account


TEXTS = applied("textCharacters")
PICTURES = applied("images")
SLOW = applied("images", milliseconds=4_500)
TOO_SLOW = applied("textCharacters", milliseconds=2_500)
UNCOVERED = applied("images", guarded=0)
HALF_READ = {**TEXTS, "guardrailCoverage": {"textCharacters": {"guarded": 5, "total": 9}}}
SAYS_NOTHING = {name: value for name, value in PICTURES.items() if name != "guardrailCoverage"}
BLOCKED = {**TEXTS, "action": "GUARDRAIL_INTERVENED"}


class TestGuardrail:
    def test_one_that_covers_everything_in_time_is_ok(self) -> None:
        account, version = (
            StubbedAccount(),
            {"guardrailIdentifier": "guard", "guardrailVersion": "1"},
        )
        for text in guardrail.TEXTS:
            asked = {**version, "source": "INPUT", "content": [{"text": {"text": text}}]}
            account.answers("bedrock-runtime", "apply_guardrail", TEXTS, asked)
        for seed in range(5):
            image = {"format": "png", "source": {"bytes": guardrail.noise(seed)}}
            asked = {**version, "source": "OUTPUT", "content": [{"image": image}]}
            account.answers("bedrock-runtime", "apply_guardrail", PICTURES, asked)
        stack = deployed(refusal(400, "moderation_blocked"), account=account)

        findings = list(guardrail.examine(stack))

        assert [finding.level for finding in findings] == [Level.OK] * 3
        assert "5 with an assessment, the slowest took 0.30 of 2 s" in findings[0].found
        account.assert_all_asked()

    @pytest.mark.parametrize(
        ("check", "answers", "level", "found", "cure"),
        [
            (guardrail.check_texts, [TEXTS, HALF_READ], "problem", "number 2 was not", "filters"),
            (guardrail.check_texts, [BLOCKED], "problem", "was blocked", "guardrail_strength"),
            (guardrail.check_texts, [TOO_SLOW] * 5, "problem", "2.50 of the 2 s", "region"),
            (guardrail.check_pictures, [UNCOVERED], "problem", "'guarded': 0", "output side"),
            (guardrail.check_pictures, [SAYS_NOTHING], "problem", "absent", "output side"),
            (guardrail.check_pictures, [SLOW] * 5, "warning", "4.50 of the 6 s", "picture_check"),
        ],
        ids=["half read", "blocked", "too slow", "not looked at", "coverage unknown", "slow"],
    )
    def test_one_that_does_not_is_told_with_what_to_do(
        self, check: Any, answers: list[Any], level: str, found: str, cure: str
    ) -> None:
        finding = check(deployed(account=account_with(*answers)))

        assert finding.level == level
        assert found in finding.found
        assert cure in str(finding.cure)

    @pytest.mark.parametrize(
        ("code", "status", "level"),
        [
            ("ResourceNotFoundException", 404, Level.PROBLEM),
            ("ThrottlingException", 429, Level.PROBLEM),
            ("AccessDeniedException", 403, Level.WARNING),
        ],
    )
    def test_no_answer_is_a_problem_unless_the_caller_may_not_ask(
        self, code: str, status: int, level: Level
    ) -> None:
        account = StubbedAccount()
        account.fails("bedrock-runtime", "apply_guardrail", code, status)

        finding = guardrail.check_texts(deployed(account=account))

        assert finding.level is level
        assert "bedrock:ApplyGuardrail" in str(finding)

    def test_an_answer_without_assessments_and_times_is_taken_as_it_is(self) -> None:
        account = account_with(*[{**TEXTS, "assessments": []}] * 5)

        finding = guardrail.check_texts(deployed(account=account))

        assert finding.level is Level.OK
        assert "0 with an assessment" in finding.found

    def test_a_profane_prompt_that_is_drawn_is_a_problem_and_was_paid(self) -> None:
        stack = deployed(answer(picture()))

        finding = guardrail.check_profane_prompt(stack)

        assert (finding.level, stack.drawn) == (Level.PROBLEM, 1)
        assert "list of profanities" in str(finding.cure)

    def test_what_is_not_easels_own_guardrail_is_not_checked_for_what_it_blocks(self) -> None:
        own = deployed(guardrail_id="abc", guardrail_version="1")
        off = deployed()
        off.functions["store"]["Environment"]["Variables"]["GUARDRAIL_ID"] = ""

        assert guardrail.check_profane_prompt(own).level is Level.NOT_CHECKED
        assert [each.level for each in guardrail.examine(off)] == [Level.NOT_CHECKED]

    def test_noise_is_a_picture_of_a_megabyte_and_a_half_that_repeats(self) -> None:
        drawn = guardrail.noise(1)

        assert parse(drawn).pixels_sha256
        assert 1_500_000 <= len(drawn) < 1_510_000
        assert drawn == guardrail.noise(1) != guardrail.noise(2)
