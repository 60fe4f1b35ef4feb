"""Each check of pictures, with an API whose answers are wrong."""

import hashlib
from typing import Any

import pytest

from easel.api import Answer
from easel.findings import Level
from easel.smoke import drawing
from tests.easel.smoke.stand_in import SHA256, Planned, answer, deployed, picture, refusal

FIRST = picture()


def two(*pictures: Any, failed: Any = ()) -> Any:
    return answer({"pictures": pictures, "failed": list(failed), "execution_arn": "arn:e"})


def rerun(verdict: str = "identical_bytes", of: str = FIRST["id"], **changes: Any) -> Any:
    return answer(picture(9, rerun={"of": of, "verdict": verdict}, **changes))


class TestDrawing:
    def test_right_answers_are_ok_and_what_was_paid_is_counted(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(drawing, "new_seed", lambda: 7)
        file = b"a picture"
        first = picture(sha256=hashlib.sha256(file).hexdigest())
        again = {**first, "reused": True}
        stack = deployed(
            answer(first),
            answer(again),
            Answer(200, {}, file),
            two(again, picture(8)),
            rerun(),
        )

        findings = list(drawing.examine(stack))

        assert [finding.level for finding in findings] == [Level.OK] * 5
        assert stack.drawn == 3
        assert isinstance(stack.api.http, Planned)
        assert stack.api.http.sent[0][2]["x-amzn-trace-id"].endswith(";Sampled=1")

    def test_without_a_picture_nothing_more_is_asked(self) -> None:
        stack = deployed(refusal(500, "model_access_denied"))

        (finding,) = drawing.examine(stack)

        assert finding.level is Level.PROBLEM
        assert "(500 model_access_denied)" in finding.found
        assert stack.first is None

    def test_a_picture_that_is_not_new_is_a_problem(self) -> None:
        finding = drawing.check_drawn(deployed(answer(picture(reused=True))))

        assert finding.level is Level.PROBLEM
        assert "make deploy" in str(finding.cure)

    @pytest.mark.parametrize(
        ("check", "wrong", "level", "found"),
        [
            (drawing.check_found_again, answer(picture()), "problem", "it was drawn"),
            (
                drawing.check_found_again,
                answer(picture(reused=True, sha256="cd" * 32)),
                "problem",
                "cdcd",
            ),
            (drawing.check_file, answer({}), "problem", f"the answer says {SHA256}"),
            (drawing.check_file, answer({}, 403), "problem", "ask for a fresh URL"),
            (
                drawing.check_two_at_once,
                two(picture(7), picture(8)),
                "problem",
                "[(7, False), (8, False)]",
            ),
            (
                drawing.check_two_at_once,
                two(
                    picture(7, reused=True),
                    failed=[{"seed": 8, "error": {"message": "The model failed."}}],
                ),
                "problem",
                "The model failed.",
            ),
            (drawing.check_rerun, rerun("different"), "warning", "differently"),
            (drawing.check_rerun, rerun(reused=True), "problem", "it was found"),
            (drawing.check_rerun, rerun(of="other"), "problem", "of other"),
            (drawing.check_rerun, answer(picture()), "problem", "KeyError: 'rerun'"),
        ],
        ids=[
            "drawn again",
            "another file found",
            "other bytes",
            "no file",
            "not found",
            "one failed",
            "drawn differently",
            "not drawn anew",
            "of another",
            "no verdict",
        ],
    )
    def test_a_wrong_answer_is_told_with_what_to_do(
        self, check: Any, wrong: Any, level: str, found: str
    ) -> None:
        finding = check(deployed(wrong), FIRST)

        assert finding.level == level
        assert found in finding.found
        assert finding.cure
