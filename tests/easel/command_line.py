"""The command `easel` over a fake of the API; nothing here opens a socket."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from easel.cli import main
from easel.run import Run
from tests.easel.fake_api import FakeApi

DEPLOYED = "https://abc123.execute-api.eu-west-1.amazonaws.com/v1"
OTHER_MODEL = "stability.sd3-5-large-v1:0"


@contextmanager
def terminal() -> Iterator[None]:
    """Makes what the command line is given as stdin, stdout and stderr a terminal."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True, raising=False)
        yield


class CommandLine:
    """`easel` in an empty directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.api = FakeApi()
        self.slept: list[float] = []
        self.opened: list[str] = []

    def __call__(self, *args: str, stdin: str | None = None) -> Result:
        run = Run(http=self.api.request, sleep=self.slept.append, launch=self._launch)
        return CliRunner().invoke(main, args, stdin, obj=run)

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.directory.iterdir())

    def _launch(self, path: str) -> int:
        self.opened.append(path)
        return 0
