"""The directory that keeps pictures: whether it can, and that one stack at a time does."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def check_writable(directory: Path) -> None:
    """Raises OSError where nothing can be written in a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory):
        pass


class InUseError(Exception):
    """Another stack keeps its pictures in this directory; the message says what to do."""


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keeps other stacks out of a directory until this one ends, however it ends. Raises
    InUseError."""
    with (directory / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            problem = f"another local stack keeps its pictures in {directory}"
            raise InUseError(f"{problem}: choose another with make run DATA=...") from None
        yield
