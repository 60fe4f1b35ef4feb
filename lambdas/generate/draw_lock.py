"""A lock in S3, so that only one function at a time draws and pays for a picture."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdas.common.bucket import Bucket
from lambdas.common.keys import lock_key

_CONTENT_TYPE = "text/plain"


@dataclass(frozen=True)
class DrawLock:
    """Locks pictures for one function invocation, the `holder`, which began at `began_at`.

    A lock expires after `lifetime`, the longest that its function can run. Only one that had
    expired when this invocation began is taken over: whatever its function staged can be seen
    since then.
    """

    bucket: Bucket
    lifetime: timedelta
    holder: str
    began_at: datetime

    def acquire(self, id: str) -> bool:
        """Takes the lock on a picture if nobody ever had it. Returns whether it did."""
        return self.bucket.put_once(lock_key(id), self._content, content_type=_CONTENT_TYPE)

    def take_over(self, id: str) -> bool:
        """Takes the lock from a holder for whom it has expired. Returns whether it did."""
        key = lock_key(id)
        other = self.bucket.get(key)
        if other is None or self._is_valid(other.written_at):
            return False
        return self.bucket.replace(key, self._content, content_type=_CONTENT_TYPE, etag=other.etag)

    def is_free(self, id: str) -> bool:
        """Returns whether nobody is drawing a picture."""
        lock = self.bucket.get(lock_key(id))
        return lock is None or not self._is_valid(lock.written_at)

    def release(self, id: str) -> None:
        self.bucket.delete(lock_key(id))

    def _is_valid(self, written_at: datetime) -> bool:
        return self.began_at - written_at <= self.lifetime

    @property
    def _content(self) -> bytes:
        """Holder and time, so that every lock has another ETag."""
        return f"{self.holder} {self.began_at.isoformat()}".encode()
