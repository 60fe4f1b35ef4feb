"""The command `easel` as a process, at a local stack."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from easel.picture_file import read_recipe
from lambdas.common.recipe import Recipe
from local.assembly import ROOT
from tests.local_client import LocalClient

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
        published = f"output-images/{id}"
        staged = published if but_staged else f"staging/{id}"
        keys = self.stack.object_keys()
        self.stack.delete_objects(*(key for key in keys if key.startswith((published, staged))))


def run(directory: Path, *args: str) -> Ended:
    return subprocess.run(
        [sys.executable, "-m", "easel", *args],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
