"""`easel show`, `list`, `rerun` and `trace` of pictures that the local stack drew."""

import json
import shlex

import pytest

from easel.exits import Exit
from tests.stack.command_line import CommandLine


class TestShow:
    @pytest.mark.parametrize("by", ["id", "file"])
    def test_a_picture_is_shown_in_lines_that_line_up(self, command: CommandLine, by: str) -> None:
        answer = command.json("draw", "shown", "--seed", "5", "--out", "shown.png")

        shown = command("show", answer["id"] if by == "id" else "shown.png")

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

    def test_json_is_the_apis_answer(self, command: CommandLine) -> None:
        answer = command.json("draw", "shown", "--seed", "5")

        shown = command.json("show", answer["id"])

        assert shown["manifest"]["recipe"]["prompt"] == "shown"
        assert command.stack.get(shown["image_url"]).status == 200

    def test_a_file_without_a_record_says_what_is_in_it(self, command: CommandLine) -> None:
        command.json("draw", "unrecorded", "--seed", "5", "--out", "file.png")
        command.forget("file.png")

        shown = command("show", "file.png")

        assert shown.returncode == Exit.OK
        assert "unrecorded" in shown.stdout
        assert "no record" in shown.stderr


class TestRerun:
    def test_by_id_the_verdict_is_said(self, command: CommandLine) -> None:
        first = command.json("draw", "again", "--seed", "6")

        again = command("rerun", first["id"])

        assert again.returncode == Exit.OK
        assert "identical bytes" in again.stdout
        assert f"rerun of  {first['id']}" in again.stdout

    @pytest.mark.parametrize("name", ["again.png", "again.jpg"])
    def test_by_file_both_are_the_same_file(self, command: CommandLine, name: str) -> None:
        first = command.json("draw", "again", "--seed", "6", "--out", name)

        again = command.json("rerun", name, "--out", f"second-{name}")

        assert again["rerun"]["of"] == first["id"]
        assert again["rerun"]["verdict"] == "identical_bytes"
        contents = {path.read_bytes() for path in command.directory.iterdir()}
        assert len(contents) == 1

    @pytest.mark.parametrize("staged", [True, False], ids=["staged", "nothing is left"])
    def test_a_file_whose_picture_and_record_were_deleted_is_drawn_again(
        self, command: CommandLine, staged: bool
    ) -> None:
        prompt = f"forgotten, {staged}"
        first = command.json("draw", prompt, "--seed", "6", "--out", "first.png")
        command.forget("first.png", but_staged=staged)
        calls = command.stack.model_calls()

        again = command.json("rerun", "first.png", "--out", "again.png")

        assert again["rerun"] == {
            "of": first["id"],
            "verdict": "identical_bytes",
            "model": first["model"],
        }
        assert command.stack.model_calls() == calls + 1
        assert command.same("first.png", "again.png")

    @pytest.mark.parametrize("known", [True, False], ids=["with a record", "without"])
    def test_drift_is_an_exit_code_and_a_distance(self, command: CommandLine, known: bool) -> None:
        command.json("draw", f"drifting, {known}", "--seed", "6", "--out", "first.png")
        if not known:
            command.forget("first.png")
        command.stack.fail("drift")

        again = command("rerun", "first.png", "--out", "again.png")

        assert again.returncode == Exit.DIFFERENT
        assert "the model has changed" in again.stderr
        fields = dict(line.split(maxsplit=1) for line in again.stdout.splitlines())
        assert fields["verdict"] == "different"
        assert 0.01 < float(fields["distance"]) < 1
        assert not command.same("first.png", "again.png")

    def test_drift_in_json_has_the_distance_too(self, command: CommandLine) -> None:
        first = command.json("draw", "drifting json", "--seed", "6")
        command.stack.fail("drift")

        again = command("rerun", first["id"], "--json")

        rerun = json.loads(again.stdout)["rerun"]
        assert (again.returncode, rerun["verdict"]) == (Exit.DIFFERENT, "different")
        assert 0.01 < rerun["distance"] < 1

    def test_other_bytes_of_the_same_pixels_are_no_drift(self, command: CommandLine) -> None:
        first = command.json("draw", "reencoded", "--seed", "6")
        command.stack.fail("reencoded")

        again = command("rerun", first["id"])

        assert again.returncode == Exit.OK
        assert "identical pixels" in again.stdout

    def test_another_model_on_purpose_is_no_failure(self, command: CommandLine) -> None:
        first = command.json("draw", "elsewhere", "--seed", "6")

        again = command.json("rerun", first["id"], "--model", "stability.sd3-5-large-v1:0")

        assert again["rerun"]["verdict"] == "different"
        assert again["model"] == "stability.sd3-5-large-v1:0"

    def test_an_unknown_id_is_refused(self, command: CommandLine) -> None:
        for name in ("show", "rerun", "trace"):
            ended = command(name, "0" * 32)

            assert (ended.returncode, ended.stdout) == (Exit.REFUSED, "")
            assert "easel list" in ended.stderr


