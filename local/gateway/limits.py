"""How often callers may call: token buckets and a daily quota, as API Gateway applies them.

A request is checked in this order: firewall, signature and policy, API key, usage plan, then the
stage's throttle, which each method has for itself. Sources: "Use AWS WAF to protect your REST APIs"
and "Throttle requests to your REST APIs" of the API Gateway guide; that a usage plan is verified
after the authorizer, the article on API Gateway's logs in AWS re:Post. Nobody says whether a
request that a plan throttles counts for its quota: here it does. The service may let more through;
here limits are exact.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

DAY_SECONDS = 86_400

# Seconds since 1970, UTC.
Clock = Callable[[], float]


@dataclass(frozen=True)
class Throttle:
    """Requests a second, and how many may come at once."""

    rate: float
    burst: int


@dataclass(frozen=True)
class UsagePlan:
    """What one API key may do; None is no limit."""

    throttle: Throttle | None
    daily_quota: int | None


class TokenBucket:
    """Full at first; a request takes a token, and `rate` of them come back each second."""

    def __init__(self, throttle: Throttle, clock: Clock) -> None:
        self._throttle = throttle
        self._clock = clock
        self._tokens = float(throttle.burst)
        self._filled_at = clock()

    def take(self) -> bool:
        now = self._clock()
        come_back = max(0.0, now - self._filled_at) * self._throttle.rate
        self._tokens = min(self._throttle.burst, self._tokens + come_back)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class DailyQuota:
    """So many requests from one midnight UTC to the next."""

    def __init__(self, limit: int, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._day = self._taken = 0

    def take(self) -> bool:
        today = int(self._clock() // DAY_SECONDS)
        if today != self._day:
            self._day, self._taken = today, 0
        self._taken += 1
        return self._taken <= self._limit


class Limits:
    """The limits of a stage and of its API keys, which share one plan's here. Thread-safe."""

    def __init__(self, plan: UsagePlan | None, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._of_key: list[tuple[str, DailyQuota | TokenBucket]] = []
        if plan and plan.daily_quota is not None:
            self._of_key.append(("QUOTA_EXCEEDED", DailyQuota(plan.daily_quota, clock)))
        if plan and plan.throttle:
            self._of_key.append(("THROTTLED", TokenBucket(plan.throttle, clock)))
        self._of_methods: dict[tuple[str, str], TokenBucket] = {}

    def refusal(
        self, http_method: str, path: str, throttle: Throttle | None, *, by_key: bool
    ) -> str | None:
        """Returns the gateway response for a request over a limit, None for one that may go on.

        `throttle` is the stage's for this method. A method that needs no key takes nothing from
        the key's plan.
        """
        with self._lock:
            limits = list(self._of_key) if by_key else []
            if throttle is not None:
                bucket = self._of_methods.setdefault(
                    (http_method, path), TokenBucket(throttle, self._clock)
                )
                limits.append(("THROTTLED", bucket))
            return next((response for response, limit in limits if not limit.take()), None)
