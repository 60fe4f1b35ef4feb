"""The host: runs functions on this machine, for callers on any thread."""

import logging
import secrets
import subprocess
import time
from collections.abc import Callable, Container, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from local.functions.function import Function, Invocation, Request
from local.functions.pool import STARTS_AT_ONCE, Pool, Scaling
from local.functions.runtime import link_libraries, variables

if TYPE_CHECKING:
    from local.faults import Fault

# Waits for its input to end, as it does with the host, whatever way that goes. Then it ends what
# still runs, by the names of files, and removes the host's directory.
_CLEANER = """read _
cd "$0" || exit
for each in running/*; do kill -9 "-${each##*/}"; done
rm -r "$0"
"""

_logger = logging.getLogger(__name__)


class FunctionHost:
    """A context manager: functions run inside it, as Lambda runs them.

    `credentials` gets a role's ARN and gives the AWS_* variables of a session of that role. `log`
    gets a function's name and what it wrote, one log event at a time, on a thread of its own.
    Functions whose package is not among `warm` start when they are first invoked.
    """

    def __init__(
        self,
        functions: Iterable[Function],
        *,
        region: str,
        endpoint_url: str,
        credentials: Callable[[str], Mapping[str, str]],
        log: Callable[[str, str], None],
        scaling: Scaling | None = None,
        warm: Container[str] | None = None,
    ) -> None:
        self.functions = [replace(each, asset=each.asset.resolve()) for each in functions]
        self._variables = partial(
            variables, region=region, endpoint_url=endpoint_url, credentials=credentials
        )
        self._log = log
        self._scaling = scaling or Scaling()
        self._warm = warm

    def __enter__(self) -> Self:
        """Starts an environment of each warm function; returns once each is ready or has failed."""
        with ExitStack() as running:
            self._log_thread = running.enter_context(ThreadPoolExecutor(1, "function-log"))
            directory = Path(mkdtemp(prefix="functions-"))
            running.enter_context(
                subprocess.Popen(
                    ["/bin/sh", "-c", _CLEANER, str(directory)],
                    stdin=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )
            (directory / "running").mkdir()
            link_libraries(directory / "libraries")
            self._pools = {
                function.name: Pool(
                    function,
                    self._scaling,
                    partial(self._variables, function, libraries=directory / "libraries"),
                    directory,
                    partial(self._write, function.name),
                )
                for function in self.functions
            }
            for pool in self._pools.values():
                running.callback(pool.close)
            with ThreadPoolExecutor(STARTS_AT_ONCE) as starters:
                warm = [
                    self._pools[each.name]
                    for each in self.functions
                    if self._warm is None or each.package in self._warm
                ]
                list(starters.map(Pool.warm, warm))
            self._running = running.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends all functions' processes; invocations under way are answered with an error."""
        self._running.close()

    def invoke(
        self,
        name: str,
        payload: bytes,
        *,
        trace_id: str | None = None,
        fault: "Fault | None" = None,
    ) -> Invocation:
        """Runs a function to its end, whatever becomes of the caller."""
        pool = self._pools[name]
        trace_id = trace_id or _trace_id(sampled=pool.function.tracing)
        return pool.invoke(Request(str(uuid4()), payload, trace_id, fault))

    def _write(self, name: str, line: str) -> None:
        def write() -> None:
            try:
                self._log(name, line)
            except Exception:  # the log is the caller's; its fault must not cost other lines
                _logger.exception("could not log what %s wrote", name)

        self._log_thread.submit(write)


def _trace_id(*, sampled: bool) -> str:
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled={int(sampled)}"
