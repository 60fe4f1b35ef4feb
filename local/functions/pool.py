"""Which environment runs what: the environments of one function and the callers that wait."""

import os
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Lock

from local.functions import answers
from local.functions.environment import Environment
from local.functions.function import Function, Invocation, Request

STARTS_AT_ONCE = max(2, os.cpu_count() or 2)


@dataclass(frozen=True)
class Scaling:
    """Up to `environments` of a function run. Idle ones end after `idle_seconds`, all but one, and
    each is replaced after `renew_seconds`, before its credentials expire."""

    environments: int = 60
    idle_seconds: float = 15.0
    renew_seconds: float = 45 * 60.0


class Pool:
    """The environments of a function.

    A caller who finds none idle has one more started, and gets the first that is free.
    """

    def __init__(
        self,
        function: Function,
        scaling: Scaling,
        variables: Callable[[str, Path], Mapping[str, str]],
        directory: Path,
        log: Callable[[str], None],
    ) -> None:
        self.function, self.scaling, self.variables, self.log = function, scaling, variables, log
        self.directory = directory
        reserved = function.reserved_concurrency
        self._limit = scaling.environments if reserved is None else reserved
        self._lock = Lock()
        self._open = True
        self._environments: set[Environment] = set()
        self._idle: list[Environment] = []
        self._waiting: deque[SimpleQueue[Environment | None]] = deque()
        self._in_flight = 0

    def warm(self) -> None:
        """Starts an environment and returns when it is ready or has failed."""
        with self._lock:
            self._update(wanted=1)
            started = list(self._environments)
        for environment in started:
            environment.ready.wait()

    def invoke(self, request: Request) -> Invocation:
        """Runs a request as soon as an environment is free, or refuses it."""
        reserved, place = self.function.reserved_concurrency, SimpleQueue[Environment | None]()
        with self._lock:
            if not self._open:
                raise RuntimeError("the function host is not running")
            if reserved is not None and self._in_flight >= reserved:
                return answers.throttled(request.id)
            self._in_flight += 1
            self._waiting.append(place)
            self._update()
        environment = place.get()
        answer = environment.run(request) if environment else answers.service_error(request.id)
        with self._lock:
            self._in_flight -= 1
            if environment and environment.failure is None:
                self._idle.append(environment)
            self._update()
        return answer

    def close(self) -> None:
        """Ends all environments; a caller that waits or runs gets a service error."""
        with self._lock:
            self._open = False
            for place in self._waiting:
                place.put(None)
            ending = list(self._environments)
        for environment in ending:
            environment.end()
        for environment in ending:
            environment.thread.join()

    # What environments tell

    def is_ready(self, environment: Environment) -> None:
        with self._lock:
            environment.ready.set()
            self._idle.append(environment)
            self._update()

    def is_idle(self, environment: Environment) -> None:
        """It has waited long for a request. The last to become idle is the first to be used."""
        with self._lock:
            spare = len(self._idle) > 1 or self._has_expired(environment)
            if spare and environment in self._idle:
                self._idle.remove(environment)
                environment.end()

    def has_ended(self, environment: Environment) -> None:
        """Where it never got ready, a caller that waits gets it, to hear why."""
        with self._lock:
            self._environments.discard(environment)
            if environment in self._idle:
                self._idle.remove(environment)
            replaced = environment.has_run and not self._active()
            if not environment.ready.is_set() and self._waiting:
                self._waiting.popleft().put(environment)
            environment.ready.set()
            self._update(wanted=int(replaced))

    # With the lock held

    def _update(self, wanted: int = 0) -> None:
        """Gives idle environments to callers and starts what more is wanted."""
        while self._waiting and self._idle:
            environment = self._idle.pop()
            if self._has_expired(environment):
                environment.end()
            elif environment.failure is None:
                self._waiting.popleft().put(environment)
        starting = sum(not each.ready.is_set() for each in self._active())
        wanted = min(max(wanted, len(self._waiting)), STARTS_AT_ONCE) - starting
        if self._open:
            for _ in range(min(wanted, self._limit - len(self._active()))):
                environment = Environment(self)
                self._environments.add(environment)
                environment.thread.start()

    def _active(self) -> list[Environment]:
        return [each for each in self._environments if each.failure is None]

    def _has_expired(self, environment: Environment) -> bool:
        return environment.is_older_than(self.scaling.renew_seconds)
