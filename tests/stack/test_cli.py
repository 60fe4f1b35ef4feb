"""The command `easel` against the local stack."""

import hashlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from easel.exits import Exit
from easel.picture_file import read_recipe
from lambdas.common.catalog import CATALOG
from lambdas.common.recipe import Recipe
from local.assembly import ROOT
from tests.local_client import LocalClient, drawing_within, free_ports, running

Ended = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class CommandLine:
    """`easel` in a directory, at one stack."""

    directory: Path
    stack: LocalClient

    def __call__(self, *args: str) -> Ended:
        where = (f"--endpoint={self.stack.api_url}", f"--aws-endpoint={self.stack.endpoint_url}")
        return run(self.directory, *args, *where)

    def json(self, *args: str) -> dict[str, Any]:
        ended = self(*args, "--json")
        assert ended.stderr == ""
        return dict(json.loads(ended.stdout))

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.directory.iterdir())

    def same(self, one: str, other: str) -> bool:
        return (self.directory / one).read_bytes() == (self.directory / other).read_bytes()

    def forget(self, name: str, *, but_staged: bool = False) -> None:
        """Delete picture and record of a file, and what was staged, from the bucket."""
        id = Recipe.from_dict(read_recipe(self.directory / name)).id
        published = [f"output-images/{id}.{extension}" for extension in ("png", "jpg", "json")]
        staged = [] if but_staged else [f"staging/{id}", f"staging/{id}.claim"]
        self.stack.delete_objects(*published, *staged)


def run(directory: Path, *args: str) -> Ended:
    return subprocess.run(
        [sys.executable, "-m", "easel", *args],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="class")
def stack(request: pytest.FixtureRequest) -> Iterator[LocalClient]:
    """A class may have a stack with less time for drawing."""
    seconds = getattr(request.cls, "drawing_seconds", 19)
    with running(change=drawing_within(seconds)) as client:
        yield client


@pytest.fixture
def easel(stack: LocalClient, tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path, stack)


class TestDraw:
    def test_a_picture_is_here_and_what_matters_is_said(self, easel: CommandLine) -> None:
        drawn = easel("draw", "a lighthouse at dusk", "--seed", "42", "--aspect", "21:9")

        assert (drawn.returncode, drawn.stderr) == (Exit.OK, "")
        (path,) = easel.directory.iterdir()
        assert path.name.endswith("-seed-42.png")
        for part in (path.name, "42", "1536x640 png"):
            assert part in drawn.stdout
        assert max(map(len, drawn.stdout.splitlines())) < 240

    def test_json_is_the_apis_answer_and_the_file_fits_it(self, easel: CommandLine) -> None:
        answer = easel.json("draw", "a cat", "--seed", "7", "--out", "cat.png")

        content = (easel.directory / "cat.png").read_bytes()
        assert answer["seed"] == 7
        assert hashlib.sha256(content).hexdigest() == answer["sha256"]

    def test_a_seed_that_was_drawn_finds_the_picture_again(self, easel: CommandLine) -> None:
        first = easel.json("draw", "a dog")
        second = easel.json("draw", "a dog", "--seed", str(first["seed"]))

        assert (second["id"], second["reused"]) == (first["id"], True)

    def test_a_style_a_model_and_a_jpeg(self, easel: CommandLine) -> None:
        answer = easel.json(
            "draw", "a fox", "--style", "origami", "--negative", "people",
            "--model", "stability.sd3-5-large-v1:0", "--out", "fox.jpg",
        )  # fmt: skip

        assert answer["output_format"] == "jpeg"
        assert (easel.directory / "fox.jpg").read_bytes().startswith(b"\xff\xd8")


class TestEndings:
    @pytest.mark.parametrize(
        ("args", "exit", "said"),
        [
            (("draw", "x", "--model", "nope"), Exit.REFUSED, "model_not_found"),
            (("draw", "x", "--aspect", "7:7"), Exit.REFUSED, "invalid_value"),
            (("draw", "x", "--api-key", "wrong"), Exit.REFUSED, "--api-key"),
            (("draw",), Exit.USAGE, "PROMPT"),
            (("trace", "arn:aws:states:us-east-1:1:execution:no:no"), Exit.USAGE, "no ARN"),
        ],
        ids=["model", "value", "key", "usage", "trace"],
    )
    def test_what_is_refused_is_one_line(
        self, easel: CommandLine, args: tuple[str, ...], exit: Exit, said: str
    ) -> None:
        ended = easel(*args)

        assert (ended.returncode, ended.stdout) == (exit, "")
        assert ended.stderr.count("\n") == 1
        assert said in ended.stderr

    def test_after_a_timeout_the_command_that_is_said_finds_the_picture(
        self, easel: CommandLine
    ) -> None:
        easel.stack.fail("ModelTimeoutException")

        ended = easel("draw", "late", "--seed", "11", "--json")

        assert json.loads(ended.stdout)["error"]["code"] == "timeout"
        assert "easel draw late --seed 11 --endpoint" in ended.stderr


