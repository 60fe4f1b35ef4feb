"""How many environments a function has, and which of them runs an invocation."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.local.functions.running import Running, alive, eventually, function, read

pytestmark = pytest.mark.enable_socket


def test_an_environment_is_reused_while_it_is_warm(running: Running) -> None:
    first, second = running.result(), running.result()

    assert second["pid"] == first["pid"]
    assert second["invocations"] == first["invocations"] + 1


def test_long_invocations_run_in_parallel() -> None:
    with Running(function("acting")) as running, ThreadPoolExecutor(20) as callers:
        began = time.monotonic()
        pids = set(callers.map(lambda _: running.result(sleep=0.5)["pid"], range(20)))
        took = time.monotonic() - began

    assert len(pids) > 10
    assert took < 4


def test_short_invocations_share_a_few_environments() -> None:
    with Running(function("acting")) as running, ThreadPoolExecutor(50) as callers:
        pids = set(callers.map(lambda _: running.result(sleep=0.01)["pid"], range(50)))

    assert len(pids) < 25


def test_invocations_beyond_the_environments_wait() -> None:
    with (
        Running(function("acting"), environments=2) as running,
        ThreadPoolExecutor(6) as callers,
    ):
        pids = set(callers.map(lambda _: running.result(sleep=0.1)["pid"], range(6)))

    assert len(pids) == 2


def test_idle_environments_end_all_but_one() -> None:
    with (
        Running(function("acting"), idle_seconds=0.2) as running,
        ThreadPoolExecutor(4) as callers,
    ):
        pids = list(callers.map(lambda _: running.result(sleep=1)["pid"], range(4)))

        assert len(set(pids)) > 1
        assert eventually(lambda: sum(map(alive, pids)) <= 1)
        # One that never had a request may be the one that is left.
        started = len(running.roles)
        running.result()
        assert len(running.roles) == started


def test_an_environment_whose_credentials_age_is_replaced() -> None:
    with Running(function("acting"), renew_seconds=0.2) as running:
        first = running.result()["pid"]
        time.sleep(0.25)

        assert running.result()["pid"] != first
        assert len(running.roles) >= 2


def test_an_invocation_over_the_reserved_concurrency_is_throttled(running: Running) -> None:
    with ThreadPoolExecutor(1) as caller:
        busy = caller.submit(running.result, "single", print=["at work"], sleep=0.2)
        running.line("^at work$")

        refused = running.invoke("single")

        assert (refused.status, refused.error_type) == (429, "TooManyRequestsException")
        assert read(refused) == {
            "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
            "Type": "User",
            "message": "Rate Exceeded.",
        }
        busy.result()
    assert running.invoke("single").status == 200


def test_no_reserved_concurrency_at_all_throttles_everything() -> None:
    with Running(function("acting", reserved_concurrency=0)) as running:
        assert running.invoke().status == 429
