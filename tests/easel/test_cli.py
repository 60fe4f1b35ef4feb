"""What all commands have in common: JSON, endings, patience, and the shell."""

import errno
import json
import subprocess
import sys
from http.client import RemoteDisconnected
from typing import Any

import pytest
from click.testing import CliRunner
from urllib3.exceptions import ProtocolError

from easel.api import Answer, NoAnswerError, send
from easel.cli import main
from easel.exits import Exit
from easel.run import Run
from tests.easel.command_line import DEPLOYED, CommandLine
from tests.easel.fake_api import error, later


class TestJson:
    def test_only_the_apis_json_is_on_stdout_and_no_file_is_written(
        self, easel: CommandLine
    ) -> None:
        drawn = easel("draw", "a cat", "--seed", "3", "--json")

        assert json.loads(drawn.stdout)["seed"] == 3
        assert (drawn.stderr, easel.files) == ("", [])

    def test_out_writes_the_file_too(self, easel: CommandLine) -> None:
        drawn = easel("--json", "draw", "a cat", "--out", "cat.png")

        assert json.loads(drawn.stdout)["output_format"] == "png"
        assert easel.files == ["cat.png"]

    def test_an_error_of_the_api_is_json_on_stdout_and_a_line_on_stderr(
        self, easel: CommandLine
    ) -> None:
        easel.api.planned = [error(400, "moderation_blocked")]

        drawn = easel("draw", "x", "--json")

        assert json.loads(drawn.stdout)["error"]["code"] == "moderation_blocked"
        assert drawn.stderr.count("\n") == 1

    @pytest.mark.parametrize(
        ("planned", "exit"),
        [
            (NoAnswerError("Connection refused", sent=False), Exit.UNREACHABLE),
            (Answer(404, {}, b"<html>"), Exit.REFUSED),
        ],
        ids=["server down", "another server"],
    )
    def test_what_the_api_did_not_say_has_the_form_of_its_errors(
        self, easel: CommandLine, planned: Any, exit: Exit
    ) -> None:
        easel.api.planned = [planned]

        listed = easel("list", "--json")

        body = json.loads(listed.stdout)
        assert body["error"].keys() == {"message", "type", "param", "code"}
        assert body["error"]["code"] == exit.name.lower()
        assert listed.stderr == f"easel: {body['error']['message']}\n"
        assert body["execution_arn"] is None

    @pytest.mark.parametrize(
        "args",
        [
            ("draw", "--json"),
            ("--json", "nothing"),
            ("draw", "x", "--nonsense", "--json"),
            ("draw", "x", "--out", "no/x.png", "--json"),
            ("doctor", "--settings", "{", "--json"),
        ],
        ids=["no prompt", "no command", "option", "directory", "settings"],
    )
    def test_a_wrong_command_line_is_json_too(
        self, easel: CommandLine, args: tuple[str, ...]
    ) -> None:
        ended = easel(*args)

        assert ended.exit_code == Exit.USAGE
        assert json.loads(ended.stdout)["error"]["code"] == "usage"
        assert ended.stderr.count("\n") == 1

    def test_an_answer_is_followed_by_no_other_json(self, easel: CommandLine) -> None:
        easel("draw", "a cat", "--out", "cat.png")
        easel.api.drifts = True

        again = easel("rerun", "cat.png", "--json")

        assert again.exit_code == Exit.DIFFERENT
        assert json.loads(again.stdout)["rerun"]["verdict"] == "different"

    def test_a_prompt_that_looks_like_the_option_asks_for_none(self, easel: CommandLine) -> None:
        easel.api.planned = [error(400, "moderation_blocked")]

        assert easel("draw", "--", "--json").stdout == ""

    @pytest.mark.parametrize("command", ["models", "list"])
    def test_lists_are_json_too(self, easel: CommandLine, command: str) -> None:
        assert json.loads(easel(command, "--json").stdout)


