"""Log lines in a terminal: short, and unable to steer it."""

import json
import logging

import pytest

from local.log_lines import make_printable, printable, readable

STEERING = ("\x1b[2J", "\x9b2J", "\x07", "\b", "\r", "\x7f", "\u202e", "\u2028", "\x85")


@pytest.mark.parametrize("sequence", STEERING, ids=ascii)
def test_nothing_steers_the_terminal(sequence: str) -> None:
    shown = printable(f"a{sequence}b")

    assert shown.isprintable()
    assert (shown[0], shown[-1]) == ("a", "b")


def test_what_people_write_is_shown_as_it_is() -> None:
    assert printable("Ein Übermut, 猫 🐈: {}") == "Ein Übermut, 猫 🐈: {}"


def test_a_line_within_a_text_passes_for_no_other_log_line() -> None:
    assert printable("GET /images\nGET /forged 200\n") == "GET /images\n    GET /forged 200"


@pytest.mark.parametrize("name", ["event", "error", "model", "picture_id"])
def test_what_a_function_logs_steers_nothing(name: str) -> None:
    event = json.dumps({"event": "drawn", "duration_ms": 5, name: "\x1b]0;title\x07"})

    assert "\x1b" not in printable(readable(event))


def test_what_a_server_logs_steers_nothing() -> None:
    record = logging.LogRecord("werkzeug", logging.ERROR, "", 1, "no %s", ("\x1b[31m",), None)

    assert make_printable(record)
    assert record.getMessage() == "no  [31m"
