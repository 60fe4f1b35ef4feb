"""One execution environment: a process of a function, from its start to its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import cast

from local.faults import Fault
from local.functions import answers
from local.functions.function import Function, Invocation
from local.functions.runtime import command
from local.functions.runtime_api import Connection, Event

# Lambda gives an init 10 seconds, then once more the function's own timeout.
_INIT_SECONDS = 10
_TERMINATE_SECONDS = 1.0
_DRAIN_SECONDS = 1.0
# Lambda's sandbox ends a process that is out of memory by SIGKILL too.
_SIGNALS = {
    "killed": signal.SIGKILL,
    "out_of_memory": signal.SIGKILL,
    "stopped": signal.SIGSTOP,
}
_LINE_LIMIT = 256 * 1024  # bytes of one CloudWatch Logs event


@dataclass(eq=False)
class Call:
    """An invocation under way; `since` is when it began to wait for an environment."""

    request_id: str
    payload: bytes
    trace_id: str
    client_context: str | None
    fault: Fault | None = None
    since: float = 0.0
    answer: Future[Invocation] = field(default_factory=Future)


class Environment(asyncio.SubprocessProtocol):
    """Runs one invocation at a time. Everything here happens on the host's event loop.

    `idle` is called whenever the runtime asks for its next invocation, `gone` once, when the
    environment takes no more of them, `ended` once, when its process and its output have ended.
    """

    def __init__(
        self,
        function: Function,
        *,
        variables: Callable[[str, Path], Mapping[str, str]],
        scratch: Path,
        idle: Callable[[Environment], None],
        gone: Callable[[Environment], None],
        ended: Callable[[Environment], None],
        log: Callable[[str], None],
    ) -> None:
        self.function = function
        self.born = time.time()  # the wall clock: credentials also age while a laptop sleeps
        self.idle_since = 0.0
        self.initialized = False
        self.failed_call = False
        self._variables, self._scratch = variables, scratch
        self._idle, self._gone, self._ended, self._log = idle, gone, ended, log
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._call: Call | None = None
        self._failure: Callable[[str], Invocation] | None = None
        self._asking: Connection | None = None
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._home: Path | None = None
        self._process: asyncio.SubprocessTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._output = b""
        self._output_ended = False
        self._exited = False
        self._finished = False

    async def start(self) -> None:
        """Start the process; where that fails, `failure` tells why."""
        try:
            # A port each: the runtime client's own requests take no path in the address, so
            # nothing else could tell environments apart.
            self._server = await self._loop.create_server(self._connect, "127.0.0.1", 0)
            host, port = self._server.sockets[0].getsockname()
            self._home = Path(tempfile.mkdtemp(dir=self._scratch))
            address = f"{host}:{port}"
            variables = await asyncio.to_thread(self._variables, address, self._home)
            self._set_timer(_INIT_SECONDS + self.function.timeout_seconds, self._init_timed_out)
            await self._loop.subprocess_exec(
                lambda: self,
                *command(self.function),
                cwd=self.function.asset,
                env=variables,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except Exception as error:  # also whatever the giver of credentials raises
            self._fail_start(f"The environment could not be started: {error!r}")

    def _fail_start(self, message: str) -> None:
        self._log(message)
        self._failure = partial(answers.service_error, message=message)
        self._leave()
        self._finish()

    def invoke(self, call: Call) -> None:
        """Hand an invocation to the runtime, which has asked for one."""
        if self._asking is None:
            raise RuntimeError("the runtime has not asked for an invocation")
        connection, self._asking = self._asking, None
        self._call = call
        seconds = self.function.timeout_seconds
        self._set_timer(seconds, self._timed_out)
        if call.fault is not None and call.fault.kind in _SIGNALS:
            self._plan_fault(call, call.fault)
        connection.send(
            Event(
                request_id=call.request_id,
                payload=call.payload,
                function_arn=self.function.arn,
                deadline_ms=int((time.time() + seconds) * 1000),
                trace_id=call.trace_id,
                client_context=call.client_context,
            )
        )

    def _plan_fault(self, call: Call, fault: Fault) -> None:
        """A fault without delay happens before the function can have begun."""

        def happen() -> None:
            if self._call is call:
                self._signal(_SIGNALS[fault.kind])

        if fault.seconds:
            self._loop.call_later(fault.seconds, happen)
        else:
            happen()

    def failure(self, request_id: str) -> Invocation:
        """What an invocation gets to hear that waited for, or ran in, this environment."""
        if self._failure is not None:
            return self._failure(request_id)
        return answers.exited(request_id, self._returncode)

    def stop(self) -> None:
        """End the process; an invocation that it still runs is lost."""
        if self._failure is None:
            self._failure = answers.closed
        self._leave()
        if not self._exited:
            self._signal(signal.SIGTERM)
            self._set_timer(_TERMINATE_SECONDS, self._kill)

    # What the runtime asks and tells

    def disconnected(self, connection: Connection) -> None:
        self._connections.discard(connection)

    def next_asked(self, connection: Connection) -> None:
        if not self._open:
            return
        if not self.initialized:
            self.initialized = True
            self._clear_timer()
        self._asking = connection
        self._idle(self)

    def answered(self, request_id: str, payload: bytes, *, failed: bool) -> HTTPStatus:
        if self._call is None or request_id != self._call.request_id:
            return HTTPStatus.BAD_REQUEST
        if len(payload) > answers.RESPONSE_LIMIT:
            self._settle(answers.response_too_large(request_id))
            # Lambda's answer; the runtime client exits over it, there as here.
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        answer = answers.unhandled if failed else answers.succeeded
        self._settle(answer(request_id, payload))
        return HTTPStatus.ACCEPTED

    def init_failed(self, payload: bytes) -> HTTPStatus:
        self._failure = partial(answers.unhandled, payload=payload)
        return HTTPStatus.ACCEPTED

    # What happens to the process

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._process = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        *lines, self._output = (self._output + data).split(b"\n")
        for line in lines:
            self._log_line(line)
        if len(self._output) > _LINE_LIMIT:
            self._flush()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self._output_ended = True
            self._finish_when_read()

    def process_exited(self) -> None:
        self._exited = True
        # What the function has started goes with it: a group outlives its leader.
        self._signal(signal.SIGKILL)
        self._leave()
        self._set_timer(_DRAIN_SECONDS, self._finish)
        self._finish_when_read()

    def _finish_when_read(self) -> None:
        if self._exited and self._output_ended:
            self._finish()

    def _finish(self) -> None:
        if self._finished:
            return
        self._finished = True
        self._clear_timer()
        self._flush()
        if self._call is not None:
            request_id = self._call.request_id
            reason = answers.exit_reason(self._returncode)
            self._log(f"RequestId: {request_id} Error: {reason}\nRuntime.ExitError")
            self._settle(self.failure(request_id))
        elif not self.initialized and self._failure is None:
            self._log(f"{answers.exit_reason(self._returncode)}\nRuntime.ExitError")
        # Not sooner: a runtime that loses its connection complains before it is gone.
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close()
        if self._process is not None:
            self._process.close()
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
        self._ended(self)

    @property
    def _returncode(self) -> int:
        code = None if self._process is None else self._process.get_returncode()
        return 0 if code is None else code

    def _timed_out(self) -> None:
        if self._call is None:
            return
        request_id, seconds = self._call.request_id, self.function.timeout_seconds
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._log(f"{now} {request_id} Task timed out after {seconds:.2f} seconds")
        self.failed_call = True
        self._settle(answers.timed_out(request_id, seconds))
        self._leave()
        self._kill()

    def _init_timed_out(self) -> None:
        seconds = self.function.timeout_seconds
        self._failure = partial(answers.timed_out, seconds=seconds)
        self._leave()
        self._kill()

    def _leave(self) -> None:
        if not self._open:
            return
        self._open = False
        self._clear_timer()
        self.failed_call = self.failed_call or self._call is not None
        self._gone(self)

    def _settle(self, invocation: Invocation) -> None:
        call, self._call = self._call, None
        if self._open:
            self._clear_timer()
        if call is not None:
            call.answer.set_result(invocation)

    def _kill(self) -> None:
        if not self._exited:
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        # macOS refuses with PermissionError where only a zombie is left.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.get_pid(), number)

    def _set_timer(self, seconds: float, callback: Callable[[], None]) -> None:
        self._clear_timer()
        self._timer = self._loop.call_later(seconds, callback)

    def _clear_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _flush(self) -> None:
        rest, self._output = self._output, b""
        if rest:
            self._log_line(rest)

    def _log_line(self, line: bytes) -> None:
        # The runtime client ends the lines of one log event, a traceback say, with a bare \r.
        self._log(line.decode(errors="replace").rstrip("\r").replace("\r", "\n"))

    def _connect(self) -> Connection:
        connection = Connection(self)
        self._connections.add(connection)
        return connection
