"""`python -m local` as `make run` starts it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from local.assembly import ROOT, synthesized
from local.exclusive import check_free
from tests.local.functions.running import alive, eventually
from tests.local_client import LocalClient, free_ports

BODY = b'{"prompt":"kept","seed":3}'


@contextmanager
def started(port: int, aws_port: int, *options: str) -> Iterator[subprocess.Popen[str]]:
    synthesized()
    command = [sys.executable, "-m", "local", *ports_of((port, aws_port))]
    process = subprocess.Popen(
        [*command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def ports_of(ports: tuple[int, int]) -> tuple[str, str]:
    return f"--port={ports[0]}", f"--aws-port={ports[1]}"


def lines_until_ready(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("  bucket"):
            return lines
    raise AssertionError("".join(lines))


def post(port: int) -> dict[str, object]:
    answer = urllib3.request(
        "POST",
        f"http://127.0.0.1:{port}/images",
        body=BODY,
        headers={"x-api-key": "local", "content-type": "application/json"},
    )
    return dict(answer.json())


def processes(columns: str) -> list[str]:
    """A line for each process, as ps has it."""
    listed = subprocess.run(
        ["ps", "-eo", columns],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    return listed.stdout.splitlines()


def group_members(group: int) -> list[str]:
    """Processes of a process group that are still there."""
    return [
        line
        for line in processes("pgid=,pid=,stat=,args=")
        if line.split()[0] == str(group) and not line.split()[2].startswith("Z")
    ]


def children(parent: int) -> list[int]:
    pairs = [line.split() for line in processes("ppid=,pid=")]
    return [int(pid) for ppid, pid in pairs if ppid == str(parent)]


def test_a_signal_stops_everything_and_pictures_are_kept_where_they_are_told_to(
    tmp_path: Path,
) -> None:
    port, aws_port = free_ports()
    answers, places = [], []
    for number in (signal.SIGINT, signal.SIGTERM):
        with started(port, aws_port, f"--data={tmp_path}") as process:
            said = "".join(lines_until_ready(process))
            answers.append(post(port))
            places.append(said.partition("  state machine")[2])
            other = [sys.executable, "-m", "local", *ports_of(free_ports()), f"--data={tmp_path}"]
            second = subprocess.run(other, capture_output=True, text=True, check=False, timeout=60)

            ended = urllib3.request("GET", str(answers[0]["image_url"]))
            os.kill(process.pid, number)
            code = process.wait(timeout=20)
            for _ in range(50):
                if not group_members(process.pid):
                    break
                time.sleep(0.1)

            assert f"http://127.0.0.1:{port}/images" in said
            assert code == 0
            assert group_members(process.pid) == []

    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert f"another local stack keeps its pictures in {tmp_path}" in second.stderr
    assert places[0] == places[1]
    assert (ended.status, b"GET /images/{id} gives a fresh one" in ended.data) == (403, True)
    for export in (
        f"ENDPOINT=http://127.0.0.1:{port}",
        f"AWS_ENDPOINT=http://127.0.0.1:{aws_port}",
    ):
        assert f"  export EASEL_{export}\n" in said
    assert [answer["seed"] for answer in answers] == [3, 3]
    assert [answer["reused"] for answer in answers] == [False, True]
    assert answers[0]["sha256"] == answers[1]["sha256"]


def test_a_kill_leaves_neither_processes_nor_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    port, aws_port = free_ports()
    with started(port, aws_port) as process:
        lines_until_ready(process)
        post(port)
        functions = children(process.pid)
        used = list(tmp_path.iterdir())

        process.kill()

        assert len(functions) == 4  # on the way to a picture, and what ends them
        assert used
        assert eventually(lambda: not any(map(alive, functions)))
        assert eventually(lambda: not list(tmp_path.iterdir()))
    check_free(port, aws_port)


def test_a_port_in_use_is_one_clear_line(easel: LocalClient) -> None:
    port, aws_port = urlsplit(easel.api_url).port, free_ports()[1]
    assert port is not None

    with started(port, aws_port) as process:
        said, _ = process.communicate(timeout=30)

    assert process.returncode == 1
    assert said.count("\n") == 1
    assert f"port {port} is in use" in said


def test_a_latency_that_is_no_number_is_said_plainly() -> None:
    with started(*free_ports(), "--latency=long") as process:
        said, _ = process.communicate(timeout=30)

    assert "a latency is a number of seconds from 0 to 3600, not long" in said


def test_a_start_from_the_cache_does_without_aws_cdk() -> None:
    code = "import sys, local.__main__, local.stack; sys.exit('aws_cdk' in sys.modules)"

    subprocess.run([sys.executable, "-c", code], check=True)


def test_pip_shows_its_progress_while_it_installs(tmp_path: Path) -> None:
    make = str(shutil.which("make"))

    told = subprocess.run(
        [make, "--dry-run", "run", f"VENV={tmp_path}"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    installs = [line.split() for line in told.splitlines() if " pip install " in line]
    assert installs
    assert not any({"-q", "--quiet"} & set(words) for words in installs)
