"""AWS's list prices in us-east-1, in US dollars, looked up in November 2026, before free tiers.

docs/operations.md says which of them could be confirmed, and on what kind of page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from easel.smoke.cost import PICTURE_CHECK_USD, TEXT_CHECK_USD

MILLION = 1_000_000


class PricesError(ValueError):
    """A price that is unknown or no number. The message names it."""


@dataclass(frozen=True)
class Prices:
    """What one unit costs. The model's price for a picture stands in the catalog."""

    lambda_request: float = 0.20 / MILLION
    lambda_gb_second_arm: float = 0.0000133334
    states_request: float = 1.00 / MILLION
    states_gb_second: float = 0.00001667
    gateway_request: float = 3.50 / MILLION
    s3_write: float = 0.005 / 1_000
    s3_read: float = 0.0004 / 1_000
    logs_gb: float = 0.50
    xray_trace: float = 5.00 / MILLION
    guardrail_picture: float = PICTURE_CHECK_USD
    guardrail_text_unit: float = TEXT_CHECK_USD

    @classmethod
    def but(cls, others: Mapping[str, Any]) -> "Prices":
        """Returns these prices with others in place of some, for another region. PricesError."""
        known = [field.name for field in fields(cls)]
        for name, price in others.items():
            if name not in known:
                raise PricesError(f"unknown price {name!r}; known: {', '.join(known)}")
            if not isinstance(price, int | float) or isinstance(price, bool) or price < 0:
                raise PricesError(f"price {name} must be a number from 0; got {price!r}")
        return cls(**others)
