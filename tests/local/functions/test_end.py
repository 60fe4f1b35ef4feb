"""What is left of functions when their host ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.local.functions.running import ROOT, Running, alive, eventually, function

pytestmark = pytest.mark.enable_socket


def test_close_leaves_neither_process_nor_thread_and_answers_what_runs() -> None:
    threads = set(threading.enumerate())
    with ThreadPoolExecutor(1) as caller:
        with Running(function("acting"), function("other")) as running:
            idle = running.result("other")["pid"]
            lost = caller.submit(running.invoke, spawn=30, sleep=30)
            spawned = int(running.line(r"^\d+$")[0])
            began = time.monotonic()
        took = time.monotonic() - began

        assert lost.result().error_type == "ServiceException"
    assert took < 3
    assert not alive(idle)
    assert eventually(lambda: not alive(spawned))
    assert eventually(lambda: set(threading.enumerate()) <= threads)
    with pytest.raises(RuntimeError, match="not running"):
        running.invoke()


def test_functions_do_not_outlive_a_host_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import threading\n"
        "from tests.local.functions.running import Running, function\n"
        "with Running(function('acting'), function('idle')) as running:\n"
        "    print(running.result('idle')['pid'], flush=True)\n"
        "    event = {'spawn': 30, 'sleep': 30}\n"
        "    threading.Thread(target=running.invoke, kwargs=event, daemon=True).start()\n"
        "    print(running.line(r'^\\d+$')[0], flush=True)\n"
        "    threading.Event().wait()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as host:
        assert host.stdout is not None
        pids = [int(host.stdout.readline()), int(host.stdout.readline())]
        assert all(map(alive, pids))

        os.kill(pids[0], signal.SIGSTOP)  # a frozen one cannot end by itself
        host.send_signal(signal.SIGKILL)

    assert eventually(lambda: not any(map(alive, pids)))
    assert eventually(lambda: not list(tmp_path.iterdir()))
