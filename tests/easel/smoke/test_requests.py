"""Each check of the API's answers, with an API that answers something else."""

from typing import Any

import pytest

from easel.api import Answer
from easel.findings import Level
from easel.smoke import requests
from tests.easel.smoke.stand_in import EXECUTION, Planned, answer, deployed, picture, refusal

ORIGIN = "https://mine.example"
MISSING = refusal(400, "missing_parameter", EXECUTION)


def manifest(prompt: str, negative_prompt: str = requests.HOSTILE) -> Answer:
    recipe = {"prompt": prompt, "negative_prompt": negative_prompt}
    return answer({"manifest": {"recipe": recipe}})


class TestRequests:
    def test_right_answers_are_ok(self) -> None:
        stack = deployed(
            *(refusal(case.status, case.code) for case in requests.CASES),
            answer(picture()),
            manifest(requests.HOSTILE),
            MISSING,
            refusal(400, "missing_parameter", "arn:other"),
            MISSING,
            *[MISSING] * 10,
            *[refusal(429, "rate_limit_exceeded", headers={"retry-after": "5"})] * 5,
        )

        findings = list(requests.examine(stack))

        assert {finding.level for finding in findings} == {Level.OK}
        assert "10 answered, 5 told to come later" in findings[-1].found
        assert isinstance(stack.api.http, Planned)
        headers = [sent[2] for sent in stack.api.http.sent]
        assert [each["x-amzn-requestid"] for each in headers if "x-amzn-requestid" in each] == (
            ["easel-smoke-forged-id"] * 2
        )
        assert [each["origin"] for each in headers if "origin" in each] == [
            "https://foreign.example"
        ]

    @pytest.mark.parametrize("case", requests.CASES, ids=[case.name for case in requests.CASES])
    @pytest.mark.parametrize(
        "wrong",
        [answer(picture()), refusal(500, "internal_error"), answer({"message": "Forbidden"}, 403)],
        ids=["drawn", "an error of the service", "not Easel's form"],
    )
    def test_another_answer_to_a_case_is_a_problem(
        self, case: requests.Case, wrong: Answer
    ) -> None:
        findings = requests.examine(deployed(*[wrong] * len(requests.CASES)))

        finding = [next(findings) for _ in requests.CASES][requests.CASES.index(case)]

        assert finding.level is Level.PROBLEM
        assert case.name in finding.subject
        assert f"the answer is {wrong.status} {wrong.text}" == finding.found
        assert "cdk/mapping_templates" in str(finding.cure)

    @pytest.mark.parametrize(
        ("prompt", "negative_prompt", "named"),
        [
            (requests.HOSTILE.replace("\\\\", "\\"), requests.HOSTILE, "prompt"),
            (requests.HOSTILE, "", "negative_prompt"),
        ],
    )
    def test_a_hostile_prompt_that_was_changed_is_a_problem(
        self, prompt: str, negative_prompt: str, named: str
    ) -> None:
        stack = deployed(answer(picture()), manifest(prompt, negative_prompt))

        finding = requests.check_hostile_prompt(stack)

        assert finding.level is Level.PROBLEM
        assert f"has the {named} " in finding.found

    @pytest.mark.parametrize(
        ("refused", "level"),
        [
            (refusal(400, "moderation_blocked"), Level.NOT_CHECKED),
            (refusal(400, "invalid_value"), Level.PROBLEM),
        ],
        ids=["by a filter", "otherwise"],
    )
    def test_a_hostile_prompt_that_is_refused_is_a_problem_unless_a_filter_did(
        self, refused: Answer, level: Level
    ) -> None:
        finding = requests.check_hostile_prompt(deployed(refused))

        assert finding.level is level
        assert str(refused.status) in finding.found

    @pytest.mark.parametrize(
        ("answers", "found"),
        [
            ([MISSING, MISSING], "the executions are"),
            ([MISSING, refusal(409, "being_drawn", EXECUTION)], "the answers are"),
            (
                [MISSING, refusal(400, "missing_parameter", "arn:easel-smoke-forged-id")],
                "the executions are",
            ),
        ],
        ids=["one execution", "a collision", "the name was taken"],
    )
    def test_a_request_id_that_has_an_effect_is_a_problem(
        self, answers: list[Answer], found: str
    ) -> None:
        finding = requests.check_forged_id(deployed(*answers))

        assert finding.level is Level.PROBLEM
        assert found in finding.found

    @pytest.mark.parametrize(
        ("allowed", "named", "level"),
        [
            ([ORIGIN, None], "", Level.OK),
            ([None, None], f"of {ORIGIN} allows none", Level.PROBLEM),
            ([ORIGIN, "*"], "of https://foreign.example allows *", Level.PROBLEM),
        ],
        ids=["right", "the allowed one is not", "the foreign one is"],
    )
    def test_origins(self, allowed: list[str | None], named: str, level: Level) -> None:
        headers = [{"access-control-allow-origin": each} if each else {} for each in allowed]
        answers = [Answer(400, each, MISSING.content) for each in headers]

        finding = requests.check_origins(deployed(*answers, allowed_origins=(ORIGIN,)))

        assert finding.level is level
        assert named in finding.found

    @pytest.mark.parametrize(
        "wrong",
        [
            refusal(500, "internal_error"),
            refusal(429, "rate_limit_exceeded"),
            answer({"message": "Too Many Requests"}, 429),
        ],
        ids=["an error of the service", "does not say when", "not Easel's form"],
    )
    def test_a_burst_that_gets_another_answer_is_a_problem(self, wrong: Any) -> None:
        finding = requests.check_burst(deployed(*[MISSING] * (requests.BURST - 1), wrong))

        assert finding.level is Level.PROBLEM
        assert str(wrong.status) in finding.found
