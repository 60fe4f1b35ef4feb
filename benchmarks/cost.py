"""`make cost`: what a thousand pictures cost by component, beside the single Lambda's.

Memory sizes come from the synthesized template, prices from `prices.py` and the catalog.
"""

import argparse
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.prices import Prices, PricesError
from cdk.settings import Settings, SettingsError
from docs import markdown
from lambdas.common.catalog import CATALOG
from local.assembly import SynthError, synthesized
from local.template import Template

# An Express workflow with a small state is billed as one chunk of 64 MB, in steps of 100 ms.
_STATES_GB, _STEPS_A_SECOND = 64 / 1_024, 10
_TEXT_UNIT = 1_000  # characters

# Assumptions, because they differ by region and day: a call of S3 or the guardrail from Lambda, and
# of processor time for each MB of a picture in one function.
S3_SECONDS, GUARDRAIL_SECONDS, SECONDS_PER_MB = 0.03, 0.3, 0.02
# What a request writes to all logs, in GB.
EASEL_LOGS_GB, SINGLE_LOGS_GB = 40e-6, 1e-6


@dataclass(frozen=True)
class Work:
    """One picture: its model, how long a call takes, and its size."""

    model: str = Settings.default_model
    latency_seconds: float = 9.0
    megabytes: float = 2.0
    prompt_characters: int = 200

    @property
    def own_seconds(self) -> Mapping[str, float]:
        """How long each function is busy beside the model's call."""
        handling = SECONDS_PER_MB * self.megabytes
        return {
            "validate": 0.01,
            "generate": 3 * S3_SECONDS + handling,
            "store": 3 * S3_SECONDS + GUARDRAIL_SECONDS + handling,
            "single_lambda": S3_SECONDS + handling,
        }


# The calls of S3 for a new picture: lock, staged picture, file, entry and manifest are written,
# manifest and staged picture read. The single Lambda writes its picture.
_WRITES, _READS, _SINGLE_WRITES = 5, 2, 1


def easel(
    work: Work, memory_mb: Mapping[str, int], guarded: bool, prices: Prices
) -> dict[str, float]:
    """Returns the dollars for one picture by component."""
    own = work.own_seconds
    seconds = work.latency_seconds + sum(own[name] for name in ("validate", "generate", "store"))
    seconds += GUARDRAIL_SECONDS * guarded
    billed = math.ceil(seconds * _STEPS_A_SECOND) / _STEPS_A_SECOND
    compute = {
        name: own[name] * memory_mb[name] / 1_024 * prices.lambda_gb_second_arm
        for name in ("validate", "generate", "store")
    }
    return {
        "model": CATALOG[work.model].list_price_usd,
        "guardrail": guarded * _guardrail(work, prices),
        "Lambda, waiting for the model": _waiting(work, memory_mb["generate"], prices),
        "Lambda, all else": sum(compute.values()) + 3 * prices.lambda_request,
        "Step Functions": prices.states_request + billed * _STATES_GB * prices.states_gb_second,
        "API Gateway": prices.gateway_request,
        "S3 requests": _WRITES * prices.s3_write + _READS * prices.s3_read,
        "logs and traces": EASEL_LOGS_GB * prices.logs_gb + prices.xray_trace,
    }


def single_lambda(work: Work, memory_mb: Mapping[str, int], prices: Prices) -> dict[str, float]:
    """Returns the dollars for one picture, with Generate's memory and architecture."""
    memory = memory_mb["generate"]
    own = work.own_seconds["single_lambda"] * memory / 1_024 * prices.lambda_gb_second_arm
    return {
        "model": CATALOG[work.model].list_price_usd,
        "guardrail": 0.0,
        "Lambda, waiting for the model": _waiting(work, memory, prices),
        "Lambda, all else": own + prices.lambda_request,
        "Step Functions": 0.0,
        "API Gateway": prices.gateway_request,
        "S3 requests": _SINGLE_WRITES * prices.s3_write,
        "logs and traces": SINGLE_LOGS_GB * prices.logs_gb,
    }


def _guardrail(work: Work, prices: Prices) -> float:
    units = math.ceil(work.prompt_characters / _TEXT_UNIT)
    return prices.guardrail_picture + units * prices.guardrail_text_unit


def _waiting(work: Work, memory_mb: int, prices: Prices) -> float:
    return work.latency_seconds * memory_mb / 1_024 * prices.lambda_gb_second_arm


def orchestration(easel: Mapping[str, float], single: Mapping[str, float]) -> float:
    """Returns what Easel costs more than the single Lambda, the guardrail apart."""
    return sum(easel[name] - single[name] for name in easel if name != "guardrail")


def memory_sizes(template: Template) -> dict[str, int]:
    """Returns the functions' memory sizes, by package."""
    return {
        function["Handler"].split(".")[-3]: function["MemorySize"]
        for function in template.resources("AWS::Lambda::Function").values()
    }


def costs(work: Work, settings: Mapping[str, Any], prices: Prices) -> dict[str, dict[str, float]]:
    """Returns the dollars for a thousand pictures, of both designs, by component."""
    template = synthesized(settings=settings)
    memory_mb = memory_sizes(template)
    guarded = Settings.from_context(settings).guardrail == "on"
    both = {
        "easel": easel(work, memory_mb, guarded, prices),
        "single_lambda": single_lambda(work, memory_mb, prices),
    }
    return {
        design: {name: 1_000 * dollars for name, dollars in parts.items()}
        for design, parts in both.items()
    }


def table(both: Mapping[str, Mapping[str, float]]) -> str:
    """Returns the costs as a Markdown table."""
    ours, theirs = both["easel"], both["single_lambda"]
    rows = [(name, ours[name], theirs[name]) for name in ours]
    rows.append(("together", sum(ours.values()), sum(theirs.values())))
    return markdown.table(
        ("Dollars for 1,000 pictures", "Easel", "single Lambda"),
        ((name, f"{a:,.4f}", f"{b:,.4f}") for name, a, b in rows),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=CATALOG, default=Work.model)
    parser.add_argument("--latency", type=float, default=Work.latency_seconds, help="seconds")
    parser.add_argument("--megabytes", type=float, default=Work.megabytes)
    parser.add_argument("--settings", type=json.loads, default={})
    parser.add_argument("--prices", type=json.loads, default={}, help="another region's")
    given = parser.parse_args()
    work = Work(given.model, given.latency, given.megabytes)
    try:
        both = costs(work, given.settings, Prices.but(given.prices))
    except (PricesError, SettingsError, SynthError) as error:
        print(f"easel: {error}", file=sys.stderr)
        return 1
    more = orchestration(both["easel"], both["single_lambda"])
    print(
        f"{work.model}, {work.latency_seconds:g} s a call, {work.megabytes:g} MB a picture, "
        f"list prices of us-east-1 unless given\n\n{table(both)}\n"
        f"Easel costs ${more:.3f} more for 1,000 pictures, the guardrail apart. Storage and the "
        "transfer of pictures to their callers are not in it: they cost both the same."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
