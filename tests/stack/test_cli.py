"""The command `easel` against the local stack: drawing, and how it ends."""

import hashlib
import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from easel.exits import Exit
from easel.picture_file import read_recipe
from lambdas.common.catalog import CATALOG
from tests.local_client import LocalClient, drawing_within, free_ports, running
from tests.stack.command_line import CommandLine, run


class TestDraw:
    def test_a_picture_is_here_and_what_matters_is_said(self, command: CommandLine) -> None:
        drawn = command("draw", "a lighthouse at dusk", "--seed", "42", "--aspect", "21:9")

        assert (drawn.returncode, drawn.stderr) == (Exit.OK, "")
        (path,) = command.directory.iterdir()
        assert path.name.endswith("-seed-42.png")
        for part in (path.name, "42", "1536x640 png"):
            assert part in drawn.stdout
        assert max(map(len, drawn.stdout.splitlines())) < 240

    def test_json_is_the_apis_answer_and_the_file_fits_it(self, command: CommandLine) -> None:
        answer = command.json("draw", "a cat", "--seed", "7", "--out", "cat.png")

        content = (command.directory / "cat.png").read_bytes()
        assert answer["seed"] == 7
        assert hashlib.sha256(content).hexdigest() == answer["sha256"]

    def test_a_seed_that_was_drawn_finds_the_picture_again(self, command: CommandLine) -> None:
        first = command.json("draw", "a dog")
        second = command.json("draw", "a dog", "--seed", str(first["seed"]))

        assert (second["id"], second["reused"]) == (first["id"], True)

    def test_a_style_a_model_and_a_jpeg(self, command: CommandLine) -> None:
        answer = command.json(
            "draw", "a fox", "--style", "origami", "--negative", "people",
            "--model", "stability.sd3-5-large-v1:0", "--out", "fox.jpg",
        )  # fmt: skip

        assert answer["output_format"] == "jpeg"
        assert (command.directory / "fox.jpg").read_bytes().startswith(b"\xff\xd8")


class TestSeveral:
    def test_each_has_a_numbered_file(self, command: CommandLine) -> None:
        drawn = command("draw", "several", "--seed", "3", "--count", "3", "--out", "x.png")

        assert (drawn.returncode, drawn.stderr) == (Exit.OK, "")
        assert command.files == ["x-1.png", "x-2.png", "x-3.png"]
        assert read_recipe(command.directory / "x-2.png")["seed"] == 4

    def test_one_that_failed_leaves_its_number_free(self, command: CommandLine) -> None:
        command.stack.fail("filtered")

        drawn = command("draw", "several but one", "--seed", "1", "--count", "3", "--out", "x.png")

        assert drawn.returncode == Exit.REFUSED
        assert "1 of 3 pictures failed (seed " in drawn.stderr
        assert len(command.files) == 2
        for name in command.files:
            number = int(name.removeprefix("x-").removesuffix(".png"))
            assert read_recipe(command.directory / name)["seed"] == number

    def test_json_is_the_apis_answer(self, command: CommandLine) -> None:
        answer = command.json("draw", "several", "--seed", "3", "--count", "3")

        assert [picture["seed"] for picture in answer["pictures"]] == [3, 4, 5]
        assert command.files == []


class TestEndings:
    @pytest.mark.parametrize(
        ("args", "exit", "said"),
        [
            (("draw", "x", "--model", "nope"), Exit.REFUSED, "model_not_found"),
            (("draw", "x", "--aspect", "7:7"), Exit.REFUSED, "invalid_value"),
            (("draw", "x", "--api-key", "wrong"), Exit.REFUSED, "--api-key"),
            (("draw",), Exit.USAGE, "PROMPT"),
            (("trace", "arn:aws:states:us-east-1:1:execution:no:no"), Exit.USAGE, "not the ARN"),
        ],
        ids=["model", "value", "key", "usage", "trace"],
    )
    def test_what_is_refused_is_one_line(
        self, command: CommandLine, args: tuple[str, ...], exit: Exit, said: str
    ) -> None:
        ended = command(*args)

        assert (ended.returncode, ended.stdout) == (exit, "")
        assert ended.stderr.count("\n") == 1
        assert said in ended.stderr

    def test_after_a_timeout_the_command_that_is_said_finds_the_picture(
        self, command: CommandLine
    ) -> None:
        command.stack.fail("ModelTimeoutException")

        ended = command("draw", "late", "--seed", "11", "--json")

        assert json.loads(ended.stdout)["error"]["code"] == "timeout"
        assert "easel draw late --seed 11 --endpoint" in ended.stderr


class TestWithoutTimeForAnotherAttempt:
    @pytest.fixture(scope="class")
    @classmethod
    def easel(cls) -> Iterator[LocalClient]:
        with running(change=drawing_within(7)) as client:
            yield client

    @pytest.mark.parametrize(
        ("kind", "times", "exit"),
        [
            ("ThrottlingException", 9, Exit.LATER),
            ("ModelErrorException", 1, Exit.FAILED),
            ("ModelTimeoutException", 1, Exit.FAILED),
        ],
    )
    def test_a_service_that_fails_ends_by_kind(
        self, command: CommandLine, kind: str, times: int, exit: Exit
    ) -> None:
        command.stack.fail(kind, times=times)

        ended = command("draw", kind, "--wait", "0")

        command.stack.plan()
        assert ended.returncode == exit
        assert ended.stderr.count("\n") == 1

    def test_a_throttled_request_is_sent_again_when_it_may(self, command: CommandLine) -> None:
        command.stack.fail("ThrottlingException")

        ended = command("draw", "patient")

        assert ended.returncode == Exit.OK

    def test_what_may_be_tried_again_is_said_as_a_command_that_works(
        self, command: CommandLine
    ) -> None:
        # Each has time for one attempt: one picture fails, the other succeeds.
        command.stack.fail("ThrottlingException")
        args = ("draw", "several later", "--seed", "1", "--count", "2", "--out", "x.png")

        drawn = command(*args, "--wait", "0")

        assert drawn.returncode == Exit.LATER
        said = shlex.split(drawn.stderr.partition("The same again: ")[2])
        assert command(*said[1:]).returncode == Exit.OK
        assert command.files == ["x-1.png", "x-2.png"]


class TestAround:
    def test_models_are_the_catalogs(self, command: CommandLine) -> None:
        assert {row["id"] for row in command.json("models")["models"]} == set(CATALOG)

    def test_the_doctor_examines_the_stack(self, command: CommandLine) -> None:
        answer = command.json("doctor")

        assert (answer["environment"], answer["problems"]) == ("local", 0)


def test_a_stack_that_wants_signatures_gets_them(tmp_path: Path) -> None:
    with running(settings={"auth": "iam", "waf": True}) as stack:
        answer = CommandLine(tmp_path, stack).json("draw", "signed", "--seed", "1")

    assert answer["seed"] == 1


def test_nobody_there_says_how_to_start_it(tmp_path: Path) -> None:
    port, _ = free_ports()

    ended = run(tmp_path, "draw", "x", f"--endpoint=http://127.0.0.1:{port}")

    assert ended.returncode == Exit.UNREACHABLE
    assert "make run" in ended.stderr
