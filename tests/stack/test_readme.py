"""The command line session of README, from an empty directory, as it is printed."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from local.assembly import ROOT
from tests.local_client import LocalClient

SESSION = re.compile(r"```console\n(.*?)```", re.DOTALL)

# What differs from run to run: how long a state took, and its bar.
TIMES = re.compile(r"\d+\.\d+|█+")


def test_every_command_prints_what_the_session_says(easel: LocalClient, tmp_path: Path) -> None:
    found = SESSION.search((ROOT / "README.md").read_text())
    assert found is not None
    steps = [step.partition("\n") for step in found[1].split("$ ") if step]
    assert len(steps) >= 4

    for command, _, printed in steps:
        output = run(command, easel, tmp_path)

        for line in printed.splitlines():
            if line != "...":
                assert words(line) in [words(each) for each in output.splitlines()], command

    assert (tmp_path / "lighthouse.png").read_bytes().startswith(b"\x89PNG")


def words(line: str) -> list[str]:
    return TIMES.sub("", line).split()


def run(command: str, easel: LocalClient, directory: Path) -> str:
    name, *arguments = shlex.split(command)
    assert name == "easel"
    ended = subprocess.run(
        [sys.executable, "-m", "easel", *arguments],
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
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
