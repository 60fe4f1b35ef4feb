"""`make plan RATE=`: what to set for a number of requests a second, and what to expect then.

Simulates the workflow without limits to see what it needs, then with the suggested settings and
with the present ones, beside the single Lambda.
"""

import argparse
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from benchmarks.cost import Work
from benchmarks.simulation import Easel, Load, SingleLambda
from cdk.settings import Settings, SettingsError
from lambdas.common.catalog import CATALOG

# How much more than the most that was simulated.
_HEADROOM = 1.2
# The share of what succeeds without a quota of Bedrock that has to succeed with one.
_AS_GOOD = 0.99
_DAY_SECONDS = 86_400
_RANGES = {each.name: each.metadata.get("range", (0, 0)) for each in fields(Settings)}
# As the single Lambda has it: a gateway that lets all through.
OPEN_GATEWAY: Mapping[str, Any] = {"throttle_per_second": 10_000, "throttle_burst": 5_000}


@dataclass(frozen=True)
class Plan:
    """Settings for a rate; calls a minute that Bedrock has to take; executions at once that the
    account has to allow Lambda, for all functions."""

    settings: Mapping[str, Any]
    calls_per_minute: int
    concurrent_executions: int


def plan(load: Load, settings: Settings) -> Plan:
    """Returns what a load needs. Raises SettingsError if one deployment is not enough for it."""
    open_to_all = replace(settings, **OPEN_GATEWAY, generate_concurrency=0)
    unlimited = replace(load, quota_per_minute=math.inf, lambda_concurrency=math.inf)
    best = Easel(unlimited, open_to_all).run()
    at_once, per_minute = best.most_at_once, load.rate * 60
    while True:
        per_minute *= _HEADROOM
        tried = Easel(replace(unlimited, quota_per_minute=per_minute), open_to_all).run()
        if len(tried.waited) >= _AS_GOOD * len(best.waited):
            break
    own = load.work.own_seconds
    others = load.rate * (own["validate"] + own["store"])
    wanted: dict[str, Any] = {
        "generate_concurrency": math.ceil(at_once * _HEADROOM),
        "throttle_per_second": math.ceil(load.rate * _HEADROOM),
        "throttle_burst": math.ceil(load.rate * _HEADROOM) + 10,
        "daily_quota": math.ceil(load.rate * _DAY_SECONDS * _HEADROOM),
    }
    for name in ("generate_concurrency", "daily_quota"):
        # 0 reserves nothing; a key's quota of a day can be shared by several keys.
        most = _RANGES[name][1]
        if wanted[name] > most:
            wanted[name] = 0 if name == "generate_concurrency" else most
    replace(settings, **wanted)
    return Plan(
        settings=wanted,
        calls_per_minute=math.ceil(per_minute),
        concurrent_executions=math.ceil((at_once + others) * _HEADROOM),
    )


def report(load: Load, settings: Settings) -> str:
    """Returns what to set and what to expect, as text. Raises SettingsError."""
    found = plan(load, settings)
    ready = replace(
        load,
        lambda_concurrency=max(load.lambda_concurrency, found.concurrent_executions),
        quota_per_minute=max(load.quota_per_minute, found.calls_per_minute),
    )
    suggested = replace(settings, **found.settings)
    price = CATALOG[load.work.model].list_price_usd
    rows = {
        "Easel, as it is set": Easel(load, settings),
        "Easel, as suggested": Easel(ready, suggested),
        "single Lambda": SingleLambda(load, replace(settings, **OPEN_GATEWAY)),
        "single Lambda, same quotas": SingleLambda(ready, replace(settings, **OPEN_GATEWAY)),
    }
    lines = [
        f"For {load.rate:g} requests a second of {load.work.model}, "
        f"{load.work.latency_seconds:g} s a call, set",
        f"  SETTINGS='{json.dumps(found.settings)}'",
        f"and have Bedrock take {found.calls_per_minute:,} calls a minute, and Lambda "
        f"{found.concurrent_executions:,} executions at once (both are quotas of the account).",
    ]
    if not found.settings["generate_concurrency"]:
        lines.append(
            "That is more than generate_concurrency can reserve. With 0, nothing but the quotas "
            "bounds what pictures can cost."
        )
    lines.append(f"\n{'':28}{'success':>8}{'p50':>7}{'p95':>7}{'late':>7}{'spent':>9}{'wasted':>8}")
    for name, design in rows.items():
        outcome = design.run().to_dict(price)
        p50, p95 = (f"{outcome[each]:.1f} s" if each in outcome else "-" for each in ("p50", "p95"))
        lines.append(
            f"{name:28}{outcome['success']:>8.1%}{p50:>7}{p95:>7}{outcome['late']:>7,}"
            f"{outcome['spent_usd']:>9,.2f}{outcome['wasted_usd']:>8,.2f}"
        )
    lines.append(
        f"\nof {load.arrivals:,} requests, in US dollars of model calls. Late: paid for after the "
        "caller had gone. Easel\nkeeps such a picture for the next request, so it is no waste."
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=_positive, required=True, help="requests a second")
    parser.add_argument("--quota", type=_positive, default=60, help="Bedrock's calls a minute now")
    parser.add_argument("--model", choices=CATALOG, default=Work.model)
    parser.add_argument(
        "--latency", type=_positive, help="seconds of a call; usual ones if not given"
    )
    parser.add_argument("--settings", type=json.loads, default={}, help="those you have now")
    given = parser.parse_args()
    latency = given.latency or CATALOG[given.model].usual_seconds
    load = Load(given.rate, Work(given.model, latency), quota_per_minute=given.quota)
    try:
        print(report(load, Settings.from_context(given.settings)))
    except SettingsError as error:
        print(f"easel: {error}", file=sys.stderr)
        return 1
    return 0


def _positive(text: str) -> float:
    if (number := float(text)) > 0:
        return number
    raise argparse.ArgumentTypeError(f"a number above 0, not {text}")


if __name__ == "__main__":
    sys.exit(main())
