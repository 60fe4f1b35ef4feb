"""Other programs that read a picture's file. Tests that need one are left out where it is not."""

import shutil
import subprocess
from pathlib import Path

import pytest


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def exiftool(path: Path, tag: str) -> str:
    """Returns a tag's value, empty where there is none."""
    command = ["exiftool", "-b", f"-{tag}", str(path)]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


def pngcheck(path: Path) -> None:
    """Raises AssertionError if the file is no valid PNG."""
    outcome = subprocess.run(["pngcheck", "-v", str(path)], capture_output=True)  # noqa: S607

    assert outcome.returncode == 0
    assert b"No errors" in outcome.stdout