class TestWithoutTimeForAnotherAttempt:
    drawing_seconds = 7

    @pytest.mark.parametrize(
        ("kind", "times", "exit"),
        [
            ("ThrottlingException", 9, Exit.LATER),
            ("ModelErrorException", 1, Exit.FAILED),
            ("ModelTimeoutException", 1, Exit.FAILED),
        ],
    )
    def test_a_service_that_fails_ends_by_kind(
        self, easel: CommandLine, kind: str, times: int, exit: Exit
    ) -> None:
        easel.stack.fail(kind, times=times)

        ended = easel("draw", kind, "--wait", "0")

        easel.stack.plan()
        assert ended.returncode == exit
        assert ended.stderr.count("\n") == 1

    def test_a_throttled_request_is_sent_again_when_it_may(self, easel: CommandLine) -> None:
        easel.stack.fail("ThrottlingException")

        ended = easel("draw", "patient")

        assert ended.returncode == Exit.OK

    def test_what_may_be_tried_again_is_said_as_a_command_that_works(
        self, easel: CommandLine
    ) -> None:
        # Each has time for one attempt: one picture fails, the other succeeds.
        easel.stack.fail("ThrottlingException")
        args = ("draw", "several later", "--seed", "1", "--count", "2", "--out", "x.png")

        drawn = easel(*args, "--wait", "0")

        assert drawn.returncode == Exit.LATER
        said = shlex.split(drawn.stderr.partition("The same again: ")[2])
        assert easel(*said[1:]).returncode == Exit.OK
        assert easel.files == ["x-1.png", "x-2.png"]


class TestSeveral:
    def test_each_has_a_numbered_file(self, easel: CommandLine) -> None:
        drawn = easel("draw", "several", "--seed", "3", "--count", "3", "--out", "x.png")

        assert (drawn.returncode, drawn.stderr) == (Exit.OK, "")
        assert easel.files == ["x-1.png", "x-2.png", "x-3.png"]
        assert read_recipe(easel.directory / "x-2.png")["seed"] == 4

    def test_one_that_failed_leaves_its_number_free(self, easel: CommandLine) -> None:
        easel.stack.fail("filtered")

        drawn = easel("draw", "several but one", "--seed", "1", "--count", "3", "--out", "x.png")

        assert drawn.returncode == Exit.REFUSED
        assert "1 of 3 pictures failed (seed " in drawn.stderr
        assert len(easel.files) == 2
        for name in easel.files:
            number = int(name.removeprefix("x-").removesuffix(".png"))
            assert read_recipe(easel.directory / name)["seed"] == number

    def test_json_is_the_apis_answer(self, easel: CommandLine) -> None:
        answer = easel.json("draw", "several", "--seed", "3", "--count", "3")

        assert [picture["seed"] for picture in answer["pictures"]] == [3, 4, 5]
        assert easel.files == []


class TestShow:
    @pytest.mark.parametrize("by", ["id", "file"])
    def test_a_picture_is_shown_in_lines_that_line_up(self, easel: CommandLine, by: str) -> None:
        answer = easel.json("draw", "shown", "--seed", "5", "--out", "shown.png")

        shown = easel("show", answer["id"] if by == "id" else "shown.png")

        assert (shown.returncode, shown.stderr) == (Exit.OK, "")
        fields = dict(line.split(maxsplit=1) for line in shown.stdout.splitlines())
        assert (fields["id"], fields["prompt"], fields["seed"]) == (answer["id"], "shown", "5")
        assert fields["aspect_ratio"] == "1:1"
        assert fields.get("file") == ("as it was published" if by == "file" else None)
        starts = {
            line.index(value)
            for line, value in zip(shown.stdout.splitlines(), fields.values(), strict=True)
        }
        assert len(starts) == 1

    def test_json_is_the_apis_answer(self, easel: CommandLine) -> None:
        answer = easel.json("draw", "shown", "--seed", "5")

        shown = easel.json("show", answer["id"])

        assert shown["manifest"]["recipe"]["prompt"] == "shown"
        assert easel.stack.get(shown["image_url"]).status == 200

    def test_a_file_without_a_record_says_what_is_in_it(self, easel: CommandLine) -> None:
        easel.json("draw", "unrecorded", "--seed", "5", "--out", "file.png")
        easel.forget("file.png")

        shown = easel("show", "file.png")

        assert shown.returncode == Exit.OK
        assert "unrecorded" in shown.stdout
        assert "no record" in shown.stderr


