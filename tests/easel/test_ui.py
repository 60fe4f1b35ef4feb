"""`easel ui`: where it serves the playground, and how it ends."""

import json
import re
from typing import Any, Self

import pytest

from easel import loopback
from easel.exits import Exit
from tests.easel.command_line import DEPLOYED, CommandLine

ADDRESS = re.compile(r"http://127\.0\.0\.1:8090/[\w-]{20,}/\n")


class Server:
    """A server that is stopped at once."""

    server_port = 8090

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None: ...

    def serve_forever(self) -> None:
        raise KeyboardInterrupt


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Returns what servers were made with."""
    made: list[tuple[Any, ...]] = []

    def make_server(*given: Any) -> Server:
        made.append(given)
        return Server()

    monkeypatch.setattr(loopback, "make_server", make_server)
    return made


def test_its_address_is_this_machines_and_has_a_secret_that_is_new_each_time(
    easel: CommandLine, served: list[tuple[Any, ...]]
) -> None:
    first, other = easel("ui", "--endpoint", DEPLOYED), easel("ui", "--endpoint", DEPLOYED)

    assert ADDRESS.fullmatch(first.stdout)
    assert first.stdout != other.stdout
    assert DEPLOYED in first.stderr
    assert [given[:2] for given in served] == [("127.0.0.1", 8090)] * 2
    assert first.exit_code == Exit.OK


def test_it_opens_in_a_browser(easel: CommandLine, served: list[tuple[Any, ...]]) -> None:
    shown = easel("ui", "--open")

    assert [f"{url}\n" for url in easel.opened] == [shown.stdout]


def test_its_address_is_json_where_that_is_asked_for(
    easel: CommandLine, served: list[tuple[Any, ...]]
) -> None:
    assert json.loads(easel("ui", "--json").stdout)["url"].startswith("http://127.0.0.1:8090/")


def test_a_port_that_is_taken_is_one_line(
    easel: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*given: Any) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(loopback, "make_server", taken)

    ended = easel("ui", "--port", "9000")

    assert ended.exit_code == Exit.HERE
    assert "Port 9000 cannot be used: Address already in use. Choose another" in ended.stderr
