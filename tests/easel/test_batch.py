"""`easel batch`: what it sends for a file, what it notes, and how it goes on."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from click.testing import CliRunner, Result

from easel.api import Answer, NoAnswerError
from easel.cli import main
from easel.exits import Exit
from easel.run import Run
from tests.easel.command_line import OTHER_MODEL, CommandLine, terminal
from tests.easel.fake_api import DEFAULT_MODEL, error, later

CATS = "a cat\n\na dog\na cow\n"


@pytest.fixture
def prompts(easel: CommandLine) -> Path:
    """A file of three prompts in the working directory."""
    path = Path("prompts.txt")
    path.write_text(CATS)
    return path


def sent(easel: CommandLine) -> dict[str, Any]:
    """What was asked for, by its prompt."""
    return {call[3]["prompt"]: call[3] for call in easel.api.calls}


def recorded(directory: str = "prompts") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(directory, "batch.jsonl").read_text().splitlines()]


class TestFiles:
    def test_each_line_is_a_prompt_and_its_picture_is_in_the_files_directory(
        self, easel: CommandLine, prompts: Path
    ) -> None:
        drawn = easel("batch", "prompts.txt")

        assert drawn.exit_code == Exit.OK
        assert set(sent(easel)) == {"a cat", "a dog", "a cow"}
        assert len(list(Path("prompts").glob("easel-*.png"))) == 3
        assert "3 drawn" in drawn.stdout
        assert "$0.12 now, $0.12 for all, by list price" in drawn.stdout

    def test_json_lines_are_requests_and_win_over_the_options(self, easel: CommandLine) -> None:
        Path("mixed.jsonl").write_text(
            '{"prompt": "a cat", "seed": 7, "model": null}\n'
            f'{{"prompt": "a dog", "aspect_ratio": "1:1", "model": "{OTHER_MODEL}"}}\na cow\n'
        )

        easel("batch", "mixed.jsonl", "--aspect", "16:9", "--model", DEFAULT_MODEL, "--no-recipe")

        cat, dog, cow = (sent(easel)[name] for name in ("a cat", "a dog", "a cow"))
        assert (cat["seed"], cat.get("model"), cat["aspect_ratio"]) == (7, None, "16:9")
        assert (dog["model"], dog["aspect_ratio"]) == (OTHER_MODEL, "1:1")
        assert (cow["model"], cow["recipe_in_picture"]) == (DEFAULT_MODEL, False)

    def test_the_same_line_twice_is_two_pictures(self, easel: CommandLine) -> None:
        easel("batch", "-", "--out", "cats", stdin="a cat\na cat\n")

        first, second = (call[3]["seed"] for call in easel.api.calls)
        assert first != second
        assert len(list(Path("cats").glob("*.png"))) == 2

    def test_several_pictures_of_a_line_are_all_kept(self, easel: CommandLine) -> None:
        easel("batch", "-", "--out", "cats", "--count", "3", stdin="a cat\n")

        assert len(list(Path("cats").glob("*.png"))) == 3

    @pytest.mark.parametrize(
        ("text", "options", "said"),
        [
            ("\n\n", (), "has no prompts"),
            ('a cat\n{"prompt": \n', (), "line 2 is not JSON"),
            ('a cat\n{"prompt": "a dog"}, \n', (), "line 2 is not JSON"),
            ('[{"prompt": "a cat"}]\n', (), "line 1 is not a JSON object"),
            ('{"prompt": "\\ud800"}\n', (), "UTF-8"),
            (None, (), "prompts.txt: No such file"),
            (CATS, ("--out", "no/where"), "no/where"),
            (CATS, ("--out", "prompts.txt"), "--out"),
        ],
        ids=[
            "empty",
            "no JSON",
            "more than JSON",
            "an array",
            "no Unicode",
            "no file",
            "no directory",
            "a file",
        ],
    )
    def test_what_cannot_be_begun_is_said_before_anything_is_sent(
        self, easel: CommandLine, text: str | None, options: tuple[str, ...], said: str
    ) -> None:
        if text is not None:
            Path("prompts.txt").write_text(text)

        ended = easel("batch", "prompts.txt", *options)

        assert ended.exit_code in (Exit.USAGE, Exit.HERE)
        assert said in ended.stderr
        assert easel.api.sent == []

    def test_an_index_html_that_no_batch_made_stays(
        self, easel: CommandLine, prompts: Path
    ) -> None:
        Path("prompts").mkdir()
        Path("prompts/index.html").write_text("mine")

        ended = easel("batch", "prompts.txt")

        assert (ended.exit_code, easel.api.sent) == (Exit.USAGE, [])
        assert "prompts has an index.html" in ended.stderr
        assert Path("prompts/index.html").read_text() == "mine"

    def test_a_directory_that_cannot_be_written_in_is_said(
        self, easel: CommandLine, prompts: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "access", lambda path, mode: False)

        ended = easel("batch", "prompts.txt")

        assert (ended.exit_code, easel.api.sent) == (Exit.HERE, [])

    def test_a_recipe_that_is_no_object_is_refused_by_the_api(self, easel: CommandLine) -> None:
        easel.api.planned = [error(400, "invalid_value")]

        ended = easel("batch", "-", "--out", "cats", stdin='{"recipe": "a cat"}\n')

        assert ended.exit_code == Exit.REFUSED
        assert "1 of 1 not drawn yet" in ended.stderr


class TestGoingOn:
    def test_what_is_there_is_not_asked_for_again(self, easel: CommandLine, prompts: Path) -> None:
        easel("batch", "prompts.txt")
        calls = len(easel.api.sent)

        again = easel("batch", "prompts.txt")

        assert (again.exit_code, len(easel.api.sent)) == (Exit.OK, calls)
        assert "0 drawn, 3 there already" in again.stdout
        assert "$0 now, $0.12 for all" in again.stdout

    def test_lines_that_are_added_are_drawn_alone(self, easel: CommandLine, prompts: Path) -> None:
        easel("batch", "prompts.txt")
        easel.api.sent.clear()
        prompts.write_text(f"a hen\n{CATS}")

        easel("batch", "prompts.txt")

        assert list(sent(easel)) == ["a hen"]

    def test_after_ctrl_c_before_any_answer_it_goes_on(
        self, easel: CommandLine, prompts: Path
    ) -> None:
        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("easel.batch._at_once", interrupted)
            assert easel("batch", "prompts.txt").exit_code == Exit.INTERRUPTED

        assert easel("batch", "prompts.txt").exit_code == Exit.OK

    def test_after_ctrl_c_the_same_requests_are_sent(
        self, easel: CommandLine, prompts: Path
    ) -> None:
        ended = stopped(easel, "batch", "prompts.txt", "--at-once", "1", at=1)
        first = sent(easel)

        again = easel("batch", "prompts.txt")

        assert ended.exit_code == Exit.INTERRUPTED
        assert "The same again: easel batch prompts.txt --at-once 1" in ended.stderr
        assert again.exit_code == Exit.OK
        assert first.items() <= sent(easel).items()
        assert len(easel.api.manifests) == 3

    def test_after_a_crash_a_line_that_was_cut_is_asked_for_again(
        self, easel: CommandLine, prompts: Path
    ) -> None:
        easel("batch", "prompts.txt", "--at-once", "1")
        record = Path("prompts/batch.jsonl")
        record.write_text(record.read_text()[:-20])
        easel.api.sent.clear()

        again = easel("batch", "prompts.txt")

        assert list(sent(easel)) == ["a cow"]
        assert again.exit_code == Exit.OK
        assert len(easel.api.manifests) == 3
        assert easel("batch", "prompts.txt").stdout.count("0 drawn") == 1

    def test_a_picture_that_was_deleted_is_fetched_again(
        self, easel: CommandLine, prompts: Path
    ) -> None:
        easel("batch", "prompts.txt")
        next(Path("prompts").glob("*.png")).unlink()

        easel("batch", "prompts.txt")

        assert len(easel.api.calls) == 4
        assert len(list(Path("prompts").glob("*.png"))) == 3


class TestErrors:
    def test_what_was_refused_and_may_be_paid_is_not_asked_for_again(
        self, easel: CommandLine, prompts: Path
    ) -> None:
        easel.api.planned = [error(400, "moderation_blocked", message="Blocked.")]

        ended = easel("batch", "prompts.txt", "--at-once", "1")
        calls = len(easel.api.calls)
        again = easel("batch", "prompts.txt")

        assert (ended.exit_code, again.exit_code) == (Exit.REFUSED, Exit.REFUSED)
        assert len(list(Path("prompts").glob("*.png"))) == 2
        assert len(easel.api.calls) == calls
        assert "1 of 3 were refused" in again.stderr

    def test_the_error_of_what_is_missing_is_said_and_each_one_beside_its_prompt(
        self, easel: CommandLine, prompts: Path
    ) -> None:
        easel.api.planned = [
            error(400, "moderation_blocked", message="Blocked."),
            error(400, "invalid_value", message="Wrong."),
        ]

        ended = easel("batch", "prompts.txt", "--at-once", "1")

        assert "a cat: Blocked.\na dog: Wrong.\n" in ended.stderr
        assert "easel: 1 of 3 not drawn yet: Wrong. (400 invalid_value)" in ended.stderr

    @pytest.mark.parametrize(
        ("planned", "exit"),
        [(error(400, "invalid_value"), Exit.REFUSED), (error(504, "timeout"), Exit.FAILED)],
    )
    def test_a_request_that_fails_does_not_hold_up_the_others_and_is_sent_again(
        self, easel: CommandLine, prompts: Path, planned: Answer, exit: Exit
    ) -> None:
        easel.api.planned = [planned]

        ended = easel("batch", "prompts.txt", "--at-once", "1")
        again = easel("batch", "prompts.txt")

        assert (ended.exit_code, again.exit_code) == (exit, Exit.OK)
        assert "1 of 3 not drawn yet" in ended.stderr
        assert "The same again: easel batch prompts.txt" in ended.stderr
        first, *_, last = (call[3] for call in easel.api.calls)
        assert first == last

    @pytest.mark.parametrize(
        ("planned", "exit"),
        [
            (NoAnswerError("Connection refused", sent=False), Exit.UNREACHABLE),
            (error(403, "invalid_api_key"), Exit.REFUSED),
            (error(429, "quota_exceeded"), Exit.LATER),
            (error(500, "storage_access_denied"), Exit.FAILED),
        ],
        ids=["server down", "key", "quota", "service broken"],
    )
    def test_what_every_request_would_meet_ends_the_batch(
        self, easel: CommandLine, prompts: Path, planned: Any, exit: Exit
    ) -> None:
        easel.api.planned = [planned] * 9

        ended = easel("batch", "prompts.txt", "--at-once", "1")

        assert ended.exit_code == exit
        assert "3 of 3 not drawn yet" in ended.stderr
        assert len(easel.api.calls) == 1

    def test_a_busy_service_is_waited_for(self, easel: CommandLine, prompts: Path) -> None:
        easel.api.planned = [later(429, 3), later(503, 4), later(429, 5)]

        ended = easel("batch", "prompts.txt", "--at-once", "1")

        assert (ended.exit_code, easel.slept) == (Exit.OK, [3.0, 4.0, 5.0])

    def test_one_of_several_pictures_that_failed_is_asked_for_again(
        self, easel: CommandLine
    ) -> None:
        failure = {"seed": 6, "status": 502, "error": {"message": "The model failed."}}
        line = b'{"prompt": "x", "seed": 5, "count": 2}'
        several = easel.api.request("POST", "x/images", headers={}, body=line)
        body = json.loads(several.content)
        body |= {"pictures": body["pictures"][:1], "failed": [failure]}
        easel.api.planned = [Answer(200, {}, json.dumps(body).encode())]

        ended = easel("batch", "-", "--out", "cats", stdin=line.decode())
        again = easel("batch", "-", "--out", "cats", stdin=line.decode())

        assert ended.exit_code == Exit.FAILED
        assert (
            "1 of 1 not drawn yet: 1 of 2 pictures failed (seed 6): The model failed."
            in ended.stderr
        )
        assert again.exit_code == Exit.OK
        assert len(list(Path("cats").glob("*.png"))) == 2


def test_no_more_are_sent_at_once_than_asked_for(easel: CommandLine) -> None:
    Path("many.txt").write_text("".join(f"cat {number}\n" for number in range(12)))
    counting, lock, at_once = [0, 0], Lock(), 3

    def request(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        with lock:
            counting[0] += 1
            counting[1] = max(counting)
        try:
            with lock:
                return easel.api.request(method, url, headers, body)
        finally:
            with lock:
                counting[0] -= 1

    run = Run(http=request)
    ended = CliRunner().invoke(main, ["batch", "many.txt", f"--at-once={at_once}"], obj=run)

    assert ended.exit_code == Exit.OK
    assert counting[1] <= at_once
    assert len(easel.api.manifests) == 12


def test_json_has_a_line_for_each_request_whenever_it_was_drawn(
    easel: CommandLine, prompts: Path
) -> None:
    easel("batch", "prompts.txt")
    prompts.write_text(f"{CATS}a hen\n")

    drawn = easel("batch", "prompts.txt", "--json")

    lines = [json.loads(line) for line in drawn.stdout.splitlines()]
    assert [line["request"]["prompt"] for line in lines] == ["a cat", "a dog", "a cow", "a hen"]
    assert all(Path("prompts", line["pictures"][0]["file"]).is_file() for line in lines)


@pytest.mark.parametrize(("option", "bar"), [((), True), (("--json",), False)], ids=["", "json"])
def test_no_progress_bar_stands_between_lines_of_json(
    easel: CommandLine, prompts: Path, option: tuple[str, ...], bar: bool
) -> None:
    with terminal():
        drawn = easel("batch", "prompts.txt", *option)

    assert ("Drawing" in drawn.stderr) is bar
    assert drawn.stderr.count("  a cat") == 1


class TestContactSheet:
    def test_it_shows_every_picture_with_its_prompt(
        self, easel: CommandLine, prompts: Path
    ) -> None:
        easel("batch", "prompts.txt")

        page = Path("prompts/index.html").read_text()
        for entry in recorded():
            assert f'<img src="{entry["pictures"][0]["file"]}"' in page
            assert entry["request"]["prompt"] in page

    def test_prompts_and_messages_are_text_and_there_is_no_script(self, easel: CommandLine) -> None:
        attack = "<script>alert(1)</script>\"><img src=x onerror='y'>{0}"
        easel.api.planned = [error(400, "invalid_value", message=attack)]

        easel("batch", "-", "--out", "cats", stdin=f"{attack}\na cat & {attack}\n")

        page = Path("cats/index.html").read_text()
        assert "<script" not in page
        assert page.count("<img") == 1
        assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 3

    def test_what_is_not_drawn_yet_is_there_too(self, easel: CommandLine, prompts: Path) -> None:
        stopped(easel, "batch", "prompts.txt", "--at-once", "1", at=1)

        assert "not drawn yet" in Path("prompts/index.html").read_text()


def stopped(easel: CommandLine, *args: str, at: int) -> Result:
    """Runs a batch that is stopped by Ctrl-C when so many lines are noted."""
    noted = 0
    fsync = os.fsync

    def interrupted(file: int) -> None:
        nonlocal noted
        noted += 1
        fsync(file)
        if noted == at:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", interrupted)
        return easel(*args)
