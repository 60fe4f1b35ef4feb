"""The first thing a function's process runs: tie it to the host, then hand over to the runtime.

Run as a file, not as a module: the repository is not importable in a function's process.
"""

import os
import runpy
import shutil
import signal
import threading


def _die_with_host(lifeline: int, *directories: str) -> None:
    # The host never writes: reading ends when the host does, whatever way it went.
    os.read(lifeline, 1)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    lifeline = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    of_host = (lifeline, os.environ["HOME"], os.environ["LAMBDA_RUNTIME_DIR"])
    threading.Thread(target=_die_with_host, args=of_host, daemon=True).start()
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
