"""The most that pictures can cost in an hour, and what limits it."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdk.operations import OPERATIONS, Operation
from cdk.settings import Settings
from lambdas.common.catalog import CATALOG, Model

HOUR_SECONDS = 3_600

# An assumption, because AWS publishes no shortest time of a call: a call that ends sooner was
# refused, which costs nothing.
SHORTEST_CALL_SECONDS = 2


@dataclass(frozen=True)
class Ceiling:
    """The most calls of `model`, the most expensive one.

    Lambda enforces `hard_calls` an hour; None if nothing is reserved. API Gateway aims at
    `throttled_calls` an hour and `quota_calls` a day, for it applies throttles and quotas on a
    best-effort basis. `quota_calls` is None if callers have no keys.
    """

    model: Model
    hard_calls: int | None
    throttled_calls: int
    quota_calls: int | None


def ceiling(settings: Settings, operations: Sequence[Operation] = OPERATIONS) -> Ceiling:
    """Returns the most calls that an environment lets through.

    The stage's throttle counts each method separately, a key's counts all methods together.
    """
    pictures = [operation.pictures for operation in operations]
    by_key = settings.auth == "api_key"
    per_bucket = settings.throttle_per_second * HOUR_SECONDS + settings.throttle_burst
    return Ceiling(
        model=max((CATALOG[id] for id in settings.models), key=lambda model: model.list_price_usd),
        hard_calls=settings.generate_concurrency * HOUR_SECONDS // SHORTEST_CALL_SECONDS or None,
        throttled_calls=per_bucket * (max(pictures) if by_key else sum(pictures)),
        quota_calls=settings.daily_quota * max(pictures) if by_key else None,
    )


def in_words(ceiling: Ceiling, settings: Settings) -> str:
    """Returns two lines for whoever deploys."""
    model = ceiling.model
    hard = "Nothing bounds what an hour can cost: generate_concurrency 0 reserves nothing."
    if ceiling.hard_calls is not None:
        hard = (
            f"An hour can cost {_usd(ceiling.hard_calls, model)} at most: "
            f"{settings.generate_concurrency} calls at once (generate_concurrency), taken to last "
            f"{SHORTEST_CALL_SECONDS} s or more, of the dearest model, {model.id}, at its list "
            f"price of ${model.list_price_usd:g}."
        )
    by = "the throttles of all routes"
    if ceiling.quota_calls is not None:
        by = f"a key's throttle and {_usd(ceiling.quota_calls, model)} a day by a key's quota"
    soft = f"API Gateway aims at {_usd(ceiling.throttled_calls, model)} an hour by {by}"
    return f"{hard}\n{soft}, which AWS applies on a best-effort basis."


def _usd(calls: int, model: Model) -> str:
    return f"${calls * model.list_price_usd:,.0f}"
