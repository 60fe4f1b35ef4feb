"""The local stack's HTTP servers."""

import time
from collections.abc import Iterable

import pytest

from local.serving import Server

pytestmark = pytest.mark.enable_socket


def app(environ: object, start_response: object) -> Iterable[bytes]:
    raise AssertionError("nobody calls it")


def test_the_last_refusal_of_connections_counts() -> None:
    with Server(app, 0) as server:
        server.refuse(0.05)
        server.refuse(60)
        time.sleep(0.15)

        assert not server.is_open