class TestOptionsOfAllCommands:
    @pytest.mark.parametrize(
        "args",
        [
            ("--json", "--endpoint", DEPLOYED, "--api-key=k1", "list"),
            ("list", "--json", "--endpoint", DEPLOYED, "--api-key=k1"),
            ("--api-key", "k1", "list", "--json", f"--endpoint={DEPLOYED}"),
        ],
        ids=["before", "behind", "both"],
    )
    def test_they_stand_before_or_behind_a_command(
        self, easel: CommandLine, args: tuple[str, ...]
    ) -> None:
        listed = easel(*args)

        assert json.loads(listed.stdout) == {"pictures": [], "after": None}
        _, url, headers, _ = easel.api.last_call
        assert (url, headers["x-api-key"]) == (f"{DEPLOYED}/images?limit=20", "k1")

    def test_a_value_behind_a_command_wins(self, easel: CommandLine) -> None:
        easel.api.planned = [later(429, 20)]

        listed = easel("--wait", "0", "--api-key", "first", "list", "--wait=30", "--api-key=second")

        assert (listed.exit_code, easel.slept) == (Exit.OK, [20.0])
        assert easel.api.last_call[2]["x-api-key"] == "second"

    @pytest.mark.parametrize("command", main.commands)
    def test_every_command_takes_them_and_leaves_them_to_the_help_of_easel(
        self, easel: CommandLine, command: str
    ) -> None:
        shown = easel(command, "--wait", "1", "--profile", "p", "--region", "r", "--help")

        assert shown.exit_code == Exit.OK
        assert "--profile" not in shown.stdout
        assert "--profile" in easel("--help").stdout

    def test_a_wrong_value_behind_a_command_names_the_help_that_has_the_option(
        self, easel: CommandLine
    ) -> None:
        ended = easel("list", "--wait", "long")

        assert ended.exit_code == Exit.USAGE
        assert ended.stderr.endswith("See easel --help.\n")


