"""What one local stack has to itself: its ports, and the directory that keeps its pictures."""

import fcntl
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"


class InUseError(Exception):
    """Something else listens on a port, or another stack keeps its pictures in the directory; the
    message says what to do."""


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


def check_writable(directory: Path) -> None:
    """Raises OSError where nothing can be written in a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory):
        pass


def check_free(*ports: int) -> None:
    """Raises InUseError."""
    for port in ports:
        try:
            socket.create_server((HOST, port)).close()
        except OSError as error:
            advice = "choose others with make run PORT=... AWS_PORT=..."
            raise InUseError(f"port {port} is in use: {advice}") from error