class TestRerun:
    def test_by_id_the_verdict_is_said(self, easel: CommandLine) -> None:
        first = easel.json("draw", "again", "--seed", "6")

        again = easel("rerun", first["id"])

        assert again.returncode == Exit.OK
        assert "identical bytes" in again.stdout
        assert f"rerun of  {first['id']}" in again.stdout

    @pytest.mark.parametrize("name", ["again.png", "again.jpg"])
    def test_by_file_both_are_the_same_file(self, easel: CommandLine, name: str) -> None:
        first = easel.json("draw", "again", "--seed", "6", "--out", name)

        again = easel.json("rerun", name, "--out", f"second-{name}")

        assert again["rerun"]["of"] == first["id"]
        assert again["rerun"]["verdict"] == "identical_bytes"
        contents = {path.read_bytes() for path in easel.directory.iterdir()}
        assert len(contents) == 1

    @pytest.mark.parametrize("staged", [True, False], ids=["staged", "nothing is left"])
    def test_a_file_whose_picture_and_record_were_deleted_is_drawn_again(
        self, easel: CommandLine, staged: bool
    ) -> None:
        prompt = f"forgotten, {staged}"
        first = easel.json("draw", prompt, "--seed", "6", "--out", "first.png")
        easel.forget("first.png", but_staged=staged)
        calls = easel.stack.model_calls()

        again = easel.json("rerun", "first.png", "--out", "again.png")

        assert again["rerun"] == {
            "of": first["id"],
            "verdict": "identical_bytes",
            "model": first["model"],
        }
        assert easel.stack.model_calls() == calls + 1
        assert easel.same("first.png", "again.png")

    @pytest.mark.parametrize("known", [True, False], ids=["with a record", "without"])
    def test_drift_is_an_exit_code_and_a_distance(self, easel: CommandLine, known: bool) -> None:
        easel.json("draw", f"drifting, {known}", "--seed", "6", "--out", "first.png")
        if not known:
            easel.forget("first.png")
        easel.stack.fail("drift")

        again = easel("rerun", "first.png", "--out", "again.png")

        assert again.returncode == Exit.DIFFERENT
        assert "the model has changed" in again.stderr
        fields = dict(line.split(maxsplit=1) for line in again.stdout.splitlines())
        assert fields["verdict"] == "different"
        assert 0.01 < float(fields["distance"]) < 1
        assert not easel.same("first.png", "again.png")

    def test_drift_in_json_has_the_distance_too(self, easel: CommandLine) -> None:
        first = easel.json("draw", "drifting json", "--seed", "6")
        easel.stack.fail("drift")

        again = easel("rerun", first["id"], "--json")

        rerun = json.loads(again.stdout)["rerun"]
        assert (again.returncode, rerun["verdict"]) == (Exit.DIFFERENT, "different")
        assert 0.01 < rerun["distance"] < 1

    def test_other_bytes_of_the_same_pixels_are_no_drift(self, easel: CommandLine) -> None:
        first = easel.json("draw", "reencoded", "--seed", "6")
        easel.stack.fail("reencoded")

        again = easel("rerun", first["id"])

        assert again.returncode == Exit.OK
        assert "identical pixels" in again.stdout

    def test_another_model_on_purpose_is_no_failure(self, easel: CommandLine) -> None:
        first = easel.json("draw", "elsewhere", "--seed", "6")

        again = easel.json("rerun", first["id"], "--model", "stability.sd3-5-large-v1:0")

        assert again["rerun"]["verdict"] == "different"
        assert again["model"] == "stability.sd3-5-large-v1:0"

    def test_an_unknown_id_is_refused(self, easel: CommandLine) -> None:
        for command in ("show", "rerun", "trace"):
            ended = easel(command, "0" * 32)

            assert (ended.returncode, ended.stdout) == (Exit.REFUSED, "")
            assert "easel list" in ended.stderr


