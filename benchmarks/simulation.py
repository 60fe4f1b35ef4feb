"""A discrete-event simulation of the deployed workflow, and of the single Lambda, under load.

What the workflow does comes from the ASL file, the settings and the catalog, boto3's retries from
botocore. Requests arrive at random at a steady rate, each for one new picture, and no caller asks
twice. A model call that is throttled costs nothing, any other one its list price.
"""

import math
import random
import re
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import simpy
from botocore.httpsession import DEFAULT_TIMEOUT
from botocore.retries.standard import DEFAULT_MAX_ATTEMPTS

from benchmarks.cost import GUARDRAIL_SECONDS, Work
from cdk.definition import DEFINITION, definition_for, draw_seconds, states_of
from cdk.settings import Settings
from lambdas.common.catalog import CATALOG

Steps = Generator[simpy.Event, None, None]

_AGAIN = re.compile(
    r"\$millis\(\) \+ (\d+) \+ \$random\(\) \* \$min\(\[(\d+), (\d+) \* \$power\(2,"
)
_USUAL = re.compile(r"\? 2 : (\d+) \+ \$plan\.usual_seconds")


@dataclass(frozen=True)
class Load:
    """Requests a second, and what the model does: how long half of its calls take at most (in
    `work`), how widely that spreads (the sigma of a lognormal distribution), and how many calls a
    minute it takes."""

    rate: float
    work: Work = field(default_factory=Work)
    sigma: float = 0.35
    quota_per_minute: float = math.inf
    lambda_concurrency: float = 1_000  # an account's by default, for all functions
    requests: int = 0

    @property
    def arrivals(self) -> int:
        """How many requests come. If the load does not say: those of ten minutes, but no more than
        20,000, unless a minute brings more."""
        of_ten_minutes = min(20_000, self.rate * 600)
        return self.requests or round(max(of_ten_minutes, self.rate * 60, 1))


@dataclass(frozen=True)
class Timing:
    """When the state machine tries again, and until when. In seconds; waits are chosen at random
    between `least_wait` and that plus the smaller of `most_jitter` and `jitter` times 2^attempt."""

    draw_seconds: float
    least_wait: float
    most_jitter: float
    jitter: float
    spare_seconds: float  # what must be left beside a usual call

    @classmethod
    def of(cls, settings: Settings) -> "Timing":
        """Reads the ASL file. Raises ValueError if it says it in other words than these."""
        definition = definition_for(settings)
        states = dict(states_of(definition))
        again = _AGAIN.search(states["Generate"]["Catch"][0]["Output"])
        usual = _USUAL.search(states["TimeLeft"]["Choices"][0]["Condition"])
        if again is None or usual is None:
            raise ValueError(f"{DEFINITION.name}: Generate's Catch or TimeLeft is written anew")
        least, most, jitter = (int(number) / 1_000 for number in again.groups())
        return cls(float(draw_seconds(definition)), least, most, jitter, float(usual[1]))


