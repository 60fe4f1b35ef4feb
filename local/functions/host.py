"""The host: Lambda's Invoke on this machine, for callers on any thread."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import queue
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from local.faults import Fault
from local.functions import answers
from local.functions.environment import Call
from local.functions.fleet import Fleet
from local.functions.function import LATEST, Function, Invocation
from local.functions.runtime import link_libraries, variables

# A state holds 262,144 bytes.
_TOO_LARGE_FOR_A_STATE = json.dumps("x" * 300_000).encode()

_logger = logging.getLogger(__name__)


class FunctionHost:
    """Runs functions as Lambda does.

    `credentials` gets a role's ARN and gives the AWS_* variables of a session of that role; an
    environment is replaced before they expire, after `renew_seconds`. `log` gets a function's name
    and what it wrote, one log event at a time, on a thread of its own. Up to `max_environments`
    run of each function and what comes on top waits; idle ones end after `idle_seconds`, all but
    one.
    """

    def __init__(
        self,
        functions: Iterable[Function],
        *,
        region: str,
        endpoint_url: str,
        credentials: Callable[[str], Mapping[str, str]],
        log: Callable[[str, str], None],
        max_environments: int = 60,
        idle_seconds: float = 15.0,
        renew_seconds: float = 45 * 60.0,
    ) -> None:
        self._region = region
        self._endpoint_url = endpoint_url
        self._credentials = credentials
        self._log = log
        self._max_environments = max_environments
        self._idle_seconds = idle_seconds
        self._renew_seconds = renew_seconds
        self._functions = [replace(each, asset=each.asset.resolve()) for each in functions]
        self._by_reference = {
            reference: function for function in self._functions for reference in _names(function)
        }
        self._lines: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running = False

    def start(self) -> None:
        """Start an environment of each function; returns when each is ready or has failed."""
        self._scratch = Path(tempfile.mkdtemp(prefix="functions-"))
        self._libraries = self._scratch / "runtime"
        self._libraries.mkdir()
        link_libraries(self._libraries)
        warm: Future[None] = Future()
        self._threads = (
            threading.Thread(target=self._run, args=(warm,), name="function-host", daemon=True),
            threading.Thread(target=self._write_log, name="function-log", daemon=True),
        )
        for thread in self._threads:
            thread.start()
        warm.result()
        self._running = True

    def close(self) -> None:
        """End all functions' processes; invocations under way are answered with an error."""
        with self._lock:
            if not self._running:
                return
            self._running = False
            self._loop.call_soon_threadsafe(self._stopped.set)
        host, log = self._threads
        host.join()
        self._lines.put(None)
        log.join()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def invoke(
        self,
        name: str,
        payload: bytes,
        *,
        invocation_type: str = "RequestResponse",
        client_context: str | None = None,
        trace_id: str | None = None,
        fault: Fault | None = None,
    ) -> Invocation:
        """Answer as the Invoke API does; `name` is a function's name, ARN or partial ARN.

        An invocation once begun runs to its end, whatever becomes of the caller.
        """
        request_id = str(uuid4())
        function = self._by_reference.get(name)
        if function is None:
            return answers.not_found(request_id, self._arn(name))
        if invocation_type not in ("RequestResponse", "DryRun"):
            message = f"Invocation type {invocation_type!r} is not supported on this machine."
            return answers.invalid_parameter(request_id, message)
        if len(payload) > answers.REQUEST_LIMIT:
            return answers.request_too_large(request_id)
        try:
            event = _event(payload)
            context = None if client_context is None else _context(client_context)
        except ValueError as error:
            return answers.invalid_content(request_id, str(error))
        if invocation_type == "DryRun":
            return Invocation(204, b"", None, request_id)
        trace = trace_id or _trace_id(sampled=function.tracing)
        call = Call(request_id, event, trace, context, fault)
        with self._lock:
            if not self._running:
                raise RuntimeError("the function host is not running")
            self._loop.call_soon_threadsafe(self._fleet.accept, function.name, call)
        invocation = call.answer.result()
        if fault is not None and fault.kind == "too_large":
            return replace(invocation, payload=_TOO_LARGE_FOR_A_STATE)
        return invocation

    def package(self, name: str) -> str:
        """The package that a function's handler is in: `generate` of `lambdas.generate.handler`.
        Empty for an unknown function."""
        function = self._by_reference.get(name)
        return "" if function is None else function.handler.split(".")[-3]

    def _run(self, warm: Future[None]) -> None:
        try:
            asyncio.run(self._main(warm))
        except BaseException as error:
            if not warm.done():
                warm.set_exception(error)
            raise

    async def _main(self, warm: Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._fleet = Fleet(
            self._functions,
            variables=self._variables,
            scratch=self._scratch,
            log=lambda name, line: self._lines.put((name, line)),
            max_environments=self._max_environments,
            idle_seconds=self._idle_seconds,
            renew_seconds=self._renew_seconds,
        )
        await self._fleet.warm()
        warm.set_result(None)
        await self._stopped.wait()
        await self._fleet.close()

    def _variables(self, function: Function, runtime_api: str, home: Path) -> Mapping[str, str]:
        return variables(
            function,
            region=self._region,
            endpoint_url=self._endpoint_url,
            credentials=self._credentials(function.role_arn),
            runtime_api=runtime_api,
            libraries=self._libraries,
            home=home,
        )

    def _write_log(self) -> None:
        while (entry := self._lines.get()) is not None:
            try:
                self._log(*entry)
            except Exception:  # the log is the caller's; its fault must not cost other lines
                _logger.exception("could not log what %s wrote", entry[0])

    def _arn(self, name: str) -> str:
        if name.startswith("arn:"):
            return name
        account = next((each.arn.split(":")[4] for each in self._functions), "123456789012")
        return f"arn:aws:lambda:{self._region}:{account}:function:{name.rpartition('function:')[2]}"


def _names(function: Function) -> Iterator[str]:
    """What Invoke takes for a function: its name, its ARN, account and name; each with $LATEST."""
    account = function.arn.split(":")[4]
    for name in (function.name, function.arn, f"{account}:function:{function.name}"):
        yield name
        yield f"{name}:{LATEST}"


def _event(payload: bytes) -> bytes:
    if not payload:
        return b"{}"
    try:
        json.loads(payload)
    except (ValueError, RecursionError) as error:
        problem = f"Could not parse payload into json: {error}"
        raise ValueError(f"Could not parse request body into json: {problem}") from error
    return payload


def _context(header: str) -> str:
    """The client context as the runtime gets it: JSON in ASCII."""
    try:
        return json.dumps(json.loads(base64.b64decode(header)))
    except (ValueError, RecursionError) as error:
        raise ValueError("Client context must be a valid Base64-encoded JSON object.") from error


def _trace_id(*, sampled: bool) -> str:
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled={int(sampled)}"
