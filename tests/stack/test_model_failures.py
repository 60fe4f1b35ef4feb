"""A real model that fails, over the running stack: what callers are told, and what the terminal."""

from typing import Any

import pytest

from local.bedrock.families import ModelRequest
from local.bedrock.renderers import FilteredError, RenderError, RenderTimeoutError
from local.bedrock.renderers.card import render_card
from tests.local_client import LocalClient, running

CAUSE = "out of memory, it says"
FAILURES = {
    "fails": RenderError(CAUSE),
    "times out": RenderTimeoutError(CAUSE),
    "filters": FilteredError(CAUSE),
}


def render(request: ModelRequest) -> bytes:
    if request.prompt in FAILURES:
        raise FAILURES[request.prompt]
    return render_card(request)


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return []


@pytest.fixture(scope="module")
def easel(lines: list[str]) -> Any:
    with running(render=render, log=lines.append) as client:
        yield client


@pytest.mark.parametrize(
    ("prompt", "status", "code"),
    [
        ("fails", 502, "model_error"),
        ("times out", 504, "timeout"),
        ("filters", 400, "moderation_blocked"),
    ],
    ids=list(FAILURES),
)
def test_a_model_that_gives_no_picture_is_answered_as_bedrock_would_be(
    easel: LocalClient, prompt: str, status: int, code: str
) -> None:
    answer = easel.post({"prompt": prompt, "seed": 1})

    assert (answer.status, answer.error["code"]) == (status, code)
    assert CAUSE.encode() not in answer.content
    assert b"Traceback" not in answer.content


def test_the_terminal_is_told_the_cause_in_one_line(easel: LocalClient, lines: list[str]) -> None:
    lines.clear()

    easel.post({"prompt": "fails", "seed": 2})

    assert [line for line in lines if CAUSE in line] == [f"the model gave no picture: {CAUSE}"]
    assert not any("Traceback" in line for line in lines)


def test_the_next_picture_is_drawn(easel: LocalClient) -> None:
    easel.post({"prompt": "fails", "seed": 3})

    assert easel.post({"prompt": "works", "seed": 3}).status == 200
