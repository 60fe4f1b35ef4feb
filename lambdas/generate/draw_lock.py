"""A lock in S3, so that only one function at a time draws and pays for a picture."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdas.common.bucket import Bucket
from lambdas.common.keys import lock_key

_CONTENT_TYPE = "text/plain"


@dataclass(frozen=True)
class DrawLock:
    """Locks pictures for one function invocation, the `holder`.

    A lock expires after `lifetime`, the longest that its function can run.
    """

    bucket: Bucket
    lifetime: timedelta
    holder: str
    now: Callable[[], datetime]

    def acquire(self, id: str) -> bool:
        """Takes the lock on a picture unless another holder has it. Returns whether it did."""
        key = lock_key(id)
        if self.bucket.put_once(key, self._content, content_type=_CONTENT_TYPE):
            return True
        other = self.bucket.get(key)
        if other is None or self._is_valid(other.written_at):
            return False
        return self.bucket.replace(key, self._content, content_type=_CONTENT_TYPE, etag=other.etag)

    def is_held(self, id: str) -> bool:
        """Returns whether somebody is drawing a picture."""
        lock = self.bucket.get(lock_key(id))
        return lock is not None and self._is_valid(lock.written_at)

    def release(self, id: str) -> None:
        self.bucket.delete(lock_key(id))

    def _is_valid(self, written_at: datetime) -> bool:
        return self.now() - written_at <= self.lifetime

    @property
    def _content(self) -> bytes:
        """Holder and time, so that every lock has another ETag."""
        return f"{self.holder} {self.now().isoformat()}".encode()
