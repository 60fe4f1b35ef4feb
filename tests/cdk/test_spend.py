"""The most that an environment can cost."""

from dataclasses import replace
from typing import Any

import pytest

from cdk.operations import OPERATIONS
from cdk.settings import Settings
from cdk.spend import ceiling, in_words
from lambdas.common.catalog import CATALOG

CORE = "stability.stable-image-core-v1:1"
ROUTES = [replace(OPERATIONS[0], pictures=pictures) for pictures in (4, 4, 1, 0)]


def test_the_dearest_model_that_the_environment_offers_is_counted() -> None:
    settings = Settings(allow_retired_models=True)

    model = ceiling(settings, ROUTES).model

    assert model.list_price_usd == max(CATALOG[id].list_price_usd for id in settings.models)


@pytest.mark.parametrize(("concurrency", "calls"), [(1, 1_800), (10, 18_000), (0, None)])
def test_lambda_bounds_the_calls_by_concurrency(concurrency: int, calls: int | None) -> None:
    settings = Settings(generate_concurrency=concurrency)

    assert ceiling(settings, ROUTES).hard_calls == calls


@pytest.mark.parametrize(
    ("auth", "calls"),
    [("iam", 9 * (2 * 3_600 + 7)), ("api_key", 4 * (2 * 3_600 + 7))],
)
def test_the_stages_throttle_is_each_routes_and_a_keys_is_for_all(auth: str, calls: int) -> None:
    settings = Settings.from_context({"auth": auth, "throttle_per_second": 2, "throttle_burst": 7})

    assert ceiling(settings, ROUTES).throttled_calls == calls


def test_only_keys_have_a_quota() -> None:
    assert ceiling(Settings(), ROUTES).quota_calls is None
    assert ceiling(Settings(auth="api_key", daily_quota=9), ROUTES).quota_calls == 36


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(), ["$2,520 at most", "10 calls at once", "2 s or more", "$0.14"]),
        (Settings(), ["generate_concurrency and allowed_models lower it"]),
        (Settings(allowed_models=(CORE,)), ["$720 at most", CORE]),
        (
            Settings(auth="api_key"),
            ["$2,022 an hour for each key by throttle_per_second", "$560 a day for each key by"],
        ),
        (Settings(generate_concurrency=0), ["Nothing bounds what", "$4,549 an hour by throttle"]),
    ],
    ids=["iam", "what lowers it", "one model", "api_key", "nothing reserved"],
)
def test_it_is_said_with_its_assumptions_and_settings(settings: Settings, words: list[str]) -> None:
    text = in_words(ceiling(settings, ROUTES), settings)

    for each in words:
        assert each in text


def test_what_api_gateway_aims_at_is_said_only_where_it_is_below_what_lambda_enforces() -> None:
    def said(**settings: Any) -> str:
        changed = Settings(**settings)
        return in_words(ceiling(changed, ROUTES), changed)

    assert "API Gateway" not in said()
    assert "API Gateway" in said(generate_concurrency=100)
    assert "throttle_per_second" not in said(auth="api_key", generate_concurrency=1)
