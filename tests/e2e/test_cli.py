"""The command `easel` against the local stack."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from easel.exits import Exit
from lambdas.common.catalog import CATALOG
from local.assembly import ROOT
from tests.local_client import LocalClient, free_ports, running

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
def stack() -> Iterator[LocalClient]:
    with running() as client:
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

    def test_after_a_timeout_the_command_that_is_said_finds_the_picture(
        self, easel: CommandLine
    ) -> None:
        easel.stack.fail("ModelTimeoutException")

        ended = easel("draw", "late", "--seed", "11", "--json")

        assert json.loads(ended.stdout)["error"]["code"] == "timeout"
        assert "easel draw late --seed 11 --endpoint" in ended.stderr

    def test_a_throttled_request_is_sent_again_when_it_may(self, easel: CommandLine) -> None:
        easel.stack.fail("ThrottlingException", times=3)

        ended = easel("draw", "patient")

        assert ended.returncode == Exit.OK


class TestTrace:
    def test_an_execution_with_a_retry_is_a_timeline(self, easel: CommandLine) -> None:
        easel.stack.fail("ThrottlingException")
        arn = easel.json("draw", "traced")["execution_arn"]

        traced = easel.json("trace", arn)

        assert traced["status"] == "SUCCEEDED"
        (generate,) = [state for state in traced["states"] if state["name"] == "Generate"]
        assert [attempt["error"] for attempt in generate["attempts"]] == ["ThrottledError", None]
        assert generate["seconds"] >= generate["waits"][0] > 0

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