class TestList:
    def test_pages_follow_each_other_by_the_command_that_is_said(
        self, command: CommandLine
    ) -> None:
        ids = [command.json("draw", "listed", "--seed", str(seed))["id"] for seed in (1, 2, 3)]

        first = command("list", "--limit", "2")
        said = shlex.split(first.stdout.partition("more: ")[2])
        second = command(*said[1:])

        assert said[:2] == ["easel", "list"]
        assert first.stdout.index(ids[2]) < first.stdout.index(ids[1])
        assert ids[0] not in first.stdout
        assert ids[0] in second.stdout

    def test_json_is_the_apis_answer(self, command: CommandLine) -> None:
        for seed in ("1", "2"):
            command.json("draw", "listed", "--seed", seed)

        listed = command.json("list", "--limit", "1")

        assert len(listed["pictures"]) == 1
        after = command.json("list", "--limit", "1", "--after", listed["after"])
        assert after["pictures"][0]["id"] != listed["pictures"][0]["id"]


class TestTrace:
    def test_several_pictures_are_told_apart(self, command: CommandLine) -> None:
        answer = command.json("draw", "traced", "--seed", "1", "--count", "3")

        by_id = command.json("trace", answer["pictures"][1]["id"])
        said = command("trace", answer["execution_arn"]).stdout

        assert by_id["execution_arn"] == answer["execution_arn"]
        stored = [state["iteration"] for state in by_id["states"] if state["name"] == "Store"]
        assert sorted(stored) == [0, 1, 2]
        for number in range(3):
            assert f"    Generate [{number}] " in said
            assert f"    Store [{number}] " in said

    def test_an_execution_with_a_retry_is_a_timeline(self, command: CommandLine) -> None:
        command.stack.fail("SlowDown", at="PutObject", key="idempotency/*")
        arn = command.json("draw", "traced", "--idempotency-key=traced")["execution_arn"]

        traced = command.json("trace", arn)

        assert traced["status"] == "SUCCEEDED"
        (validate,) = [state for state in traced["states"] if state["name"] == "Validate"]
        assert [attempt["error"] for attempt in validate["attempts"]] == ["StorageError", None]
        assert validate["seconds"] >= validate["waits"][0] >= 0

    def test_each_attempt_at_drawing_is_a_step_of_its_own(self, command: CommandLine) -> None:
        command.stack.fail("ThrottlingException")
        arn = command.json("draw", "traced")["execution_arn"]

        traced = command.json("trace", arn)

        drawing = [state for state in traced["states"] if state["iteration"] == 0]
        assert [state["name"] for state in drawing] == [
            "Generate", "TimeLeft", "Wait", "Generate", "Store",
        ]  # fmt: skip
        errors = [state["attempts"][0]["error"] for state in drawing if state["attempts"]]
        assert errors == ["ThrottledError", None, None]
        assert drawing[2]["seconds"] > 0

    def test_an_execution_that_is_not_known_is_said(self, command: CommandLine) -> None:
        arn = command.stack.state_machine_arn.replace(":stateMachine:", ":execution:")

        traced = command("trace", f"{arn}:unknown")

        assert traced.returncode == Exit.REFUSED
        assert "no history" in traced.stderr

    def test_a_person_sees_states_in_order(self, command: CommandLine) -> None:
        arn = command.json("draw", "seen")["execution_arn"]

        said = command("trace", arn).stdout

        positions = [said.index(f"  {state} ") for state in ("Validate", "Generate", "Store")]
        assert positions == sorted(positions)
