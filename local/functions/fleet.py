"""Which environment runs what: the environments of all functions and the invocations that wait.

Everything here happens on one event loop, so there is nothing to lock.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from local.functions import answers
from local.functions.environment import Call, Environment
from local.functions.function import Function

# A busy function gets one more environment when an invocation has waited this long: about what a
# start takes, and many times what a quick function runs.
_PATIENCE_SECONDS = 0.1
_STARTS_AT_ONCE = max(2, os.cpu_count() or 2)


@dataclass(eq=False)
class _Pool:
    """The environments of one function, and the invocations that wait for one."""

    function: Function
    limit: int
    environments: set[Environment] = field(default_factory=set)
    starting: set[Environment] = field(default_factory=set)
    idle: list[Environment] = field(default_factory=list)
    waiting: deque[Call] = field(default_factory=deque)
    in_flight: int = 0
    prewarm: bool = False
    reaping: bool = False
    look: asyncio.TimerHandle | None = None

    def start_due(self) -> float | None:
        """When one more environment is due as things stand, if at all."""
        if len(self.environments) >= self.limit:
            return None
        if len(self.waiting) > len(self.starting):
            since = self.waiting[len(self.starting)].since
            return since + _PATIENCE_SECONDS if self.environments else since
        return 0.0 if self.prewarm and not self.environments else None

    def schedule_look(self, timer: asyncio.TimerHandle | None) -> None:
        if self.look is not None:
            self.look.cancel()
        self.look = timer

    def count_down(self) -> None:
        self.in_flight -= 1


class Fleet:
    """The environments of `functions`, at most `max_environments` of each.

    Of idle ones all but one end after `idle_seconds`; one older than `renew_seconds` is replaced,
    because its credentials expire. `variables` may block: it runs on a thread.
    """

    def __init__(
        self,
        functions: Iterable[Function],
        *,
        variables: Callable[[Function, str, Path], Mapping[str, str]],
        scratch: Path,
        log: Callable[[str, str], None],
        max_environments: int,
        idle_seconds: float,
        renew_seconds: float,
    ) -> None:
        self._variables = variables
        self._scratch = scratch
        self._log = log
        self._idle_seconds = idle_seconds
        self._renew_seconds = renew_seconds
        self._pools: dict[str, _Pool] = {}
        for function in functions:
            reserved = function.reserved_concurrency
            limit = max_environments if reserved is None else min(max_environments, reserved)
            self._pools[function.name] = _Pool(function, limit)
        self._loop = asyncio.get_running_loop()
        self._starts: set[asyncio.Task[None]] = set()
        self._environments: set[Environment] = set()
        self._closing = False
        self._changed = asyncio.Event()

    async def warm(self) -> None:
        """Start an environment of each function; done when each is ready or has failed."""
        for pool in self._pools.values():
            pool.prewarm = pool.limit > 0
        self._grow()
        while any(pool.starting or pool.prewarm for pool in self._pools.values()):
            await self._change()

    def accept(self, name: str, call: Call) -> None:
        """Run an invocation as soon as an environment is free, or refuse it."""
        pool = self._pools[name]
        reserved = pool.function.reserved_concurrency
        if self._closing:
            call.answer.set_result(answers.closed(call.request_id))
        elif reserved is not None and pool.in_flight >= reserved:
            call.answer.set_result(answers.throttled(call.request_id))
        else:
            pool.in_flight += 1
            call.answer.add_done_callback(lambda _: pool.count_down())
            call.since = self._loop.time()
            pool.waiting.append(call)
            self._feed(pool)

    async def close(self) -> None:
        """End all processes; what waits or runs is answered with a service error."""
        self._closing = True
        if self._starts:
            await asyncio.wait(self._starts)
        for pool in self._pools.values():
            pool.schedule_look(None)
            while pool.waiting:
                call = pool.waiting.popleft()
                call.answer.set_result(answers.closed(call.request_id))
        for environment in list(self._environments):
            environment.stop()
        while self._environments:
            await self._change()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _feed(self, pool: _Pool) -> None:
        while pool.waiting and pool.idle:
            environment = pool.idle.pop()
            if self._expired(environment):
                environment.stop()
            else:
                environment.invoke(pool.waiting.popleft())
        self._grow()

    def _grow(self) -> None:
        """Start the environments that are due, those first whose invocations wait longest."""
        now = self._loop.time()
        while not self._closing:
            due = [(at, p) for p in self._pools.values() if (at := p.start_due()) is not None]
            if not due or sum(len(p.starting) for p in self._pools.values()) >= _STARTS_AT_ONCE:
                return  # an end of a start looks again
            at, pool = min(due, key=lambda item: item[0])
            if at > now:
                for at, pool in due:
                    pool.schedule_look(self._loop.call_at(at, self._grow))
                return
            self._start(pool)

    def _start(self, pool: _Pool) -> None:
        function = pool.function
        environment = Environment(
            function,
            variables=partial(self._variables, function),
            scratch=self._scratch,
            idle=partial(self._on_idle, pool),
            gone=partial(self._on_gone, pool),
            ended=self._on_ended,
            log=partial(self._log, function.name),
        )
        pool.prewarm = False
        pool.environments.add(environment)
        pool.starting.add(environment)
        self._environments.add(environment)
        task = self._loop.create_task(environment.start())
        self._starts.add(task)
        task.add_done_callback(self._starts.discard)

    def _on_idle(self, pool: _Pool, environment: Environment) -> None:
        pool.starting.discard(environment)
        self._changed.set()
        if self._expired(environment):
            environment.stop()
            pool.prewarm = not pool.environments
            self._grow()
            return
        environment.idle_since = self._loop.time()
        pool.idle.append(environment)
        self._feed(pool)
        self._schedule_reaping(pool)

    def _on_gone(self, pool: _Pool, environment: Environment) -> None:
        failed_start = environment in pool.starting
        pool.starting.discard(environment)
        pool.environments.discard(environment)
        if environment in pool.idle:
            pool.idle.remove(environment)
        self._changed.set()
        if self._closing:
            return
        if failed_start and pool.waiting:
            call = pool.waiting.popleft()
            call.answer.set_result(environment.failure(call.request_id))
        if environment.failed_call and not pool.environments:
            pool.prewarm = True
        self._grow()

    def _on_ended(self, environment: Environment) -> None:
        self._environments.discard(environment)
        self._changed.set()

    def _schedule_reaping(self, pool: _Pool) -> None:
        if len(pool.idle) > 1 and not pool.reaping and not self._closing:
            pool.reaping = True
            at = pool.idle[0].idle_since + self._idle_seconds
            self._loop.call_at(at, self._reap, pool)

    def _reap(self, pool: _Pool) -> None:
        """The last to become idle is the first to be used: the first of the list idles longest."""
        pool.reaping = False
        enough = self._loop.time() - self._idle_seconds
        while len(pool.idle) > 1 and pool.idle[0].idle_since <= enough:
            pool.idle[0].stop()
        self._schedule_reaping(pool)

    def _expired(self, environment: Environment) -> bool:
        return time.time() - environment.born > self._renew_seconds
