"""The command `easel` over a fake of the API; nothing here opens a socket."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from easel.api import Answer, NoAnswerError
from easel.cli import main
from easel.exits import Exit
from easel.picture_file import read_recipe
from easel.run import Run
from easel.target import target_of
from tests.easel.fake_api import DEFAULT_MODEL, FakeApi, error, later

DEPLOYED = "https://abc123.execute-api.eu-west-1.amazonaws.com/v1"
OTHER_MODEL = "stability.sd3-5-large-v1:0"


class CommandLine:
    """`easel` in an empty directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.api = FakeApi()
        self.slept: list[float] = []
        self.opened: list[str] = []

    def __call__(self, *args: str) -> Result:
        run = Run(http=self.api, sleep=self.slept.append, launch=self._launch)
        return CliRunner().invoke(main, args, obj=run)

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.directory.iterdir())

    def _launch(self, path: str) -> int:
        self.opened.append(path)
        return 0


@pytest.fixture
def easel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    monkeypatch.chdir(tmp_path)
    for name in ("EASEL_ENDPOINT", "EASEL_API_KEY", "EASEL_AWS_ENDPOINT", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return CommandLine(tmp_path)


class TestDraw:
    def test_a_picture_is_written_under_the_name_that_the_server_suggests(
        self, easel: CommandLine
    ) -> None:
        drawn = easel("draw", "a", "cat", "--seed", "42")

        assert drawn.exit_code == Exit.OK
        (name,) = easel.files
        assert name.endswith("-seed-42.png")
        assert read_recipe(Path(name).read_bytes())["prompt"] == "a cat"
        assert name in drawn.stdout
        assert "42" in drawn.stdout
        assert drawn.stderr == ""

    def test_every_option_becomes_its_field(self, easel: CommandLine) -> None:
        easel(
            "draw", "a cat", "--seed", "1", "--model", OTHER_MODEL, "--style", "origami",
            "--aspect", "16:9", "--negative", "dogs", "--count", "2", "--out", "cat.jpg",
        )  # fmt: skip

        assert easel.api.last == {
            "prompt": "a cat",
            "seed": 1,
            "model": OTHER_MODEL,
            "style_preset": "origami",
            "aspect_ratio": "16:9",
            "negative_prompt": "dogs",
            "output_format": "jpeg",
            "count": 2,
        }

    @pytest.mark.parametrize("options", [(), ("--seed", "0")], ids=["none", "0"])
    def test_a_seed_is_drawn_here_where_there_is_none(
        self, easel: CommandLine, options: tuple[str, ...]
    ) -> None:
        easel("draw", "a cat", *options)

        assert 1 <= easel.api.last["seed"] <= 2_147_483_646
        assert easel.api.last.keys() == {"prompt", "seed"}

    def test_several_pictures_are_numbered(self, easel: CommandLine) -> None:
        easel("draw", "a cat", "--count", "3", "--out", "cat.png")

        assert easel.files == ["cat-1.png", "cat-2.png", "cat-3.png"]

    def test_a_directory_takes_the_servers_names(self, easel: CommandLine) -> None:
        Path("cats").mkdir()

        easel("draw", "a cat", "--seed", "7", "--count", "2", "--out", "cats")

        assert [path.suffix for path in Path("cats").iterdir()] == [".png", ".png"]

    @pytest.mark.parametrize(
        ("there", "options"),
        [("cat.png", ()), ("cat-2.png", ("--count", "2"))],
        ids=["one", "one of several"],
    )
    def test_a_file_that_is_there_is_refused_before_anything_is_paid(
        self, easel: CommandLine, there: str, options: tuple[str, ...]
    ) -> None:
        Path(there).write_bytes(b"mine")

        drawn = easel("draw", "a cat", "--out", "cat.png", *options)

        assert drawn.exit_code == Exit.USAGE
        assert "--force" in drawn.stderr
        assert easel.api.sent == []
        assert Path(there).read_bytes() == b"mine"

    def test_force_overwrites(self, easel: CommandLine) -> None:
        Path("cat.png").write_bytes(b"mine")

        easel("draw", "a cat", "--out", "cat.png", "--force")

        assert read_recipe(Path("cat.png").read_bytes())["prompt"] == "a cat"

    def test_the_same_picture_again_is_no_conflict(self, easel: CommandLine) -> None:
        codes = [easel("draw", "a cat", "--seed", "1").exit_code for _ in range(2)]

        assert codes == [Exit.OK, Exit.OK]
        assert len(easel.files) == 1

    def test_another_file_under_the_suggested_name_stays(self, easel: CommandLine) -> None:
        easel("draw", "a cat", "--seed", "1")
        (name,) = easel.files
        Path(name).write_bytes(b"mine")

        drawn = easel("draw", "a cat", "--seed", "1")

        assert drawn.exit_code == Exit.USAGE
        assert Path(name).read_bytes() == b"mine"

    def test_a_directory_that_is_not_there_is_said_first(self, easel: CommandLine) -> None:
        drawn = easel("draw", "a cat", "--out", "no/where.png")

        assert (drawn.exit_code, easel.api.sent) == (Exit.USAGE, [])

    def test_a_download_that_is_not_the_picture_is_not_kept(self, easel: CommandLine) -> None:
        easel.api.broken_downloads = True

        drawn = easel("draw", "a cat")

        assert drawn.exit_code == Exit.FAILED
        assert "SHA-256" in drawn.stderr
        assert easel.files == []

    @pytest.mark.parametrize(
        "name", ["../evil.png", "/etc/evil.png", ".bashrc", "a\nb.png"], ids=repr
    )
    def test_a_suggested_name_never_leads_elsewhere(self, easel: CommandLine, name: str) -> None:
        picture = easel.api.request(
            "POST", "x/images", headers={}, body=b'{"prompt": "x", "seed": 5}'
        )
        content = easel.api.files[json.loads(picture.content)["image_url"]]
        easel.api.planned = [
            picture,
            Answer(200, {"content-disposition": f'inline; filename="{name}"'}, content),
        ]

        easel("draw", "x")

        (written,) = easel.files
        assert written.startswith("easel-")

    def test_open_opens_the_file(self, easel: CommandLine) -> None:
        easel("draw", "a cat", "--out", "cat.png", "--open")

        assert easel.opened == ["cat.png"]

    def test_a_format_that_does_not_fit_the_file_is_refused(self, easel: CommandLine) -> None:
        drawn = easel("draw", "a cat", "--out", "cat.png", "--format", "jpeg")

        assert (drawn.exit_code, easel.api.sent) == (Exit.USAGE, [])

    def test_some_that_failed_of_several_are_named_and_the_others_kept(
        self, easel: CommandLine
    ) -> None:
        several = easel.api.request(
            "POST", "x/images", headers={}, body=b'{"prompt": "x", "seed": 5, "count": 2}'
        )
        failure = {"seed": 6, "status": 502, "error": {"message": "The model failed."}}
        body = json.loads(several.content)
        body |= {"pictures": body["pictures"][:1], "failed": [failure]}
        easel.api.planned = [Answer(200, {}, json.dumps(body).encode())]

        drawn = easel("draw", "x", "--seed", "5", "--count", "2")

        assert drawn.exit_code == Exit.FAILED
        assert "seed 6" in drawn.stderr
        assert len(easel.files) == 1

    def test_what_others_wrote_cannot_steer_the_terminal(self, easel: CommandLine) -> None:
        easel.api.planned = [error(400, "invalid_value", message="\x1b[2Jgone\nbad")]

        drawn = easel("draw", "x")

        assert "\x1b" not in drawn.stderr
        assert drawn.stderr.count("\n") == 1


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

    @pytest.mark.parametrize("command", ["models", "list"])
    def test_lists_are_json_too(self, easel: CommandLine, command: str) -> None:
        assert json.loads(easel(command, "--json").stdout)


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

    def test_the_exit_codes_are_in_the_help(self, easel: CommandLine) -> None:
        said = easel("--help").stdout

        for exit in Exit:
            assert f"  {int(exit)}  " in said

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


class TestWhereTo:
    def test_the_local_stack_gets_its_own_key(self, easel: CommandLine) -> None:
        easel("draw", "a cat")

        method, url, headers, _ = easel.api.calls[0]
        assert (method, url) == ("POST", "http://127.0.0.1:8080/images")
        assert headers["x-api-key"] == "local"

    @pytest.mark.parametrize("endpoint", [DEPLOYED, f"{DEPLOYED}/", f"{DEPLOYED}/images"])
    def test_a_deployment_is_named_by_its_root_or_its_output(
        self, easel: CommandLine, endpoint: str
    ) -> None:
        easel("draw", "a cat", "--endpoint", endpoint, "--api-key", "k1")

        _, url, headers, _ = easel.api.calls[0]
        assert url == f"{DEPLOYED}/images"
        assert headers["x-api-key"] == "k1"
        assert "Authorization" not in headers

    def test_without_a_key_calls_are_signed_for_the_apis_region(
        self, easel: CommandLine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "token")

        easel("draw", "a cat", "--endpoint", DEPLOYED)

        _, _, headers, _ = easel.api.calls[0]
        assert "/eu-west-1/execute-api/aws4_request" in headers["Authorization"]
        assert headers["X-Amz-Security-Token"] == "token"
        assert "x-api-key" not in headers

    def test_without_key_and_credentials_nothing_is_sent(self, easel: CommandLine) -> None:
        drawn = easel("draw", "a cat", "--endpoint", DEPLOYED)

        assert (drawn.exit_code, easel.api.sent) == (Exit.HERE, [])
        assert "EASEL_API_KEY" in drawn.stderr

    def test_a_profile_that_is_not_there_is_one_line(self, easel: CommandLine) -> None:
        drawn = easel("draw", "a cat", "--endpoint", DEPLOYED, "--profile", "nobody")

        assert (drawn.exit_code, easel.api.sent) == (Exit.HERE, [])
        assert "nobody" in drawn.stderr

    def test_a_pictures_url_gets_no_key(self, easel: CommandLine) -> None:
        easel("draw", "a cat", "--endpoint", DEPLOYED, "--api-key", "k1")

        assert easel.api.sent[-1][0] == "GET"
        assert easel.api.sent[-1][2] == {}

    @pytest.mark.parametrize(
        ("environ", "endpoint", "key"),
        [
            ({}, None, "local"),
            ({"EASEL_API_KEY": "k1"}, None, "local"),
            ({"EASEL_API_KEY": "k1"}, DEPLOYED, "k1"),
            ({"EASEL_API_KEY": "k1"}, "http://localhost:9000", "local"),
            ({"EASEL_API_KEY": "k1", "EASEL_ENDPOINT": DEPLOYED}, None, "k1"),
            (
                {"EASEL_API_KEY": "k1", "EASEL_ENDPOINT": DEPLOYED},
                "https://other.example/v1",
                None,
            ),
            ({"EASEL_API_KEY": "k1", "EASEL_ENDPOINT": "http://127.0.0.1:1"}, None, "k1"),
            ({}, DEPLOYED, None),
        ],
    )
    def test_a_key_goes_only_where_it_belongs(
        self, environ: Mapping[str, str], endpoint: str | None, key: str | None
    ) -> None:
        assert target_of(environ, endpoint=endpoint).api_key == key

    @pytest.mark.parametrize(
        "endpoint", ["http://api.example/v1", "api.example", "ftp://x", "https://me:pw@host/v1"]
    )
    def test_a_url_that_no_key_may_go_to_is_refused(
        self, easel: CommandLine, endpoint: str
    ) -> None:
        drawn = easel("draw", "a cat", "--endpoint", endpoint, "--api-key", "k1")

        assert (drawn.exit_code, easel.api.sent) == (Exit.USAGE, [])

    def test_behind_two_dashes_everything_is_prompt(self, easel: CommandLine) -> None:
        easel("draw", "--seed", "1", "--", "--json", "--endpoint", "x")

        assert easel.api.last["prompt"] == "--json --endpoint x"


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


class TestRerun:
    def test_the_same_bytes_are_the_verdict(self, easel: CommandLine) -> None:
        drawn = json.loads(easel("draw", "a cat", "--json").stdout)

        again = easel("rerun", drawn["id"])

        assert again.exit_code == Exit.OK
        assert "identical bytes" in again.stdout

    def test_a_different_picture_has_a_distance_and_an_exit_code(self, easel: CommandLine) -> None:
        drawn = json.loads(easel("draw", "a cat", "--json").stdout)
        easel.api.drifts = True

        again = easel("rerun", drawn["id"])

        assert again.exit_code == Exit.DIFFERENT
        assert "distance  0." in again.stdout

    def test_another_model_is_allowed_to_differ(self, easel: CommandLine) -> None:
        drawn = json.loads(easel("draw", "a cat", "--json").stdout)

        again = easel("rerun", drawn["id"], "--model", OTHER_MODEL)

        assert again.exit_code == Exit.OK
        assert easel.api.calls[1][3] == {"model": OTHER_MODEL}
        assert "different" in again.stdout

    def test_a_file_with_a_record_is_rerun_there(self, easel: CommandLine) -> None:
        easel("draw", "a cat", "--out", "cat.png")

        again = easel("rerun", "cat.png", "--out", "again.png")

        assert again.exit_code == Exit.OK
        assert easel.api.calls[-1][1].endswith("/rerun")
        assert Path("again.png").read_bytes() == Path("cat.png").read_bytes()

    @pytest.mark.parametrize(
        ("drifts", "exit", "verdict"),
        [(False, Exit.OK, "identical_bytes"), (True, Exit.DIFFERENT, "different")],
    )
    def test_a_file_without_a_record_is_drawn_from_its_recipe_and_compared_here(
        self, easel: CommandLine, drifts: bool, exit: Exit, verdict: str
    ) -> None:
        easel("draw", "a cat", "--seed", "4", "--out", "cat.png")
        easel.api.manifests.clear()
        easel.api.drifts = drifts

        again = easel("rerun", "cat.png", "--json")

        assert again.exit_code == exit
        assert easel.api.last["recipe"]["seed"] == 4
        assert json.loads(again.stdout)["rerun"]["verdict"] == verdict

    def test_a_file_that_was_only_staged_is_drawn_again_all_the_same(
        self, easel: CommandLine
    ) -> None:
        drawn = json.loads(easel("draw", "a cat", "--out", "cat.png", "--json").stdout)
        easel.api.manifests.clear()
        easel.api.staged.add(drawn["id"])
        easel.api.drifts = True

        again = easel("rerun", "cat.png", "--json")

        assert again.exit_code == Exit.DIFFERENT
        assert easel.api.calls[-1][1].endswith(f"/{drawn['id']}/rerun")
        assert json.loads(again.stdout)["rerun"]["of"] == drawn["id"]

    def test_a_retired_model_is_refused_and_models_named(self, easel: CommandLine) -> None:
        easel.api.planned = [error(410, "model_retired")]

        again = easel("rerun", "0" * 32)

        assert again.exit_code == Exit.REFUSED
        assert "easel models" in again.stderr


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

    def test_an_empty_list_says_how_to_begin(self, easel: CommandLine) -> None:
        listed = easel("list")

        assert listed.stdout == ""
        assert "easel draw" in listed.stderr


class TestModels:
    def test_the_catalog_is_shown(self, easel: CommandLine) -> None:
        said = easel("models").stdout

        assert f"{DEFAULT_MODEL}   active" in said
        assert "retired 2026-09-30" in said

    def test_the_json_has_everything(self, easel: CommandLine) -> None:
        rows = json.loads(easel("models", "--json").stdout)["models"]

        (core,) = [row for row in rows if row["id"] == DEFAULT_MODEL]
        assert core["aspect_ratios"][0] == "16:9"
        assert "origami" in core["styles"]
        assert core["regions"] == ["us-west-2"]


class TestShell:
    @pytest.mark.parametrize(
        ("words", "completed"),
        [
            ("easel draw --style ori", "origami"),
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
