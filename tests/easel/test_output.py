"""Where `--out` writes: files, links, directories and stdout, and what it refuses before paying."""

import io
import json
import os
from pathlib import Path

import pytest
from PIL import Image

from easel.exits import Exit
from easel.picture_file import read_recipe
from tests.easel.command_line import CommandLine, terminal


class TestLinks:
    @pytest.mark.parametrize("there", [True, False], ids=["to a file", "to none yet"])
    def test_a_link_stays_and_what_it_leads_to_is_written(
        self, easel: CommandLine, there: bool
    ) -> None:
        Path("pictures").mkdir()
        if there:
            Path("pictures/cat.png").write_bytes(b"old")
        Path("latest.png").symlink_to("pictures/cat.png")

        drawn = easel("draw", "a cat", "--out", "latest.png", "--force")

        assert drawn.exit_code == Exit.OK
        assert Path("latest.png").readlink() == Path("pictures/cat.png")
        assert read_recipe(Path("pictures/cat.png"))["prompt"] == "a cat"
        assert [path.name for path in Path("pictures").iterdir()] == ["cat.png"]

    def test_a_link_to_a_file_is_not_overwritten_unasked(self, easel: CommandLine) -> None:
        Path("mine.png").write_bytes(b"mine")
        Path("latest.png").symlink_to("mine.png")

        drawn = easel("draw", "a cat", "--out", "latest.png")

        assert (drawn.exit_code, easel.api.sent) == (Exit.USAGE, [])

    @pytest.mark.parametrize("target", ["latest.png", "no/where.png"], ids=["itself", "nowhere"])
    def test_a_link_that_leads_to_no_place_for_a_file_is_refused(
        self, easel: CommandLine, target: str
    ) -> None:
        Path("latest.png").symlink_to(target)

        drawn = easel("draw", "a cat", "--out", "latest.png", "--force")

        assert (drawn.exit_code, easel.api.sent) == (Exit.USAGE, [])
        assert Path("latest.png").is_symlink()


class TestWhatIsNoFile:
    @pytest.mark.parametrize("name", ["pipe", "link"])
    def test_what_is_no_regular_file_is_refused_and_stays(
        self, easel: CommandLine, name: str
    ) -> None:
        os.mkfifo("pipe")
        Path("link").symlink_to("pipe")

        drawn = easel("draw", "a cat", "--out", name, "--force")

        assert (drawn.exit_code, easel.api.sent) == (Exit.USAGE, [])
        assert "--out - writes to standard output" in drawn.stderr
        assert (Path("pipe").is_fifo(), Path("link").is_symlink()) == (True, True)

    @pytest.mark.parametrize("name", ["cats/", "no/cat.png"])
    def test_a_directory_that_is_not_there_is_said_before_anything_is_paid(
        self, easel: CommandLine, name: str
    ) -> None:
        drawn = easel("draw", "a cat", "--out", name)

        assert (drawn.exit_code, easel.api.sent) == (Exit.USAGE, [])
        assert "no directory" in drawn.stderr

    @pytest.mark.parametrize("name", ["", "cats", "cats/cat.png", "latest.png"])
    def test_a_directory_that_cannot_be_written_in_is_said_before_anything_is_paid(
        self, easel: CommandLine, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        Path("cats").mkdir()
        Path("latest.png").symlink_to("cats/cat.png")
        closed = Path("cats" if name else "").resolve()
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != closed)

        drawn = easel("draw", "a cat", *(("--out", name) if name else ()))

        assert (drawn.exit_code, easel.api.sent) == (Exit.HERE, [])
        assert f"Nothing can be written in {closed}." in drawn.stderr
        assert easel("draw", "a cat", "--json").exit_code == Exit.OK

    @pytest.mark.parametrize("name", ["cat.gif", "cat.webp", "cat.PDF"])
    def test_a_kind_of_file_that_easel_does_not_draw_is_refused(
        self, easel: CommandLine, name: str
    ) -> None:
        drawn = easel("draw", "a cat", "--out", name)

        assert (drawn.exit_code, easel.api.sent) == (Exit.USAGE, [])
        assert ".png, .jpg, .jpeg" in drawn.stderr

    @pytest.mark.parametrize(
        ("name", "format"), [("cat.jpg", "png"), ("cat.png", "jpeg"), ("cat.gif", "png")]
    )
    def test_a_format_that_does_not_fit_the_name_is_refused(
        self, easel: CommandLine, name: str, format: str
    ) -> None:
        drawn = easel("draw", "a cat", "--out", name, "--format", format)

        assert (drawn.exit_code, easel.api.sent) == (Exit.USAGE, [])

    def test_a_rerun_of_a_file_has_the_files_format(self, easel: CommandLine) -> None:
        recipe = {"version": 1, "model": "m", "prompt": "a cat", "negative_prompt": "", "seed": 1}
        recipe |= {"parameters": {"output_format": "png"}}
        Path("recipe.json").write_text(json.dumps(recipe))
        easel("draw", "--recipe", "recipe.json", "--out", "cat.png")
        sent = len(easel.api.sent)

        again = easel("rerun", "cat.png", "--out", "again.jpg")

        assert (again.exit_code, len(easel.api.sent)) == (Exit.USAGE, sent)


class TestStdout:
    def test_the_picture_alone_is_on_stdout_and_its_fields_on_stderr(
        self, easel: CommandLine
    ) -> None:
        drawn = easel("draw", "a cat", "--seed", "42", "--out", "-")

        assert Image.open(io.BytesIO(drawn.stdout_bytes)).size == (16, 16)
        assert "seed      42\n" in drawn.stderr
        assert easel.files == []

    def test_a_rerun_can_be_piped_too(self, easel: CommandLine) -> None:
        easel("draw", "a cat", "--out", "cat.png")

        again = easel("rerun", "cat.png", "--out", "-")

        assert again.stdout_bytes == Path("cat.png").read_bytes()
        assert "identical bytes" in again.stderr

    @pytest.mark.parametrize("more", [("--count", "2"), ("--json",), ("--open",)], ids=str)
    def test_nothing_else_fits_beside_it(self, easel: CommandLine, more: tuple[str, ...]) -> None:
        drawn = easel("draw", "a cat", "--out", "-", *more)

        assert (drawn.exit_code, easel.api.sent) == (Exit.USAGE, [])

    def test_a_terminal_gets_no_picture(self, easel: CommandLine) -> None:
        with terminal():
            drawn = easel("draw", "a cat", "--out", "-")

        assert (drawn.exit_code, easel.api.sent) == (Exit.USAGE, [])


class TestPromptFromStdin:
    def test_a_dash_is_the_prompt_on_stdin(self, easel: CommandLine) -> None:
        drawn = easel("draw", "-", stdin="a cat\nin the rain\n")

        assert drawn.exit_code == Exit.OK
        assert easel.api.last["prompt"] == "a cat\nin the rain"

    @pytest.mark.parametrize("stdin", ["", " \n"], ids=["empty", "blank"])
    def test_nothing_there_is_said(self, easel: CommandLine, stdin: str) -> None:
        drawn = easel("draw", "-", stdin=stdin)

        assert (drawn.exit_code, easel.api.sent) == (Exit.USAGE, [])
