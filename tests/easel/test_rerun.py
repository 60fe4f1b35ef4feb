"""`easel rerun`: what it sends, and its verdict."""

import json
import sys
from pathlib import Path

import pytest

from easel.exits import Exit
from tests.easel.command_line import OTHER_MODEL, CommandLine
from tests.easel.fake_api import error


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


class TestWithoutPillow:
    @pytest.fixture(autouse=True)
    def _nothing_that_compares(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "easel.comparison", None)

    def test_a_verdict_of_the_service_stands_without_a_distance(self, easel: CommandLine) -> None:
        drawn = json.loads(easel("draw", "a cat", "--json").stdout)
        easel.api.drifts = True

        again = easel("rerun", drawn["id"])

        assert again.exit_code == Exit.DIFFERENT
        assert "verdict   different" in again.stdout
        assert "distance" not in again.stdout
        assert again.stderr.count("pip install 'easel[local]'") == 1

    def test_a_file_without_a_record_that_comes_out_the_same_has_its_verdict(
        self, easel: CommandLine
    ) -> None:
        easel("draw", "a cat", "--seed", "4", "--out", "cat.png")
        easel.api.manifests.clear()

        again = easel("rerun", "cat.png", "--json")

        assert (again.exit_code, again.stderr) == (Exit.OK, "")
        assert json.loads(again.stdout)["rerun"]["verdict"] == "identical_bytes"

    def test_a_file_without_a_record_that_differs_has_no_verdict_and_is_kept(
        self, easel: CommandLine
    ) -> None:
        easel("draw", "a cat", "--seed", "4", "--out", "cat.png")
        easel.api.manifests.clear()
        easel.api.drifts = True

        again = easel("rerun", "cat.png", "--out", "again.png")

        assert again.exit_code == Exit.HERE
        assert again.stderr.count("pip install 'easel[local]'") == 1
        assert "verdict" not in again.stdout
        assert easel.files == ["again.png", "cat.png"]
