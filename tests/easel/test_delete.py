"""`easel delete`."""

import json
from typing import Any

import pytest

from easel.exits import Exit
from tests.easel.command_line import CommandLine, terminal
from tests.easel.fake_api import error


def drawn(easel: CommandLine, *seeds: int) -> list[str]:
    answers = [easel("draw", "a cat", "--seed", str(seed), "--json").stdout for seed in seeds]
    return [json.loads(answer)["id"] for answer in answers]


def test_pictures_are_deleted_each_once(easel: CommandLine) -> None:
    one, two, three = drawn(easel, 1, 2, 3)

    ended = easel("delete", one, two, one, "--yes")

    assert ended.exit_code == Exit.OK
    assert ended.stdout.split() == ["deleted", one, "deleted", two]
    assert list(easel.api.manifests) == [three]


def test_a_file_names_its_picture_and_stays(easel: CommandLine) -> None:
    easel("draw", "a cat", "--out", "cat.png")

    ended = easel("delete", "cat.png", "--yes")

    assert (ended.exit_code, easel.files, easel.api.manifests) == (Exit.OK, ["cat.png"], {})


def test_without_a_terminal_nothing_is_deleted_unless_yes_says_so(easel: CommandLine) -> None:
    (id,) = drawn(easel, 1)

    ended = easel("delete", id, "--json", stdin="y\n")

    assert (ended.exit_code, id in easel.api.manifests) == (Exit.USAGE, True)
    assert "--yes" in json.loads(ended.stdout)["error"]["message"]


@pytest.mark.parametrize(("said", "gone"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_on_a_terminal_it_asks(easel: CommandLine, said: str, gone: bool) -> None:
    (id,) = drawn(easel, 1)

    with terminal():
        ended = easel("delete", id, stdin=said)

    assert (id not in easel.api.manifests) is gone
    assert (ended.exit_code == Exit.OK) is gone
    assert f"Delete picture {id} for good?" in ended.stderr


def test_one_that_is_not_there_does_not_keep_the_others(easel: CommandLine) -> None:
    one, two = drawn(easel, 1, 2)

    ended = easel("delete", one, "0" * 32, two, "--yes", "--json")

    told: dict[str, Any] = json.loads(ended.stdout)
    assert (ended.exit_code, easel.api.manifests) == (Exit.REFUSED, {})
    assert told["deleted"] == [one, two]
    assert [each["id"] for each in told["failed"]] == ["0" * 32]
    assert told["failed"][0]["error"]["code"] == "picture_not_found"
    assert "2 of 3 were deleted" in ended.stderr


def test_where_it_is_not_offered_the_setting_is_named_and_no_more_are_tried(
    easel: CommandLine,
) -> None:
    ids = drawn(easel, 1, 2)
    easel.api.planned = [error(405, "not_found")]
    before = len(easel.api.calls)

    ended = easel("delete", *ids, "--yes")

    assert (ended.exit_code, len(easel.api.calls) - before) == (Exit.REFUSED, 1)
    assert "The deployment's setting allow_deletion is off. (405 not_found)" in ended.stderr
