"""A command that is stopped, or gets no answer, says how its picture is found again."""

import errno
import shlex
from collections.abc import Mapping

import pytest
from click.testing import CliRunner, Result

from easel.api import Answer, NoAnswerError
from easel.cli import main
from easel.exits import Exit
from easel.run import Run
from tests.easel.command_line import CommandLine


def stopped(easel: CommandLine, *args: str, after: int = 0) -> Result:
    """Runs a command that is stopped by Ctrl-C at a call, after so many others."""

    def request(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        if len(easel.api.sent) == after:
            raise KeyboardInterrupt
        return easel.api.request(method, url, headers, body)

    return CliRunner().invoke(main, args, obj=Run(http=request))


def again(ended: Result) -> list[str]:
    """The words of the command that a message ends with, without `easel`."""
    return shlex.split(ended.stderr.partition("The same again: easel ")[2])


class TestDraw:
    @pytest.mark.parametrize("after", [0, 1], ids=["while drawing", "while downloading"])
    def test_a_command_that_is_stopped_says_the_seed_that_it_has_drawn(
        self, easel: CommandLine, after: int
    ) -> None:
        ended = stopped(easel, "draw", "a", "cat", "--aspect", "16:9", after=after)

        assert ended.exit_code == 130
        command = again(ended)
        seed = command[command.index("--seed") + 1]
        assert f"Its seed is {seed}." in ended.stderr
        assert command == ["draw", "a cat", "--seed", seed, "--aspect", "16:9"]
        assert ended.stderr.count("\n") == 1

    def test_the_same_again_sends_the_same_request(self, easel: CommandLine) -> None:
        options = ("--negative", "dogs", "--no-recipe", "--steps", "20", "--cfg-scale", "7.5")
        ended = stopped(easel, "draw", "a cat", *options, after=1)
        first = easel.api.last

        easel(*again(ended))

        assert easel.api.calls[1][3] == first

    def test_a_prompt_from_stdin_is_said(self, easel: CommandLine) -> None:
        easel.api.planned = [NoAnswerError("Read timed out", sent=True)]

        ended = easel("draw", "-", "--seed", "5", stdin="- a cat\n")

        assert again(ended) == ["draw", "--seed", "5", "--", "- a cat"]

    def test_of_several_those_that_are_written_are_overwritten(self, easel: CommandLine) -> None:
        ended = stopped(easel, "draw", "cats", "--count", "2", "--out", "cat.png", after=2)

        assert easel.files == ["cat-1.png"]
        assert easel(*again(ended)).exit_code == Exit.OK
        assert easel.files == ["cat-1.png", "cat-2.png"]

    @pytest.mark.parametrize(
        ("broken", "out"),
        [("pathlib.Path.replace", "cat.png"), ("easel.files.Output.save", "-")],
        ids=["file", "stdout"],
    )
    def test_a_picture_that_cannot_be_written_is_found_again(
        self, easel: CommandLine, monkeypatch: pytest.MonkeyPatch, broken: str, out: str
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(broken, full)

        ended = easel("draw", "a cat", "--out", out)

        assert ended.exit_code == Exit.HERE
        assert "No space left on device." in ended.stderr
        seed = str(easel.api.calls[0][3]["seed"])
        assert again(ended) == ["draw", "a cat", "--seed", seed, "--out", out]

    def test_a_key_finds_it_too(self, easel: CommandLine) -> None:
        ended = stopped(easel, "draw", "a cat", "--idempotency-key", "k-1")

        assert again(ended) == ["draw", "a cat", "--idempotency-key", "k-1"]


class TestRerun:
    def test_a_rerun_goes_on_by_its_key(self, easel: CommandLine) -> None:
        easel("draw", "a cat", "--out", "cat.png")

        ended = stopped(easel, "rerun", "cat.png", after=2)

        name, file, option, key = again(ended)
        assert (name, file, option) == ("rerun", "cat.png", "--key")
        easel(*again(ended))
        assert easel.api.calls[-1][2]["idempotency-key"] == key


def test_elsewhere_ctrl_c_ends_a_command_with_its_code(easel: CommandLine) -> None:
    ended = stopped(easel, "list")

    assert (ended.exit_code, ended.stderr) == (Exit.INTERRUPTED, "\neasel: Stopped.\n")
