"""One execution environment: a process of a function, from its start to its end."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError, wait
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

from local.faults import Fault
from local.functions import answers
from local.functions.function import Function, Invocation
from local.functions.runtime import command
from local.functions.runtime_api import RuntimeApi

if TYPE_CHECKING:
    from local.functions.pool import Pool

# Lambda gives an init 10 seconds, then once more the function's own timeout.
_INIT_SECONDS = 10
_LAST_OUTPUT_SECONDS = 1.0
_LINE_LIMIT = 256 * 1024  # bytes of one CloudWatch Logs event
# How often the Runtime API looks whether it is to stop, while it has no connection.
_POLL_SECONDS = 0.02
# Lambda's sandbox ends a process that is out of memory by SIGKILL too.
SIGNALS = {
    "killed": signal.SIGKILL,
    "out_of_memory": signal.SIGKILL,
    "stopped": signal.SIGSTOP,
}


# What a call gets, by its request id.
Failure = Callable[[str], Invocation]


@dataclass(eq=False)
class Call:
    """An invocation under way; `begun` once it has an environment, or an answer without one.

    A `fault` is one of SIGNALS.
    """

    request_id: str
    payload: bytes
    trace_id: str
    client_context: str | None
    fault: Fault | None
    environment: Environment | None = None
    begun: threading.Event = field(default_factory=threading.Event)
    answer: Future[Invocation] = field(default_factory=Future)

    def settle(self, answer: Invocation) -> bool:
        """Returns whether this is the call's answer: only its first one is."""
        try:
            self.answer.set_result(answer)
        except InvalidStateError:
            return False
        self.begun.set()
        return True

    def ends_within(self, seconds: float) -> bool:
        return bool(wait([self.answer], seconds).done)


class Environment:
    """Runs one invocation of its pool at a time.

    Three threads see to it: one waits for the process to end, one reads what it writes, one serves
    its runtime client. Who invokes watches over the time, on the caller's thread.
    """

    def __init__(
        self,
        function: Function,
        pool: Pool,
        *,
        variables: Callable[[str, Path], Mapping[str, str]],
        log: Callable[[str], None],
    ) -> None:
        self.function = function
        self.started_at = time.time()  # the wall clock: credentials age while a laptop sleeps
        self.ready = threading.Event()  # also once it has failed to become so
        self.has_run = False
        self.failure: Failure | None = None  # set when it takes no more calls
        self._pool, self._variables, self._log = pool, variables, log
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._call: Call | None = None
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        overdue = partial(answers.timed_out, seconds=function.timeout_seconds)
        limit = _INIT_SECONDS + function.timeout_seconds
        self._init_limit = threading.Timer(limit, self.end, [overdue])
        self._init_limit.daemon = True
        self._thread = threading.Thread(target=self._live, name=function.name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def take(self, call: Call) -> bool:
        """Makes a call the one under way, for its caller to run; False when it has ended."""
        with self._lock:
            if self.failure is not None:
                return False
            self.has_run = True
            self._call, call.environment = call, self
        call.begun.set()
        return True

    def run(self, call: Call) -> None:
        """Hands the call to the runtime client and returns when it has an answer."""
        seconds, fault = self.function.timeout_seconds, call.fault
        ends_at = time.monotonic() + seconds
        if fault is not None and not fault.seconds:  # before the function can have begun
            self._signal(SIGNALS[fault.kind])
        self._calls.put(call)
        if (
            fault is not None
            and 0 < fault.seconds < seconds
            and not call.ends_within(fault.seconds)
        ):
            self._signal(SIGNALS[fault.kind])
        if not call.ends_within(ends_at - time.monotonic()):
            self._time_out(call)

    def _time_out(self, call: Call) -> None:
        seconds = self.function.timeout_seconds
        if call.settle(answers.timed_out(call.request_id, seconds)):
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            self._log(f"{now} {call.request_id} Task timed out after {seconds:.2f} seconds")
            self.end(partial(answers.timed_out, seconds=seconds))

    def end(self, failure: Failure) -> Failure:
        """Kills the process and returns what a call gets that it still runs: the first failure."""
        with self._lock:
            self.failure = self.failure or failure
            if self._process is not None and self._process.poll() is None:
                self._signal(signal.SIGKILL)
            return self.failure

    # What the runtime client asks and tells

    def next_call(self) -> Call | None:
        """Waits for the next call; None once the process has ended."""
        self._init_limit.cancel()
        self._pool.has_room(self)
        while True:
            try:
                return self._calls.get(timeout=self._pool.idle_seconds)
            except queue.Empty:
                self._pool.is_idle(self)

    def answered(self, request_id: str, payload: bytes, *, failed: bool) -> HTTPStatus:
        call, status = self._call, HTTPStatus.ACCEPTED
        answer = answers.unhandled if failed else Invocation
        invocation = answer(request_id, payload)
        if len(payload) > answers.RESPONSE_LIMIT:
            invocation = answers.response_too_large(request_id)
            # Lambda's answer; the runtime client exits over it, there as here.
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        if call is None or call.request_id != request_id or not call.settle(invocation):
            return HTTPStatus.BAD_REQUEST
        return status

    def init_failed(self, payload: bytes) -> HTTPStatus:
        self.failure = partial(answers.unhandled, payload=payload)
        return HTTPStatus.ACCEPTED

    # What happens to the process

    def _live(self) -> None:
        try:
            reason = self._run_process()
        except Exception as error:  # also whatever the giver of credentials raises
            reason = f"The environment could not be started: {error!r}"
            self._log(reason)
            self.end(partial(answers.service_error, message=reason))
        untold = self.failure is None and not self.ready.is_set()
        failure = self.end(partial(answers.exited, reason=reason))
        call = self._call
        if call is not None and call.settle(failure(call.request_id)):
            self._log(f"RequestId: {call.request_id} Error: {reason}\nRuntime.ExitError")
        elif untold:
            self._log(f"{reason}\nRuntime.ExitError")
        self._pool.has_ended(self, failure)

    def _run_process(self) -> str:
        """Returns the reason of its end."""
        with (
            RuntimeApi(self) as api,
            TemporaryDirectory(prefix="function-", ignore_cleanup_errors=True) as home,
        ):
            variables = self._variables(api.address, Path(home))
            with self._lock:
                if self.failure is not None:
                    return "It was ended before it had started."
                self._process = process = subprocess.Popen(
                    command(self.function),
                    cwd=self.function.asset,
                    env=variables,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            self._init_limit.start()
            output = threading.Thread(target=self._read, args=[process.stdout], daemon=True)
            output.start()
            serving = threading.Thread(target=api.serve_forever, args=[_POLL_SECONDS], daemon=True)
            serving.start()
            returncode = process.wait()
            # What the function has started goes with it: a group outlives its leader.
            self._signal(signal.SIGKILL)
            self._init_limit.cancel()
            output.join(_LAST_OUTPUT_SECONDS)
            self._calls.put(None)
            api.shutdown()
            serving.join()
            if process.stdin is not None:
                process.stdin.close()
            return answers.exit_reason(returncode)

    def _read(self, output: IO[bytes]) -> None:
        with output:
            for line in iter(partial(output.readline, _LINE_LIMIT), b""):
                # The runtime client ends the lines of one log event, a traceback say, with a \r.
                self._log(line.decode(errors="replace").rstrip("\r\n").replace("\r", "\n"))

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            # macOS refuses with PermissionError where only a zombie is left.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)
