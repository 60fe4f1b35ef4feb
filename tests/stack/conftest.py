"""The stack as `make run` starts it, in a process of its own, and the command `easel` at it. All
tests of a worker share the stack, so each draws pictures that no other test draws."""

import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.local_client import LocalClient, assembled, running
from tests.stack.command_line import CommandLine


@pytest.fixture(scope="session")
def easel() -> Iterator[LocalClient]:
    assembled()
    # A new interpreter: this one has threads, and its moto may run a changed stack.
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_run_until_told, args=(theirs,))
    process.start()
    theirs.close()
    yield ours.recv()
    ours.send("stop")
    process.join()


@pytest.fixture
def command(easel: LocalClient, tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path, easel)


def _run_until_told(pipe: Connection) -> None:
    with running() as client:
        pipe.send(client)
        pipe.recv()
