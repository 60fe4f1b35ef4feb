"""What an environment can cost at most in an hour, and what bounds it.

Pictures only: what else an answer costs is a thousandth of one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cdk.settings import Settings
from lambdas.common.catalog import CATALOG, Model

HOUR_SECONDS = 3_600

# An assumption: AWS publishes no shortest time of a call. Whatever ends sooner is a refusal,
# which costs nothing.
SHORTEST_CALL_SECONDS = 2


@dataclass(frozen=True)
class Ceiling:
    """Calls of the dearest model.

    `hard_calls` an hour is what Lambda enforces, None where nothing is reserved.
    `throttled_calls` an hour and `quota_calls` a day are API Gateway's, which applies throttles
    and quotas on a best-effort basis; `quota_calls` is None where callers have no keys.
    """

    model: Model
    hard_calls: int | None
    throttled_calls: int
    quota_calls: int | None


def ceiling(settings: Settings, *, pictures: Sequence[int]) -> Ceiling:
    """The most that an environment lets through.

    `pictures` is how many a request can order, of each route that draws. The stage's throttle is
    each method's own, a key's is for all methods together.
    """
    by_key = settings.auth == "api_key"
    per_bucket = settings.throttle_per_second * HOUR_SECONDS + settings.throttle_burst
    return Ceiling(
        model=max((CATALOG[id] for id in settings.models), key=lambda model: model.list_price_usd),
        hard_calls=settings.generate_concurrency * HOUR_SECONDS // SHORTEST_CALL_SECONDS or None,
        throttled_calls=per_bucket * (max(pictures) if by_key else sum(pictures)),
        quota_calls=settings.daily_quota * max(pictures) if by_key else None,
    )


def in_words(ceiling: Ceiling, settings: Settings) -> str:
    """Two lines for whoever deploys."""
    model = ceiling.model
    if ceiling.hard_calls is None:
        hard = "Nothing bounds what an hour can cost: generate_concurrency 0 reserves nothing."
    else:
        hard = (
            f"An hour can cost {_usd(ceiling.hard_calls, model)} at most: "
            f"{settings.generate_concurrency} calls at once (generate_concurrency), taken to last "
            f"{SHORTEST_CALL_SECONDS} s or more, of the dearest model, {model.id}, at its list "
            f"price of ${model.list_price_usd:g}."
        )
    by = "a key's throttle" if ceiling.quota_calls is not None else "the throttles of all routes"
    soft = f"API Gateway aims at {_usd(ceiling.throttled_calls, model)} an hour by {by}"
    if ceiling.quota_calls is not None:
        soft += f" and {_usd(ceiling.quota_calls, model)} a day by a key's quota"
    return f"{hard}\n{soft}, which AWS applies on a best-effort basis."


def _usd(calls: int, model: Model) -> str:
    return f"${calls * model.list_price_usd:,.0f}"
