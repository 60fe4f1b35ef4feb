"""One running host for all tests that do not change how it scales."""

from collections.abc import Iterator

import pytest

from tests.local.functions.running import Running, function


@pytest.fixture(scope="package")
def running() -> Iterator[Running]:
    functions = (
        function("acting"),
        function("quick", timeout_seconds=1),
        function("single", reserved_concurrency=1),
        function("broken", handler="broken.handler"),
        function("exiting", handler="exiting.handler"),
        function("nameless", handler="acting.behaviour.handel"),
    )
    with Running(*functions) as running:
        yield running
