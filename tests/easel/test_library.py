"""`easel show` and `easel list`."""

import json
from pathlib import Path

import pytest

from easel.api import Answer
from easel.exits import Exit
from tests.easel.command_line import CommandLine
from tests.easel.fake_api import DEFAULT_MODEL, error


class TestShow:
    def test_a_record_is_shown(self, easel: CommandLine) -> None:
        drawn = json.loads(easel("draw", "a cat", "--seed", "9", "--json").stdout)

        shown = easel("show", drawn["id"])

        assert shown.exit_code == Exit.OK
        for part in ("a cat", "9", DEFAULT_MODEL, drawn["sha256"], drawn["image_url"]):
            assert part in shown.stdout

    @pytest.mark.parametrize(
        ("more", "said"), [(b"", "as it was published"), (b"more", "not as it was published")]
    )
    def test_a_file_finds_its_record_and_is_compared_with_it(
        self, easel: CommandLine, more: bytes, said: str
    ) -> None:
        easel("draw", "a cat", "--out", "cat.png")
        Path("cat.png").write_bytes(Path("cat.png").read_bytes() + more)

        shown = easel("show", "cat.png")

        assert f"file      {said}\n" in shown.stdout

    def test_a_file_without_a_record_says_what_it_carries(self, easel: CommandLine) -> None:
        easel("draw", "a cat", "--out", "cat.png")
        easel.api.manifests.clear()

        shown = easel("show", "cat.png")

        assert shown.exit_code == Exit.OK
        assert "a cat" in shown.stdout
        assert "no record" in shown.stderr

    def test_an_id_without_a_record_is_refused(self, easel: CommandLine) -> None:
        shown = easel("show", "0" * 32)

        assert shown.exit_code == Exit.REFUSED
        assert "easel list" in shown.stderr

    @pytest.mark.parametrize("name", ["no.png", "notes.txt"])
    def test_a_file_that_is_no_picture_of_easels_is_said(
        self, easel: CommandLine, name: str
    ) -> None:
        Path("notes.txt").write_text("words")

        shown = easel("show", name)

        assert (shown.exit_code, easel.api.sent) == (Exit.HERE, [])

    @pytest.mark.parametrize("command", ["show", "rerun", "trace", "delete"])
    @pytest.mark.parametrize("name", ["", ".", "..", "a/../b", "cat.gif"])
    def test_what_is_neither_an_id_nor_a_file_is_said_and_nothing_is_sent(
        self, easel: CommandLine, command: str, name: str
    ) -> None:
        ended = easel(command, name)

        assert ended.exit_code in (Exit.USAGE, Exit.HERE)
        assert ended.stderr.startswith("easel: ")
        assert easel.api.sent == []


class TestList:
    def test_pictures_are_listed_newest_first_and_how_to_go_on_is_said(
        self, easel: CommandLine
    ) -> None:
        for seed in ("1", "2", "3"):
            easel("draw", f"cat {seed}", "--seed", seed, "--json")

        listed = easel("list", "--limit", "2")

        assert listed.stdout.index("cat 3") < listed.stdout.index("cat 2")
        assert "cat 1" not in listed.stdout
        assert "easel list --limit 2 --after 2" in listed.stdout
        assert "cat 1" in easel("list", "--limit", "2", "--after", "2").stdout

    def test_short_and_empty_pages_are_put_together(self, easel: CommandLine) -> None:
        for seed in ("1", "2", "3", "4"):
            easel("draw", f"cat {seed}", "--seed", seed, "--json")
        empty = Answer(200, {}, json.dumps({"pictures": [], "after": "0"}).encode())
        easel.api.planned, easel.api.page_limit = [empty], 2
        before = len(easel.api.calls)

        listed = json.loads(easel("list", "--limit", "3", "--json").stdout)

        assert [picture["seed"] for picture in listed["pictures"]] == [4, 3, 2]
        assert listed["after"] == "3"
        assert len(easel.api.calls) - before == 3

    def test_an_empty_list_says_how_to_begin(self, easel: CommandLine) -> None:
        listed = easel("list")

        assert listed.stdout == ""
        assert "easel draw" in listed.stderr

    def test_where_it_is_off_the_setting_is_named(self, easel: CommandLine) -> None:
        easel.api.planned = [error(405, "not_found")]

        listed = easel("list")

        assert listed.exit_code == Exit.REFUSED
        assert "The deployment's setting list is off. (405 not_found)" in listed.stderr
