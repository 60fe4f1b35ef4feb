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
    """Returns a line for whoever deploys, and another if API Gateway turns callers away before."""
    model, hard_calls = ceiling.model, ceiling.hard_calls
    lines = ["Nothing bounds what an hour can cost: generate_concurrency 0 reserves nothing."]
    if hard_calls is not None:
        lines = [
            f"An hour can cost {_usd(hard_calls, model)} at most: "
            f"{settings.generate_concurrency} calls at once, taken to last "
            f"{SHORTEST_CALL_SECONDS} s or more, of the most expensive model, {model.id}, at its "
            f"list price of ${model.list_price_usd:g}. generate_concurrency and allowed_models "
            "lower it."
        ]
    whose = "" if ceiling.quota_calls is None else " for each key"
    limits = [
        f"{_usd(calls, model)} {period}{whose} by {setting}"
        for calls, hours, period, setting in (
            (ceiling.throttled_calls, 1, "an hour", "throttle_per_second"),
            (ceiling.quota_calls, 24, "a day", "daily_quota"),
        )
        if calls is not None and (hard_calls is None or calls < hours * hard_calls)
    ]
    if limits:
        lines.append(
            f"API Gateway tries to stop callers before that, at {' and '.join(limits)}, but AWS "
            "does not promise that it does."
        )
    return "\n".join(lines)


def _usd(calls: int, model: Model) -> str:
    return f"${calls * model.list_price_usd:,.0f}"
