"""A local stack in a process of its own, to be measured from outside."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3

PORT, AWS_PORT = 18_080, 18_081
API_URL, AWS_URL = f"http://127.0.0.1:{PORT}", f"http://127.0.0.1:{AWS_PORT}"


@contextmanager
def running(*module: str) -> Iterator[subprocess.Popen[bytes]]:
    process = start(*module)
    try:
        yield process
    finally:
        stop(process)


def start(*module: str) -> subprocess.Popen[bytes]:
    """Runs a module with its arguments, by default that of `make run`. Returns when it answers."""
    ports = (f"--port={PORT}", f"--aws-port={AWS_PORT}")
    command = [sys.executable, "-m", *(module or ("local",)), *ports]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            urllib3.request("GET", API_URL, retries=False)
        except urllib3.exceptions.HTTPError:
            time.sleep(0.02)
        else:
            return process
    raise SystemExit("the local stack did not start")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=30)


def members(pid: int) -> list[int]:
    """A process and its children. Linux only."""
    found = [pid]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid:
            found.append(int(process.name))
    return found


def megabytes(pid: int) -> float:
    """Resident memory of a process and its children; what they share counts each time."""
    pages = 0
    for member in members(pid):
        try:
            pages += int(Path(f"/proc/{member}/statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000
