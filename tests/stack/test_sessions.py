"""The sessions of README and quickstart, from an empty directory, as they are printed."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from local.assembly import ROOT
from tests.local_client import LocalClient
from tests.stack.command_line import Ended

FILE = re.compile(r"Save this as `([\w.]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)
SESSION = re.compile(r"```console\n(.*?)```", re.DOTALL)

# What differs from run to run: how long a state took, and its bar.
TIMES = re.compile(r"\d+\.\d+|█+")


@pytest.mark.parametrize(
    ("document", "steps", "pictures"),
    [
        ("README.md", 4, {"lighthouse.png"}),
        ("docs/quickstart.md", 8, {"python.png", "javascript.png"}),
    ],
    ids=["readme", "quickstart"],
)
def test_every_command_prints_what_the_session_says(
    easel: LocalClient, tmp_path: Path, document: str, steps: int, pictures: set[str]
) -> None:
    text = (ROOT / document).read_text().replace("http://127.0.0.1:8080", easel.api_url)
    for name, content in FILE.findall(text):
        (tmp_path / name).write_text(content)
    session = "".join(SESSION.findall(text))
    commands = [step.partition("\n") for step in session.split("$ ") if step]
    assert len(commands) >= steps

    for command, _, printed in commands:
        ended = run(command, easel, tmp_path)
        output = ended.stdout + ended.stderr
        # What fails is shown with the status of its answer.
        assert (ended.returncode != 0) == printed.startswith("400"), f"{command} printed {output}"

        lines = [words(line) for line in output.splitlines()]
        for line in printed.splitlines():
            start, dots, _ = line.partition("...")
            expected = words(start)
            found = [each[: len(expected)] if dots else each for each in lines]
            assert expected in found, f"{command} printed {output}"

    for name in pictures:
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def words(line: str) -> list[str]:
    return TIMES.sub("", line).split()


def run(command: str, easel: LocalClient, directory: Path) -> Ended:
    """Runs a command. Those that are installed beside Python need not be on the path."""
    name, *arguments = shlex.split(command)
    own = {
        "easel": [sys.executable, "-m", "easel"],
        "openapi-python-client": [sys.executable, "-m", "openapi_python_client"],
        "python3": [sys.executable],
    }
    return subprocess.run(
        [*own.get(name, [name]), *arguments],
        cwd=directory,
        env={
            **os.environ,
            "EASEL_ENDPOINT": easel.api_url,
            "EASEL_AWS_ENDPOINT": easel.endpoint_url,
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "160",
        },
        capture_output=True,
        text=True,
        check=False,
    )