class TestList:
    def test_pages_follow_each_other_by_the_command_that_is_said(self, easel: CommandLine) -> None:
        ids = [easel.json("draw", "listed", "--seed", str(seed))["id"] for seed in (1, 2, 3)]

        first = easel("list", "--limit", "2")
        said = shlex.split(first.stdout.partition("more: ")[2])
        second = easel(*said[1:])

        assert said[:2] == ["easel", "list"]
        assert first.stdout.index(ids[2]) < first.stdout.index(ids[1])
        assert ids[0] not in first.stdout
        assert ids[0] in second.stdout

    def test_json_is_the_apis_answer(self, easel: CommandLine) -> None:
        for seed in ("1", "2"):
            easel.json("draw", "listed", "--seed", seed)

        listed = easel.json("list", "--limit", "1")

        assert len(listed["pictures"]) == 1
        after = easel.json("list", "--limit", "1", "--after", listed["after"])
        assert after["pictures"][0]["id"] != listed["pictures"][0]["id"]


class TestTrace:
    def test_several_pictures_are_told_apart(self, easel: CommandLine) -> None:
        answer = easel.json("draw", "traced", "--seed", "1", "--count", "3")

        by_id = easel.json("trace", answer["pictures"][1]["id"])
        said = easel("trace", answer["execution_arn"]).stdout

        assert by_id["execution_arn"] == answer["execution_arn"]
        stored = [state["iteration"] for state in by_id["states"] if state["name"] == "Store"]
        assert sorted(stored) == [0, 1, 2]
        for number in range(3):
            assert f"    Generate [{number}] " in said
            assert f"    Store [{number}] " in said

    def test_an_execution_with_a_retry_is_a_timeline(self, easel: CommandLine) -> None:
        easel.stack.fail("SlowDown", at="PutObject", key="output-images/*.json")
        arn = easel.json("draw", "traced")["execution_arn"]

        traced = easel.json("trace", arn)

        assert traced["status"] == "SUCCEEDED"
        (store,) = [state for state in traced["states"] if state["name"] == "Store"]
        assert [attempt["error"] for attempt in store["attempts"]] == ["StorageError", None]
        assert store["seconds"] >= store["waits"][0] >= 0

    def test_each_attempt_at_drawing_is_a_step_of_its_own(self, easel: CommandLine) -> None:
        easel.stack.fail("ThrottlingException")
        arn = easel.json("draw", "traced")["execution_arn"]

        traced = easel.json("trace", arn)

        drawing = [state for state in traced["states"] if state["iteration"] == 0]
        assert [state["name"] for state in drawing] == [
            "Generate", "TimeLeft", "Wait", "Generate", "Store",
        ]  # fmt: skip
        errors = [state["attempts"][0]["error"] for state in drawing if state["attempts"]]
        assert errors == ["ThrottledError", None, None]
        assert drawing[2]["seconds"] > 0

    def test_an_execution_that_is_not_known_is_said(self, easel: CommandLine) -> None:
        arn = easel.stack.state_machine_arn.replace(":stateMachine:", ":execution:")

        traced = easel("trace", f"{arn}:unknown")

        assert traced.returncode == Exit.REFUSED
        assert "no history" in traced.stderr

    def test_a_person_sees_states_in_order(self, easel: CommandLine) -> None:
        arn = easel.json("draw", "seen")["execution_arn"]

        said = easel("trace", arn).stdout

        positions = [said.index(f"  {state} ") for state in ("Validate", "Generate", "Store")]
        assert positions == sorted(positions)


class TestAround:
    def test_models_are_the_catalogs(self, easel: CommandLine) -> None:
        assert {row["id"] for row in easel.json("models")["models"]} == set(CATALOG)

    def test_the_doctor_examines_the_stack(self, easel: CommandLine) -> None:
        answer = easel.json("doctor")

        assert (answer["environment"], answer["problems"]) == ("local", 0)


def test_a_stack_that_wants_signatures_gets_them(tmp_path: Path) -> None:
    with running(settings={"auth": "iam"}) as stack:
        answer = CommandLine(tmp_path, stack).json("draw", "signed", "--seed", "1")

    assert answer["seed"] == 1


def test_nobody_there_says_how_to_start_it(tmp_path: Path) -> None:
    port, _ = free_ports()

    ended = run(tmp_path, "draw", "x", f"--endpoint=http://127.0.0.1:{port}")

    assert ended.returncode == Exit.UNREACHABLE
    assert "make run" in ended.stderr
