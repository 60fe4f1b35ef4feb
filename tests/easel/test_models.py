"""`easel models` and `easel styles`."""

import json

import pytest

from easel.api import Answer, NoAnswerError
from easel.exits import Exit
from tests.easel.command_line import CommandLine
from tests.easel.fake_api import DEFAULT_MODEL, error


def test_the_catalog_is_shown(easel: CommandLine) -> None:
    said = easel("models").stdout

    assert f"{DEFAULT_MODEL}   active" in said
    assert "retired 2026-09-30" in said


def test_only_those_are_shown_that_the_api_offers(easel: CommandLine) -> None:
    easel.api.models = [DEFAULT_MODEL]

    rows = json.loads(easel("models", "--json").stdout)["models"]

    assert [row["id"] for row in rows] == [DEFAULT_MODEL]
    assert "is not offered here" in easel("models", "stability.sd3-5-large-v1:0").stderr


@pytest.mark.parametrize(
    "answer",
    [
        NoAnswerError("refused", sent=False),
        error(403, "invalid_api_key"),
        Answer(200, {}, b"{}"),
    ],
    ids=["no server", "no key", "no list"],
)
def test_where_the_api_does_not_say_the_whole_catalog_is_shown(
    easel: CommandLine, answer: Answer | NoAnswerError
) -> None:
    easel.api.planned = [answer]

    said = easel("models")

    assert said.exit_code == Exit.OK
    assert "retired 2026-09-30" in said.stdout
    assert "all that Easel knows" in said.stderr


def test_the_json_has_everything(easel: CommandLine) -> None:
    rows = json.loads(easel("models", "--json").stdout)["models"]

    (core,) = [row for row in rows if row["id"] == DEFAULT_MODEL]
    assert core["aspect_ratios"][0] == "16:9"
    assert "origami" in core["styles"]
    assert core["regions"] == ["us-west-2"]


def test_all_that_a_model_takes_is_said_under_its_fields_names(easel: CommandLine) -> None:
    said = easel("models", "amazon.nova-canvas-v1:0").stdout

    for part in ("cfg_scale", "1.1 to 10; default 6.5", "MAXIMALISM", "1024 characters"):
        assert part in said
    assert "stability.sd3" not in said
    shown = json.loads(easel("models", "amazon.nova-canvas-v1:0", "--json").stdout)["models"]
    assert shown[0]["parameters"]["quality"]["default"] == "standard"


def test_a_model_that_is_not_there_is_said(easel: CommandLine) -> None:
    assert easel("models", "nothing").exit_code == Exit.USAGE


def test_styles_say_which_models_have_them_as_a_parameter(easel: CommandLine) -> None:
    rows = json.loads(easel("styles", "--json").stdout)["styles"]

    by_id = {row["id"]: row for row in rows}
    assert by_id["origami"]["every_model"] is True
    assert by_id["MAXIMALISM"] == {
        "id": "MAXIMALISM",
        "every_model": False,
        "models": ["amazon.nova-canvas-v1:0"],
    }
    assert "origami" in easel("styles").stdout
