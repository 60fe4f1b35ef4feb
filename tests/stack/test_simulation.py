"""What the simulation behind make plan foretells is what the local stack does, at a small scale."""

import itertools
import statistics
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.cost import Work
from benchmarks.simulation import Easel, Load
from cdk.settings import Settings
from tests.local_client import LocalClient, running
from tests.share import WHOLE

# All at once, more than one call after the other can draw in time: some are refused. No more than
# the local gateway admits at once, on whatever machine.
BURST = 8
CALL_SECONDS = 2.5
LOAD = Load(rate=1_000, work=Work(latency_seconds=CALL_SECONDS), sigma=0.0, requests=BURST)
LIMITS: Mapping[str, Any] = {"generate_concurrency": 1}
BURSTS = 3


@pytest.mark.skipif(not WHOLE, reason="takes a minute of waiting for clocks")
def test_as_many_succeed_and_wait_as_long_as_the_simulation_says() -> None:
    settings = replace(Settings(throttle_per_second=1_000, throttle_burst=1_000), **LIMITS)
    expected = [Easel(LOAD, settings, seed).run() for seed in range(50)]
    succeeded = BURSTS * statistics.mean(len(each.waited) for each in expected)
    waited = statistics.mean(statistics.median(each.waited) for each in expected)

    got = []
    with (
        running(settings=LIMITS, latency_seconds=CALL_SECONDS, log=lambda line: None) as easel,
        ThreadPoolExecutor(BURST) as callers,
    ):
        seeds = itertools.count(1)
        for _ in range(BURSTS):
            burst = [callers.submit(ask, easel, next(seeds)) for _ in range(BURST)]
            got += [
                seconds for status, seconds in (each.result() for each in burst) if status == 200
            ]

    assert 0.2 < succeeded / (BURSTS * BURST) < 0.8  # else this would prove little
    assert len(got) == pytest.approx(succeeded, rel=0.25)
    assert statistics.median(got) == pytest.approx(waited, rel=0.25)


def ask(easel: LocalClient, seed: int) -> tuple[int, float]:
    began = time.monotonic()
    answer = easel.post({"prompt": "a queue", "seed": seed})
    return answer.status, time.monotonic() - began
