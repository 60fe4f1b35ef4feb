"""The simulation of the workflow under load, and what it leads to."""

import math
from dataclasses import replace

import pytest

from benchmarks import simulation
from benchmarks.cost import Work
from benchmarks.plan import plan, report
from benchmarks.simulation import Easel, Load, SingleLambda, Timing
from cdk.definition import definition_for, draw_seconds
from cdk.settings import Settings

OPEN = Settings(throttle_per_second=10_000, throttle_burst=5_000, generate_concurrency=1_000)
LOAD = Load(rate=2, work=Work(latency_seconds=5), sigma=0.0, requests=1_000)
DESIGNS = pytest.mark.parametrize("design", [Easel, SingleLambda])


@DESIGNS
def test_without_limits_all_get_their_picture_after_the_steps_times(
    design: type[Easel | SingleLambda],
) -> None:
    outcome = design(LOAD, OPEN).run()

    assert len(outcome.waited) == outcome.requests == outcome.paid == LOAD.arrivals
    assert min(outcome.waited) == pytest.approx(max(outcome.waited))
    assert 5 < max(outcome.waited) < 7


@DESIGNS
@pytest.mark.parametrize("quota", [30, 100, 300])
def test_each_request_ends_once_and_calls_stay_within_the_quota(
    design: type[Easel | SingleLambda], quota: float
) -> None:
    load = replace(LOAD, quota_per_minute=quota, sigma=0.5)

    made = design(load, OPEN)
    outcome = made.run()

    ended = len(outcome.waited) + outcome.refused + outcome.late
    assert ended == outcome.requests == load.arrivals
    assert outcome.paid <= quota / 60 * (made.env.now + 1)


def test_at_the_throttling_point_more_succeed_than_with_the_single_lambda() -> None:
    load = replace(LOAD, rate=1, quota_per_minute=60, sigma=0.35)

    ours, theirs = Easel(load, OPEN).run(), SingleLambda(load, OPEN).run()

    assert len(ours.waited) > len(theirs.waited)
    assert ours.wasted <= theirs.wasted


def test_pictures_that_come_too_late_are_kept_by_easel_alone() -> None:
    load = replace(LOAD, work=Work(latency_seconds=40))

    ours, theirs = Easel(load, OPEN).run(), SingleLambda(load, OPEN).run()

    assert (ours.late, ours.wasted) == (load.arrivals, 0)
    assert (theirs.late, theirs.wasted) == (load.arrivals, load.arrivals)


def test_boto3_pays_three_times_for_calls_longer_than_its_read_timeout() -> None:
    outcome = SingleLambda(replace(LOAD, work=Work(latency_seconds=90)), OPEN).run()

    assert outcome.paid == outcome.wasted == 3 * LOAD.arrivals


def test_reserved_concurrency_bounds_calls_at_once() -> None:
    outcome = Easel(replace(LOAD, rate=10), replace(OPEN, generate_concurrency=7)).run()

    assert outcome.most_at_once == 7
    assert outcome.refused > 0


def test_the_gateways_throttle_refuses_what_is_too_much() -> None:
    outcome = Easel(LOAD, replace(OPEN, throttle_per_second=1, throttle_burst=1)).run()

    assert outcome.refused / outcome.requests == pytest.approx(0.5, abs=0.2)


def test_times_are_those_of_the_state_machine() -> None:
    timing = Timing.of(Settings())

    assert timing.draw_seconds == draw_seconds(definition_for(Settings()))
    assert (timing.least_wait, timing.jitter, timing.most_jitter) == (1, 0.25, 2)
    assert Timing.of(Settings(gateway_timeout_seconds=60)).draw_seconds == timing.draw_seconds + 31


def test_a_state_machine_in_other_words_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    definition = definition_for(Settings())
    definition["States"]["DrawEach"]["ItemProcessor"]["States"]["Generate"]["Catch"][0][
        "Output"
    ] = "{% $states.input %}"
    monkeypatch.setattr(simulation, "definition_for", lambda settings: definition)

    with pytest.raises(ValueError, match="Generate's Catch or TimeLeft is written anew"):
        Timing.of(Settings())


@pytest.mark.parametrize("rate", [0.2, 5, 50])
def test_a_rate_succeeds_with_what_the_plan_suggests(rate: float) -> None:
    load = Load(rate=rate, work=Work(latency_seconds=5), requests=2_000)

    found = plan(load, Settings())

    outcome = Easel(
        replace(load, quota_per_minute=found.calls_per_minute),
        replace(Settings(), **found.settings),
    ).run()
    assert len(outcome.waited) / outcome.requests >= 0.98
    assert found.settings["generate_concurrency"] > rate * 5


def test_a_plan_beyond_what_can_be_reserved_says_that_nothing_bounds_the_cost() -> None:
    said = report(Load(rate=300, requests=1_000, quota_per_minute=math.inf), Settings())

    assert '"generate_concurrency": 0' in said
    assert "nothing but the quotas bounds" in said
