"""What a thousand pictures cost."""

import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from benchmarks import cost
from benchmarks.cost import Work
from benchmarks.prices import MILLION, Prices, PricesError
from local.assembly import synthesized

OPERATIONS = Path(cost.__file__).parents[1] / "docs" / "operations.md"

WORK = Work(latency_seconds=9, megabytes=2)
PRICES = Prices()


def both(work: Work = WORK, prices: Prices = PRICES) -> tuple[dict[str, float], dict[str, float]]:
    memory_mb = cost.memory_sizes(synthesized())
    return (
        cost.easel(work, memory_mb, True, prices),
        cost.single_lambda(work, memory_mb, prices),
    )


def test_orchestration_stays_under_8_cents_for_a_thousand_pictures() -> None:
    assert 0 < 1_000 * cost.orchestration(*both()) < 0.08


def test_both_designs_wait_for_the_model_at_the_same_price() -> None:
    easel, single = both()

    assert easel["model"] == single["model"] == 0.04
    waiting = 9 * cost.memory_sizes(synthesized())["generate"] / 1_024 * 0.0000133334
    assert easel["Lambda, waiting for the model"] == pytest.approx(waiting)
    assert single["Lambda, waiting for the model"] == pytest.approx(waiting)


def test_ten_seconds_of_an_express_workflow_cost_what_aws_says() -> None:
    others = sum(WORK.own_seconds[each] for each in ("validate", "generate", "store"))
    ten_seconds = replace(WORK, latency_seconds=10 - others - cost.GUARDRAIL_SECONDS - 0.001)

    # AWS's own example: 64 MB for ten seconds, at the first tier's price.
    assert both(ten_seconds)[0]["Step Functions"] * MILLION == pytest.approx(11.42, abs=0.01)


@pytest.mark.parametrize("part", ["guardrail", "S3 requests", "logs and traces"])
def test_a_price_of_another_region_is_taken(part: str) -> None:
    twice = Prices.but({name: 2 * price for name, price in asdict(Prices()).items()})

    assert both(prices=twice)[0][part] == pytest.approx(2 * both()[0][part])


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"s3": 1}, "unknown price 's3'; known: lambda_request, "),
        ({"s3_write": "free"}, "price s3_write must be a number from 0; got 'free'"),
        ({"s3_write": -1}, "price s3_write must be a number from 0; got -1"),
    ],
)
def test_a_price_that_cannot_be_is_refused(others: dict[str, object], message: str) -> None:
    with pytest.raises(PricesError, match=re.escape(message)):
        Prices.but(others)


@pytest.mark.parametrize("name", asdict(Prices()))
def test_the_operations_document_tells_the_same_price(name: str) -> None:
    price = asdict(Prices())[name]
    costs = OPERATIONS.read_text().partition("## Costs")[2].partition("\n## ")[0]
    told = {float(number) for number in re.findall(r"\d+\.\d+", costs)}

    assert any(
        number / unit == pytest.approx(price) for number in told for unit in (1, 1_000, MILLION)
    )
