"""What a terminal shows: whole words and ids, in lines that fit. A pipe gets lines as they are."""

import json

import pytest
from rich.cells import cell_len

from easel import display
from tests.easel.command_line import CommandLine
from tests.easel.fake_api import DEFAULT_MODEL


@pytest.mark.parametrize("width", [60, 40])
@pytest.mark.parametrize("command", ["models", "list", "styles"])
def test_a_narrow_terminal_gets_every_id_whole(
    easel: CommandLine, monkeypatch: pytest.MonkeyPatch, width: int, command: str
) -> None:
    long = "a very long prompt of many words and of 猫猫猫猫猫猫猫猫猫 too"
    easel("draw", long, "--seed", "2147483646", "--json")
    found = json.loads(easel(command, "--json").stdout)
    rows = found.get("models") or found.get("pictures") or found["styles"]
    monkeypatch.setattr(display, "terminal_width", lambda: width)

    said = easel(command).stdout

    assert {row["id"] for row in rows} <= set(said.split())
    assert max(map(len, said.splitlines())) <= width


def test_values_in_narrow_lines_stand_whole_behind_their_columns_names(
    easel: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = json.loads(easel("draw", "a cat", "--seed", "7", "--json").stdout)
    again = json.loads(easel("rerun", first["id"], "--json").stdout)
    monkeypatch.setattr(display, "terminal_width", lambda: 60)

    said = easel("list").stdout

    assert said.splitlines()[:4] == [
        again["id"],
        "  published 2026-11-20 12:00:00  seed 7  size 16x16",
        f"  rerun of {first['id']}",
        f"  model {DEFAULT_MODEL}  prompt a cat",
    ]


@pytest.mark.parametrize("width", [200, 50])
@pytest.mark.parametrize("word", ["word ", "猫"])
def test_a_prompt_takes_one_line_as_wide_as_the_terminal_and_a_pipe_gets_all_of_it(
    easel: CommandLine, monkeypatch: pytest.MonkeyPatch, width: int, word: str
) -> None:
    prompt = "begin " + word * 200 + "end"
    easel("draw", prompt, "--json")
    piped = easel("list").stdout
    monkeypatch.setattr(display, "terminal_width", lambda: width)

    (line,) = [line for line in easel("list").stdout.splitlines() if "begin" in line]

    assert width - 3 < cell_len(line) <= width
    assert f"  {prompt}\n" in piped


def test_values_of_fields_go_on_below_themselves_and_words_stay_whole(
    easel: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display, "terminal_width", lambda: 48)

    said = easel("models", "amazon.nova-canvas-v1:0").stdout

    assert max(map(len, said.splitlines())) <= 48
    assert "\nstyle_preset   3D_ANIMATED_FAMILY_FILM\n               DESIGN_SKETCH\n" in said
    drawn = json.loads(easel("draw", "a cat", "--json").stdout)
    assert f"\nsha256    {drawn['sha256']}\n" in easel("show", drawn["id"]).stdout


def test_in_a_pipe_nothing_is_wrapped(easel: CommandLine) -> None:
    prompt = "word " * 200 + "end"
    id = json.loads(easel("draw", prompt, "--json").stdout)["id"]

    assert f"prompt    {prompt}\n" in easel("show", id).stdout
