"""The caller's clock: how much of the gateway's time is left for drawing and for retries."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

# Between giving up waiting and the end of the task: answering.
WAITING_MARGIN = timedelta(seconds=2)


@dataclass(frozen=True)
class CallerClock:
    """`answer_until_seconds` are counted from the start of the execution.

    A call is begun only where it usually ends before this attempt and the answer do: later, its
    picture would be paid for and nobody would get it. The state machine gives up on an
    attempt after `attempt_seconds`, and begins the next one `retry_wait_seconds` after a failure
    at the latest: a failure is handed to its retry only where that ends in time.
    """

    started_at: datetime
    attempt_started_at: datetime
    attempt_seconds: int
    answer_until_seconds: int
    retry_wait_seconds: int
    now: Callable[[], datetime]

    def may_begin(self, usual_seconds: int) -> bool:
        return self.now() + timedelta(seconds=usual_seconds) <= self._ends()

    def may_retry(self) -> bool:
        longest = self.retry_wait_seconds + self.attempt_seconds
        return self._elapsed() + longest <= self.answer_until_seconds

    def may_wait(self) -> bool:
        """Whether there is time to wait for another execution's picture."""
        return self.now() < self._ends() - WAITING_MARGIN

    def _ends(self) -> datetime:
        attempt = self.attempt_started_at + timedelta(seconds=self.attempt_seconds)
        answer = self.started_at + timedelta(seconds=self.answer_until_seconds)
        return min(attempt, answer)

    def _elapsed(self) -> float:
        return (self.now() - self.started_at).total_seconds()