class TestEndings:
    @pytest.mark.parametrize(
        ("planned", "exit"),
        [
            (error(400, "invalid_value"), Exit.REFUSED),
            (error(403, "invalid_api_key"), Exit.REFUSED),
            (error(410, "model_retired"), Exit.REFUSED),
            (later(409), Exit.LATER),
            (later(429, 600), Exit.LATER),
            (error(429, "quota_exceeded"), Exit.LATER),
            (later(503, 600), Exit.LATER),
            (error(500, "internal_error"), Exit.FAILED),
            (error(502, "model_error"), Exit.FAILED),
            (error(504, "timeout"), Exit.FAILED),
            (Answer(301, {"location": "https://elsewhere"}, b""), Exit.FAILED),
            (Answer(404, {}, b"<html>"), Exit.REFUSED),
            (Answer(200, {}, b"<html>"), Exit.FAILED),
            (NoAnswerError("Connection refused", sent=False), Exit.UNREACHABLE),
            (NoAnswerError("Read timed out", sent=True), Exit.UNREACHABLE),
        ],
        ids=lambda value: value.name if isinstance(value, Exit) else None,
    )
    def test_each_kind_of_failure_has_its_exit_code_and_one_line(
        self, easel: CommandLine, planned: Any, exit: Exit
    ) -> None:
        easel.api.planned = [planned, planned]

        drawn = easel("draw", "a cat", "--seed", "5")

        assert drawn.exit_code == exit
        assert drawn.stdout == ""
        assert drawn.stderr.startswith("easel: ")
        assert drawn.stderr.count("\n") == 1

    def test_alone_it_shows_its_help(self, easel: CommandLine) -> None:
        shown = easel()

        assert shown.exit_code == Exit.USAGE
        assert "Exit codes:" in shown.stderr

    @pytest.mark.parametrize("width", [80, 50])
    def test_its_help_cuts_nothing(self, width: int) -> None:
        said = CliRunner().invoke(main, ["--help"], terminal_width=width).stdout

        told = " ".join(said.split())
        assert "..." not in said.partition("Commands:")[2]
        assert "draws four pictures, sends requests of every kind" in told
        assert "doctor or smoke found a problem 2 the command line" in told
        assert max(map(len, said.splitlines())) <= width

    def test_the_exit_codes_are_in_the_help(self, easel: CommandLine) -> None:
        said = easel("--help").stdout

        for exit in Exit:
            assert f"  {int(exit)}  " in said

    @pytest.mark.parametrize(
        "args",
        [("draw", "\udcff"), ("draw", "a cat", "--model", "\udcff"), ("list", "--after", "\udcff")],
        ids=["prompt", "option", "query"],
    )
    def test_what_is_not_text_is_one_line_and_nothing_is_sent(
        self, easel: CommandLine, args: tuple[str, ...]
    ) -> None:
        ended = easel(*args)

        assert (ended.exit_code, easel.api.sent) == (Exit.USAGE, [])
        assert "UTF-8" in ended.stderr
        assert ended.stderr.count("\n") == 1

    def test_a_connection_that_breaks_is_said_in_words(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            raise ProtocolError("Connection aborted.", RemoteDisconnected("Remote end closed"))

        monkeypatch.setattr("urllib3.request", broken)

        with pytest.raises(NoAnswerError, match=r"^Remote end closed$"):
            send("GET", "http://127.0.0.1:1", {}, None)

    @pytest.mark.parametrize("key", ["a key\r", "ключ"], ids=["two lines", "not Latin"])
    def test_a_key_that_no_header_holds_is_one_line_that_does_not_say_it(self, key: str) -> None:
        options = ("--endpoint", "http://127.0.0.1:1", "--api-key", key)

        ended = CliRunner().invoke(main, ["list", *options], obj=Run())

        assert ended.exit_code == Exit.USAGE
        assert ended.stderr == "easel: The key is not a line of Latin letters.\n"

    @pytest.mark.parametrize("options", [(), ("--json",)], ids=["rows", "json"])
    def test_an_output_that_takes_no_more_is_one_line(
        self, easel: CommandLine, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
    ) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("easel.display.say_rows", full)
        monkeypatch.setattr("easel.display.say_json", full)

        ended = easel("models", *options)

        assert ended.exit_code == Exit.HERE
        assert ended.stderr == "easel: stdout: No space left on device.\n"

    @pytest.mark.parametrize(
        "planned",
        [
            error(504, "timeout", message="Its seed is 5."),
            NoAnswerError("Read timed out", sent=True),
            later(429, 600),
        ],
        ids=["504", "no answer", "later"],
    )
    def test_where_the_picture_may_be_the_command_that_finds_it_is_said(
        self, easel: CommandLine, planned: Any
    ) -> None:
        easel.api.planned = [planned]

        drawn = easel("draw", "a cat's tail", "--seed", "5", "--aspect", "16:9", "--api-key", "k1")

        assert """easel draw 'a cat'"'"'s tail' --seed 5 --aspect 16:9""" in drawn.stderr
        assert "k1" not in drawn.stderr

    @pytest.mark.parametrize(
        "args",
        [("draw",), ("nothing",), ("draw", "x", "--count", "9"), ("draw", "x", "--nonsense")],
        ids=["no prompt", "no command", "count", "option"],
    )
    def test_a_wrong_command_line_is_one_line_too(
        self, easel: CommandLine, args: tuple[str, ...]
    ) -> None:
        ended = easel(*args)

        assert ended.exit_code == Exit.USAGE
        assert ended.stderr.count("\n") == 1
        assert "--help" in ended.stderr


class TestPatience:
    def test_an_answer_that_says_when_is_taken_at_its_word_once(self, easel: CommandLine) -> None:
        easel.api.planned = [later(503, 7)]

        drawn = easel("draw", "a cat")

        assert (drawn.exit_code, easel.slept) == (Exit.OK, [7.0])
        first, second = (call[3] for call in easel.api.calls)
        assert first == second

    def test_a_second_one_is_not(self, easel: CommandLine) -> None:
        easel.api.planned = [later(), later()]

        assert easel("draw", "a cat").exit_code == Exit.LATER
        assert len(easel.api.calls) == 2

    @pytest.mark.parametrize(
        ("options", "planned"),
        [
            ((), later(429, 31)),
            (("--wait", "0"), later(429, 1)),
            ((), error(429, "quota_exceeded", headers={"x-should-retry": "false"})),
            (
                (),
                error(503, "any", headers={"x-should-retry": "false", "retry-after": "1"}),
            ),
            ((), error(503, "any")),
        ],
        ids=["too long", "no patience", "quota", "must not", "does not say"],
    )
    def test_nothing_is_sent_twice_that_should_not_be(
        self, easel: CommandLine, options: tuple[str, ...], planned: Answer
    ) -> None:
        easel.api.planned = [planned]

        assert easel("draw", "a cat", *options).exit_code == Exit.LATER
        assert (len(easel.api.calls), easel.slept) == (1, [])

    def test_a_longer_patience_can_be_had(self, easel: CommandLine) -> None:
        easel.api.planned = [later(429, 31)]

        assert easel("draw", "a cat", "--wait", "60").exit_code == Exit.OK


class TestShell:
    @pytest.mark.parametrize(
        ("words", "completed"),
        [
            ("easel draw --style ori", "origami"),
            ("easel models amazon.nova", "amazon.nova-canvas-v1:0"),
            ("easel draw --model amazon.nova", "amazon.nova-canvas-v1:0"),
            ("easel rerun --model stability.sd3", "stability.sd3-5-large-v1:0"),
            ("easel draw --aspect 21", "21:9"),
            ("easel tra", "trace"),
        ],
    )
    def test_words_are_completed_from_the_catalog(
        self, easel: CommandLine, words: str, completed: str
    ) -> None:
        environ = {
            "_EASEL_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        }

        said = CliRunner().invoke(main, [], env=environ).stdout

        assert said.splitlines() == [f"plain,{completed}"]

    @pytest.mark.parametrize("shell", ["zsh", "fish"])
    def test_the_script_is_printed(self, easel: CommandLine, shell: str) -> None:
        assert "_EASEL_COMPLETE" in easel("completion", shell).stdout


def test_help_imports_nothing_that_takes_long() -> None:
    slow = ("boto3", "botocore", "PIL", "numpy", "rich", "urllib3", "aws_cdk", "moto", "lambdas")
    code = f"""
import sys
from easel.cli import main
try:
    main(["--help"])
except SystemExit:
    sys.exit(", ".join(name for name in {slow} if name in sys.modules) or 0)
"""

    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
