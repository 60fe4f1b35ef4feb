"""Token buckets and the daily quota of the local gateway, by a clock of the test's own."""

from datetime import UTC, datetime, timedelta

import pytest

from local.gateway.limits import DailyQuota, Limits, Throttle, TokenBucket, UsagePlan

TWO_A_SECOND = Throttle(rate=2, burst=3)


class HandClock:
    """Stands still unless it is told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> float:
        return self.now.timestamp()

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def taken(bucket: TokenBucket | DailyQuota, times: int) -> int:
    """How many of so many requests go through at once."""
    return sum(bucket.take() for _ in range(times))


class TestTokenBucket:
    def test_the_burst_goes_through_at_once_and_no_more(self, clock: HandClock) -> None:
        assert taken(TokenBucket(TWO_A_SECOND, clock), 10) == 3

    @pytest.mark.parametrize(("seconds", "back"), [(0.25, 0), (0.5, 1), (1, 2), (60, 3)])
    def test_tokens_come_back_at_the_rate_up_to_the_burst(
        self, clock: HandClock, seconds: float, back: int
    ) -> None:
        bucket = TokenBucket(TWO_A_SECOND, clock)
        taken(bucket, 3)

        clock.forward(seconds)

        assert taken(bucket, 10) == back

    def test_parts_of_a_token_add_up(self, clock: HandClock) -> None:
        bucket = TokenBucket(TWO_A_SECOND, clock)
        taken(bucket, 3)

        through = 0
        for _ in range(40):
            clock.forward(0.125)
            through += bucket.take()

        assert through == 10

    def test_a_clock_that_goes_back_takes_nothing(self, clock: HandClock) -> None:
        bucket = TokenBucket(TWO_A_SECOND, clock)

        clock.forward(-60)

        assert taken(bucket, 10) == 3


class TestDailyQuota:
    def test_so_many_a_day(self, clock: HandClock) -> None:
        assert taken(DailyQuota(3, clock), 10) == 3

    @pytest.mark.parametrize(("moment", "more"), [("23:59:59", 0), ("00:00:00", 3)])
    def test_it_starts_anew_at_midnight_utc(self, clock: HandClock, moment: str, more: int) -> None:
        quota = DailyQuota(3, clock)
        taken(quota, 3)

        day = "20" if more == 0 else "21"
        clock.now = datetime.fromisoformat(f"2026-11-{day}T{moment}+00:00")

        assert taken(quota, 10) == more


class TestLimits:
    PLAN = UsagePlan(Throttle(rate=1, burst=2), daily_quota=4)
    STAGE = Throttle(rate=1, burst=1)

    def refusals(
        self, limits: Limits, times: int, *, path: str = "/images", by_key: bool = True
    ) -> list[str | None]:
        return [limits.refusal("POST", path, self.STAGE, by_key=by_key) for _ in range(times)]

    def test_each_method_has_the_stages_throttle_for_itself(self, clock: HandClock) -> None:
        limits = Limits(None, clock)

        assert self.refusals(limits, 2, by_key=False) == [None, "THROTTLED"]
        assert self.refusals(limits, 2, path="/", by_key=False) == [None, "THROTTLED"]

    def test_a_keys_throttle_is_for_all_methods_together(self, clock: HandClock) -> None:
        limits = Limits(self.PLAN, clock)

        answers = [self.refusals(limits, 1, path=path)[0] for path in ("/a", "/b", "/c")]

        assert answers == [None, None, "THROTTLED"]

    def test_what_a_plan_throttles_counts_for_its_quota(self, clock: HandClock) -> None:
        limits = Limits(self.PLAN, clock)

        answers = self.refusals(limits, 6)

        assert answers == [None, *["THROTTLED"] * 3, *["QUOTA_EXCEEDED"] * 2]

    def test_what_needs_no_key_takes_nothing_from_a_plan(self, clock: HandClock) -> None:
        limits = Limits(UsagePlan(None, daily_quota=1), clock)

        self.refusals(limits, 5, path="/other", by_key=False)

        assert self.refusals(limits, 1) == [None]

    def test_no_limits_refuse_nothing(self, clock: HandClock) -> None:
        limits = Limits(UsagePlan(None, None), clock)

        assert {limits.refusal("POST", "/", None, by_key=True) for _ in range(100)} == {None}
