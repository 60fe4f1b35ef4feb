"""`make bench`: measures everything, writes `results.json`, and docs/performance.md from it.

With --render it only makes the document anew from the results that are there.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import cost, functions, local_stack, report
from benchmarks.cost import Work
from benchmarks.plan import OPEN_GATEWAY
from benchmarks.prices import Prices
from benchmarks.simulation import Load, compared
from cdk.settings import Settings

RESULTS = Path(__file__).with_name("results.json")

RATES = (0.25, 0.5, 0.8, 1, 1.2, 1.5, 2, 3, 5, 10, 30, 100, 300, 1_000)
# Bedrock takes 60 calls a minute in both; one in the second picture takes 20 s, as on a bad day.
_LOAD = Load(rate=1, work=Work(latency_seconds=6), quota_per_minute=60)
SCENARIOS: Mapping[str, Load] = {
    "usual": _LOAD,
    "slow": replace(_LOAD, work=Work(latency_seconds=20)),
}


def simulated() -> dict[str, Any]:
    """Returns what becomes of each rate, with a gateway and a concurrency that let all through."""
    settings = replace(Settings(), **OPEN_GATEWAY, generate_concurrency=1_000)
    return {
        name: {
            "latency_seconds": load.work.latency_seconds,
            "quota_per_minute": load.quota_per_minute,
            "rates": [compared(replace(load, rate=rate), settings) for rate in RATES],
        }
        for name, load in SCENARIOS.items()
    }


def machine() -> dict[str, Any]:
    """Returns what the figures depend on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "processor": names[0] if names else platform.machine(),
        "processors": os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **{package: version(package) for package in report.PACKAGES},
    }


def measured(share: float) -> dict[str, Any]:
    """Returns all results. `share` is how much of the usual number of rounds there is."""
    began = time.perf_counter()

    def some(number: int) -> int:
        return max(4, round(number * share))

    results: dict[str, Any] = {"machine": machine()}
    parts: Mapping[str, Callable[[], Any]] = {
        "cold": lambda: functions.cold_starts(some(15)),
        "warm": lambda: functions.warm(some(40)),
        "local": lambda: local_stack.measured(some(96), 100 * max(1, round(5 * share))),
        "simulated": simulated,
        "cost": lambda: cost.costs(Work(), {}, Prices()),
    }
    for name, measure in parts.items():
        print(f"{time.perf_counter() - began:5.0f} s  {name}", flush=True)
        results[name] = measure()
    results["machine"]["seconds"] = round(time.perf_counter() - began)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--render", action="store_true", help="only make the document anew")
    parser.add_argument("--share", type=float, default=1.0, help="of the rounds, to try it out")
    given = parser.parse_args()
    if not given.render:
        RESULTS.write_text(json.dumps(measured(given.share), indent=1) + "\n")
    report.write(json.loads(RESULTS.read_text()))


if __name__ == "__main__":
    main()
