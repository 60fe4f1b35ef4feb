"""Calls that a function makes side by side, one after another in an order of the test's choice."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any

# When calls are made that were submitted together: each at once, or all as late as can be.
ORDERS = ("at once", "late", "late and backwards")


class InARow:
    """A client of S3 that counts its calls: those that are made side by side count as one."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._s3, name)
        return method if name == "generate_presigned_url" else partial(self._called, method)

    def _called(self, method: Callable[..., Any], **sent: Any) -> Any:
        self.calls += 1
        return method(**sent)


class SideBySide(Executor):
    """Makes each call once, before its result is asked for or the executor ends. `s3` counts calls
    as if all that were submitted ran from then on; who leaves the executor waits for all."""

    def __init__(self, order: str = "at once", s3: InARow | None = None) -> None:
        self._order = order
        self._s3 = s3 or InARow(None)
        self._waiting: list[Callable[[], None]] = []
        self._answers: list[_Answer] = []

    def submit(self, call: Any, /, *args: Any, **named: Any) -> Future[Any]:
        future = _Answer(self, self._s3)
        self._answers.append(future)
        self._waiting.append(partial(future.run, partial(call, *args, **named), self._s3.calls))
        if self._order == "at once":
            self.run()
        return future

    def run(self) -> None:
        if self._order == "late and backwards":
            self._waiting.reverse()
        while self._waiting:
            self._waiting.pop(0)()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        for each in self._answers:
            each.exception()


class _Answer(Future[Any]):
    def __init__(self, calls: SideBySide, s3: InARow) -> None:
        super().__init__()
        self._side_by_side, self._s3, self._ended_after = calls, s3, 0

    def run(self, call: Callable[[], Any], begun_after: int) -> None:
        now, self._s3.calls = self._s3.calls, begun_after
        try:
            self.set_result(call())
        except Exception as error:
            self.set_exception(error)
        self._ended_after, self._s3.calls = self._s3.calls, now

    def result(self, timeout: float | None = None) -> Any:
        self._waited_for()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._waited_for()
        return super().exception(timeout)

    def _waited_for(self) -> None:
        self._side_by_side.run()
        self._s3.calls = max(self._s3.calls, self._ended_after)
