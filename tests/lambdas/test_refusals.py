"""Refusals that quote their request: results of a function, of which no log holds the text."""

import json
from typing import Any

import pytest

from lambdas.common.environment import DeleteEnvironment, LibraryEnvironment
from lambdas.common.errors import InternalError
from lambdas.delete import handler as delete
from lambdas.library import handler as library
from lambdas.validate import handler as validate
from tests.environments import VALIDATE

CANARY = "quokkaword"
RECIPE = {
    "version": 1, "model": VALIDATE.default_model, "prompt": "a", "negative_prompt": "", "seed": 7,
    "parameters": {"aspect_ratio": "1:1", "output_format": "png"},
}  # fmt: skip
DELETE = DeleteEnvironment(
    bucket="", stack_name="easel-test", log_execution_data=False, visibility="team"
)
LIBRARY = LibraryEnvironment(**vars(DELETE), list_seconds=4)


@pytest.fixture(autouse=True)
def _environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validate, "_environment", lambda: VALIDATE)
    for function, environment in ((delete, DELETE), (library, LIBRARY)):
        monkeypatch.setattr(function, "_environment", lambda environment=environment: environment)
        monkeypatch.setattr(function, "_s3", lambda: None)


def refusal(result: dict[str, Any]) -> dict[str, Any]:
    assert result.keys() == {"refusal"}
    return dict(json.loads(result["refusal"]))


@pytest.mark.parametrize(
    "request_body",
    [
        {"prompt": "a", CANARY: 1},
        {"prompt": "a", "model": CANARY},
        {"prompt": "a", "seed": CANARY},
        {"recipe": {**RECIPE, "parameters": {"aspect_ratio": CANARY, "output_format": "png"}}},
        {"recipe": {**RECIPE, CANARY: 1}},
        {"recipe": {**RECIPE, "version": CANARY}},
    ],
    ids=str,
)
def test_what_a_refused_request_said_is_told_to_its_caller_and_to_no_log(
    request_body: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = {"operation": "draw", "request": request_body, "caller": "c"}

    refused = refusal(validate.handler({"input": sent, "execution_arn": "arn"}, None))

    assert CANARY in refused["error"]["message"]
    assert (refused["fault"], refused["detail"]) == ("caller", None)
    logged = capsys.readouterr().out
    assert '"outcome": "refused"' in logged
    assert CANARY not in logged


@pytest.mark.parametrize("query", [{"limit": CANARY}, {CANARY: "1"}], ids=str)
def test_what_a_refused_query_said_is_told_to_its_caller_and_to_no_log(
    query: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    sent = {"operation": "list", "query": query, "caller": "c"}

    refused = refusal(library.handler({"input": sent, "execution_arn": "arn"}, None))

    assert CANARY in refused["error"]["message"]
    assert CANARY not in capsys.readouterr().out


def test_what_a_refused_deletion_said_is_in_no_log(capsys: pytest.CaptureFixture[str]) -> None:
    sent = {"operation": "delete", "id": CANARY, "caller": "c"}

    refused = refusal(delete.handler({"input": sent, "execution_arn": "arn"}, None))

    assert refused["error"]["param"] == "id"
    assert CANARY not in capsys.readouterr().out


def test_what_is_no_refusal_is_still_an_error() -> None:
    with pytest.raises(InternalError):
        validate.handler({"input": {"caller": None}, "execution_arn": "arn"}, None)
