"""Who is drawing a recipe: a claim in S3, conditionally written, so that one call is paid."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdas.common.bucket import Bucket, claim_key

_CONTENT_TYPE = "text/plain"


@dataclass(frozen=True)
class Claims:
    """A claim dies with its function: past `lifetime`, nobody can be drawing under it any more."""

    bucket: Bucket
    lifetime: timedelta
    holder: str
    now: Callable[[], datetime]

    def take(self, id: str) -> bool:
        """Whether the claim to a recipe is now this function's."""
        key = claim_key(id)
        if self.bucket.put_once(key, self._content, content_type=_CONTENT_TYPE):
            return True
        other = self.bucket.get(key)
        if other is None or self.now() - other.written_at <= self.lifetime:
            return False
        return self.bucket.replace(key, self._content, content_type=_CONTENT_TYPE, etag=other.etag)

    def release(self, id: str) -> None:
        self.bucket.delete(claim_key(id))

    @property
    def _content(self) -> bytes:
        """Holder and time: no two claims have one ETag."""
        return f"{self.holder} {self.now().isoformat()}".encode()
