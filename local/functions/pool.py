"""Which environment runs what: the environments of one function and the calls that wait."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from local.functions import answers
from local.functions.environment import Call, Environment, Failure
from local.functions.function import Function, Invocation

# A busy function gets one more environment when a call has waited this long: about what a start
# takes, and many times what a quick function runs.
_PATIENCE_SECONDS = 0.1
STARTS_AT_ONCE = max(2, os.cpu_count() or 2)


class Pool:
    """Up to `limit` environments of a function. `starts` is shared by all pools: who starts an
    environment holds it until that is ready or has failed."""

    def __init__(
        self,
        function: Function,
        *,
        limit: int,
        starts: threading.Semaphore,
        idle_seconds: float,
        renew_seconds: float,
        variables: Callable[[str, Path], Mapping[str, str]],
        log: Callable[[str], None],
    ) -> None:
        self.idle_seconds = idle_seconds
        self.function, self._starts, self._renew_seconds = function, starts, renew_seconds
        self._variables, self._log = variables, log
        reserved = function.reserved_concurrency
        self._reserved = reserved
        self._limit = limit if reserved is None else min(limit, reserved)
        self._lock = threading.Lock()
        self._open = False
        self._environments: set[Environment] = set()
        self._idle: list[Environment] = []
        self._waiting: deque[Call] = deque()
        self._in_flight = 0

    def open(self) -> None:
        """Starts an environment and returns when it is ready or has failed."""
        with self._lock:
            self._open = True
            self._start_if_due()
            started = list(self._environments)
        for environment in started:
            environment.ready.wait()

    def invoke(self, call: Call) -> Invocation:
        """Runs a call as soon as an environment is free, or refuses it."""
        with self._lock:
            if not self._open:
                raise RuntimeError("the function host is not running")
            if self._reserved is not None and self._in_flight >= self._reserved:
                return answers.throttled(call.request_id)
            self._in_flight += 1
            self._waiting.append(call)
            self._assign()
            if not self._active():
                self._start_if_due()
        while not call.begun.wait(_PATIENCE_SECONDS):
            with self._lock:
                if len(self._waiting) > sum(not each.ready.is_set() for each in self._active()):
                    self._start_if_due()
        if call.environment is not None:
            call.environment.run(call)
        answer = call.answer.result()
        with self._lock:
            self._in_flight -= 1
        return answer

    def close(self) -> None:
        """Ends all environments; a call that waits or runs is answered with a service error."""
        with self._lock:
            self._open = False
            for call in self._waiting:
                call.settle(answers.closed(call.request_id))
            self._waiting.clear()
            for environment in self._environments:
                environment.end(answers.closed)

    def join(self) -> None:
        """Returns when nothing of a closed pool is left."""
        for environment in list(self._environments):
            environment.join()

    # What environments tell

    def has_room(self, environment: Environment) -> None:
        """It waits for a call."""
        with self._lock:
            self._end_start(environment)
            self._idle.append(environment)
            self._assign()

    def is_idle(self, environment: Environment) -> None:
        """It has waited for `idle_seconds`. The last to become idle is the first to be used."""
        with self._lock:
            expired = self._expired(environment)
            if environment in self._idle and (expired or len(self._idle) > 1):
                self._idle.remove(environment)
                environment.end(answers.closed)

    def has_ended(self, environment: Environment, failure: Failure) -> None:
        """Nothing of it is left. Where it never got ready, a call that waits hears why."""
        with self._lock:
            self._environments.discard(environment)
            if environment in self._idle:
                self._idle.remove(environment)
            if self._end_start(environment) and self._waiting:
                call = self._waiting.popleft()
                call.settle(failure(call.request_id))
            if environment.has_run and not self._active():
                self._start_if_due()

    # With the lock held

    def _assign(self) -> None:
        while self._waiting and self._idle:
            environment = self._idle.pop()
            if self._expired(environment):
                environment.end(answers.closed)
            elif environment.take(self._waiting[0]):
                self._waiting.popleft()

    def _start_if_due(self) -> None:
        if (
            self._open
            and len(self._active()) < self._limit
            and self._starts.acquire(blocking=False)
        ):
            environment = Environment(self.function, self, variables=self._variables, log=self._log)
            self._environments.add(environment)
            environment.start()

    def _end_start(self, environment: Environment) -> bool:
        """Returns whether its start has not ended before."""
        if environment.ready.is_set():
            return False
        environment.ready.set()
        self._starts.release()
        return True

    def _active(self) -> list[Environment]:
        return [each for each in self._environments if each.failure is None]

    def _expired(self, environment: Environment) -> bool:
        return time.time() - environment.started_at > self._renew_seconds
