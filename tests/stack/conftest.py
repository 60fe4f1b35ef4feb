"""The stack as `make run` starts it, in a process of its own. All tests of a worker share it, so
each draws pictures that no other test draws."""

import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection

import pytest

from tests.local_client import LocalClient, running


@pytest.fixture(scope="session")
def easel() -> Iterator[LocalClient]:
    # A new interpreter: this one has threads, and its moto may run a changed stack.
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_run_until_told, args=(theirs,))
    process.start()
    theirs.close()
    yield ours.recv()
    ours.send("stop")
    process.join()


def _run_until_told(pipe: Connection) -> None:
    with running() as client:
        pipe.send(client)
        pipe.recv()
