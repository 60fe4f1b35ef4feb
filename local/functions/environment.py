"""One execution environment: a process of a function, from its start to its end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Event, Lock, Thread
from typing import IO, TYPE_CHECKING

from local.functions import answers
from local.functions.function import Invocation, Request
from local.functions.runtime import command
from local.functions.runtime_api import RuntimeApi

if TYPE_CHECKING:
    from local.functions.pool import Pool

# Lambda gives an init 10 seconds, then once more the function's own timeout.
_INIT_SECONDS = 10
_LAST_OUTPUT_SECONDS = 1.0
_LINE_LIMIT = 256 * 1024  # bytes of one CloudWatch Logs event
# How often a start is looked at, and whether the Runtime API is to stop.
_POLL_SECONDS = 0.02
# Lambda's sandbox ends a process that is out of memory by SIGKILL too.
SIGNALS = {
    "killed": signal.SIGKILL,
    "out_of_memory": signal.SIGKILL,
    "stopped": signal.SIGSTOP,
}

Answer = Callable[[str], Invocation]  # by the request's id


class Environment:
    """Runs one request of its pool at a time.

    A thread waits for the process to end, one reads what it writes, one serves its runtime client.
    """

    def __init__(self, pool: Pool) -> None:
        self.function = pool.function
        self._started_at = time.time()  # the wall clock: credentials age while a laptop sleeps
        self.ready = Event()  # set also when it fails to become so
        self.has_run = False
        self.failure: Answer | None = None  # set when it takes no more requests
        self.thread = Thread(target=self._live, name=self.function.name, daemon=True)
        self._pool = pool
        self._requests: SimpleQueue[Request | None] = SimpleQueue()
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._running: str | None = None
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._late = f"Task timed out after {self.function.timeout_seconds:.2f} seconds"
        self._timed_out = partial(answers.ended, error_type="Sandbox.Timedout", reason=self._late)

    def run(self, request: Request) -> Invocation:
        """Returns the answer. For the caller alone to whom the pool gave this environment."""
        seconds, fault = self.function.timeout_seconds, request.fault
        ends_at = time.monotonic() + seconds
        self.has_run, self._running = True, request.id
        if fault is not None and not fault.seconds:  # before the function can have begun
            self._signal(SIGNALS[fault.kind])
        self._requests.put(request)
        with suppress(Empty):
            if fault is not None and 0 < fault.seconds < seconds:
                with suppress(Empty):
                    return self._answers.get(timeout=fault.seconds)(request.id)
                self._signal(SIGNALS[fault.kind])
            return self._answers.get(timeout=max(0, ends_at - time.monotonic()))(request.id)
        if self._take(request.id):
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            self._pool.log(f"{now} {request.id} {self._late}")
            self.end(self._timed_out)
            return self._timed_out(request.id)
        return self._answers.get()(request.id)

    def end(self, failure: Answer = answers.service_error) -> None:
        """Kills the process; what it still runs is answered with the first `failure`."""
        with self._lock:
            self.failure = self.failure or failure
            if self._process is not None and self._process.poll() is None:
                self._signal(signal.SIGKILL)

    def is_older_than(self, seconds: float) -> bool:
        return time.time() - self._started_at > seconds

    # What the runtime client asks and tells

    def next_request(self) -> Request | None:
        """Waits for it; None once the process has ended."""
        if not self.ready.is_set():
            self._pool.is_ready(self)
        while True:
            try:
                return self._requests.get(timeout=self._pool.scaling.idle_seconds)
            except Empty:
                self._pool.is_idle(self)

    def init_failed(self, payload: bytes) -> HTTPStatus:
        self.failure = partial(answers.unhandled, payload=payload)
        return HTTPStatus.ACCEPTED

    def answered(self, request_id: str, payload: bytes, *, failed: bool) -> HTTPStatus:
        if not self._take(request_id):
            return HTTPStatus.BAD_REQUEST
        if len(payload) > answers.RESPONSE_LIMIT:
            self.failure = answers.response_too_large
            self._answers.put(self.failure)
            # Lambda's answer; the runtime client exits over it, there as here.
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        self._answers.put(partial(answers.unhandled if failed else Invocation, payload=payload))
        return HTTPStatus.ACCEPTED

    def _take(self, request_id: str) -> bool:
        """Returns whether the request still runs; nobody else is told so."""
        with self._lock:
            runs = self._running == request_id
            self._running = None if runs else self._running
            return runs

    # What happens to the process

    def _live(self) -> None:
        try:
            reason = self._run_process()
        except Exception as error:  # also whatever the giver of credentials raises
            reason = f"The environment could not be started: {error!r}"
            self._pool.log(reason)
            self.failure = partial(answers.service_error, message=reason)
        if self._running is not None:
            self._pool.log(f"RequestId: {self._running} Error: {reason}\nRuntime.ExitError")
        elif self.failure is None and not self.ready.is_set():
            self._pool.log(f"{reason}\nRuntime.ExitError")
        exited = partial(answers.ended, error_type="Runtime.ExitError", reason=reason)
        self.failure = failure = self.failure or exited
        self._answers.put(failure)
        self._pool.has_ended(self)

    def _run_process(self) -> str:
        """Returns why it ended."""
        directory = self._pool.directory
        with (
            RuntimeApi(self) as api,
            TemporaryDirectory(dir=directory, ignore_cleanup_errors=True) as home,
        ):
            variables = self._pool.variables(api.address, Path(home))
            with self._lock:
                if self.failure is not None:
                    return "It was ended before it had started."
                self._process = process = subprocess.Popen(
                    command(self.function),
                    cwd=self.function.asset,
                    env=variables,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                running = directory / "running" / str(process.pid)
                running.touch()
            output = Thread(target=self._read, args=[process.stdout], daemon=True)
            output.start()
            serving = Thread(target=api.serve_forever, args=[_POLL_SECONDS], daemon=True)
            serving.start()
            ready_by = time.monotonic() + _INIT_SECONDS + self.function.timeout_seconds
            while not self.ready.wait(_POLL_SECONDS) and process.poll() is None:
                if time.monotonic() > ready_by:
                    self.end(self._timed_out)
            returncode = process.wait()
            # What the function has started goes with it: a group outlives its leader.
            self._signal(signal.SIGKILL)
            running.unlink()
            output.join(_LAST_OUTPUT_SECONDS)
            self._requests.put(None)
            api.shutdown()
            serving.join()
            return answers.exit_reason(returncode)

    def _read(self, output: IO[bytes]) -> None:
        with output:
            for line in iter(partial(output.readline, _LINE_LIMIT), b""):
                # The runtime client ends the lines of one log event, a traceback say, with a \r.
                self._pool.log(line.decode(errors="replace").rstrip("\r\n").replace("\r", "\n"))

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            # macOS refuses with PermissionError where only a zombie is left.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)