@dataclass
class Outcome:
    """What became of the requests. `late` pictures were paid for after their callers had gone:
    Easel keeps them for the next request, so they are `wasted` only with the single Lambda."""

    requests: int = 0
    waited: list[float] = field(default_factory=list)  # of those who got their picture
    refused: int = 0
    throttled_calls: int = 0
    paid: int = 0
    late: int = 0
    wasted: int = 0
    most_at_once: int = 0

    def to_dict(self, price_usd: float) -> dict[str, Any]:
        got = sorted(self.waited)
        percentiles = {
            f"p{percent}": round(got[min(len(got) - 1, len(got) * percent // 100)], 2)
            for percent in (50, 95, 99)
            if got
        }
        return {
            "requests": self.requests,
            "success": round(len(got) / self.requests, 4),
            **percentiles,
            "refused": self.refused,
            "late": self.late,
            "throttled_calls": self.throttled_calls,
            "most_at_once": self.most_at_once,
            "spent_usd": round(self.paid * price_usd, 2),
            "wasted_usd": round(self.wasted * price_usd, 2),
        }


class Bucket:
    """Tokens that come back at a rate, as gateways and Bedrock count what they let through."""

    def __init__(self, env: simpy.Environment, per_second: float, burst: float) -> None:
        self._env, self._rate, self._burst = env, per_second, burst
        self._tokens, self._since = burst, env.now

    def take(self) -> bool:
        if math.isinf(self._rate):
            return True
        now = self._env.now
        self._tokens = min(self._burst, self._tokens + (now - self._since) * self._rate)
        self._since = now
        self._tokens -= (taken := self._tokens >= 1)
        return taken


class Design:
    """What both designs share: a gateway, a function with a concurrency, and the model."""

    def __init__(self, load: Load, settings: Settings, concurrency: float, seed: int) -> None:
        self.env = simpy.Environment()
        self.outcome = Outcome()
        self.settings = settings
        self.load = load
        self.random = random.Random(seed)
        self.gateway = Bucket(self.env, settings.throttle_per_second, settings.throttle_burst)
        per_minute = load.quota_per_minute
        self.model = Bucket(self.env, per_minute / 60, max(1.0, per_minute / 60))
        self._concurrency = concurrency
        self._running = 0

    def run(self) -> Outcome:
        self.env.process(self._arrive())
        self.env.run()
        return self.outcome

    def _arrive(self) -> Steps:
        for _ in range(self.load.arrivals):
            yield self.env.timeout(self.random.expovariate(self.load.rate))
            self.outcome.requests += 1
            if self.gateway.take():
                self.env.process(self.request())
            else:
                self.outcome.refused += 1

    def request(self) -> Steps:
        raise NotImplementedError

    def latency(self) -> float:
        return self.random.lognormvariate(math.log(self.load.work.latency_seconds), self.load.sigma)

    def enter(self) -> bool:
        """Returns whether the function has a place. Who got one has to `leave` it."""
        if self._running >= self._concurrency:
            return False
        self._running += 1
        self.outcome.most_at_once = max(self.outcome.most_at_once, self._running)
        return True

    def leave(self) -> None:
        self._running -= 1

    def called(self) -> bool:
        """Returns whether the model takes a call, which is paid then."""
        taken = self.model.take()
        self.outcome.paid += taken
        self.outcome.throttled_calls += not taken
        return taken


class Easel(Design):
    """Validate, the prompt's check, then Generate and its loop, then Store."""

    def __init__(self, load: Load, settings: Settings, seed: int = 1) -> None:
        concurrency = settings.generate_concurrency or load.lambda_concurrency
        super().__init__(load, settings, concurrency, seed)
        self._timing = Timing.of(settings)
        self._usual = CATALOG[load.work.model].usual_seconds
        self._own = load.work.own_seconds

    def request(self) -> Steps:
        began, timing = self.env.now, self._timing
        until = began + timing.draw_seconds
        yield self.env.timeout(self._own["validate"] + GUARDRAIL_SECONDS)
        attempt = 0
        while True:
            attempt += 1
            if self.enter():
                if self.env.now + self._usual > until:
                    self.leave()
                    break  # NoTimeLeftError
                if self.called():
                    yield from self._drawn(began, until)
                    return
                self.leave()
            jitter = min(timing.most_jitter, timing.jitter * 2**attempt)
            again_at = self.env.now + timing.least_wait + self.random.random() * jitter
            if again_at + timing.spare_seconds + self._usual > until:
                break  # TimeLeft: there is none
            yield self.env.timeout(again_at - self.env.now)
        self.outcome.refused += 1

    def _drawn(self, began: float, until: float) -> Steps:
        """The function goes on after the state's timeout, which only ends the caller's wait."""
        yield self.env.timeout(self.latency() + self._own["generate"])
        self.leave()
        if self.env.now > until:
            self.outcome.late += 1
            return
        yield self.env.timeout(self._own["store"])
        self.outcome.waited.append(self.env.now - began)


class SingleLambda(Design):
    """One function behind the same gateway, with boto3's own retries: after a throttle, a random
    part of a second, then of two. Its retry quota, which long throttling uses up, is left out."""

    def __init__(self, load: Load, settings: Settings, seed: int = 1) -> None:
        super().__init__(load, settings, load.lambda_concurrency, seed)

    def request(self) -> Steps:
        began = self.env.now
        if not self.enter():
            self.outcome.refused += 1
            return
        for attempt in range(DEFAULT_MAX_ATTEMPTS):
            if self.called():
                seconds = self.latency()
                if seconds <= DEFAULT_TIMEOUT:
                    yield self.env.timeout(seconds + self.load.work.own_seconds["single_lambda"])
                    break
                # boto3 gives this call up, and calls again: both are paid.
                self.outcome.wasted += 1
                yield self.env.timeout(DEFAULT_TIMEOUT)
            if attempt + 1 < DEFAULT_MAX_ATTEMPTS:
                yield self.env.timeout(self.random.random() * 2**attempt)
        else:
            self.leave()
            self.outcome.refused += 1
            return
        self.leave()
        if self.env.now - began > self.settings.gateway_timeout_seconds:
            self.outcome.late += 1
            self.outcome.wasted += 1
            return
        self.outcome.waited.append(self.env.now - began)


def compared(load: Load, settings: Settings) -> dict[str, Any]:
    """Returns what becomes of a load with both designs."""
    price = CATALOG[load.work.model].list_price_usd
    return {
        "rate": load.rate,
        "easel": Easel(load, settings).run().to_dict(price),
        "single_lambda": SingleLambda(load, settings).run().to_dict(price),
    }
