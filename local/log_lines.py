"""Log events of functions, as a person reads them in a terminal."""

import json
import logging
from typing import Any

from easel.display import clean


def readable(event: str) -> str:
    """One short line, or none where the runtime's own line of the same failure follows."""
    try:
        line = json.loads(event)
    except ValueError:
        return _failure(event)
    if not isinstance(line, dict) or "event" not in line:
        return event
    return "" if "outcome" in line and "error" in line else _told(line)


def printable(text: str) -> str:
    """Returns text that cannot steer a terminal. Lines after the first are indented, so that none
    passes for another log line."""
    return "\n    ".join(map(clean, text.rstrip().split("\n")))


def make_printable(record: logging.LogRecord) -> bool:
    """A filter of loggers."""
    record.msg, record.args = printable(record.getMessage()), ()
    return True


def _told(line: dict[str, Any]) -> str:
    facts = [
        f"{line['duration_ms']:.0f} ms" if "duration_ms" in line else "",
        line.get("error", ""),
        line.get("model", ""),
        line.get("picture_id", ""),
    ]
    return " ".join([line["event"], *filter(None, facts)])


def _failure(event: str) -> str:
    """An error that answers a caller in one line, without its trace."""
    first = event.partition("\n")[0]
    try:
        answer = json.loads(first.partition(": ")[2])
        return f"{answer['class']}: {answer['error']['message']} {answer['detail'] or ''}".strip()
    except (ValueError, KeyError, TypeError):
        return event
