"""A function that does what its event asks for, in the order of its fields."""

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

_invocations = 0


class TeapotError(Exception):
    """Stands for an error class of a function."""


def handler(event: dict[str, Any], context: Any) -> Any:
    global _invocations
    _invocations += 1
    for action, argument in event.items():
        if action in _ACTIONS:
            _ACTIONS[action](argument)
    if "response_bytes" in event:
        return "x" * (event["response_bytes"] - 2)  # the quotes count
    return {
        "event": event,
        "pid": os.getpid(),
        "invocations": _invocations,
        "environment": dict(os.environ),
        "directory": os.getcwd(),  # noqa: PTH109
        "remaining_ms": context.get_remaining_time_in_millis(),
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
    }


def _raise(message: str) -> None:
    raise TeapotError(message)


def _print(lines: list[str]) -> None:
    for line in lines:
        print(line)


def _spawn(seconds: float) -> None:
    child = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"])
    print(child.pid)


def _kill(name: str) -> None:
    os.kill(os.getpid(), signal.Signals[name])


_ACTIONS: Mapping[str, Callable[[Any], object]] = {
    "print": _print,
    "spawn": _spawn,
    "import": importlib.import_module,
    "sleep": time.sleep,
    "raise": _raise,
    "exit": os._exit,
    "kill": _kill,
}
