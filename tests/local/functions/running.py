"""A function host for a test: real processes under AWS's own runtime client, loopback only."""

import json
import os
import queue
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from local.functions import Function, FunctionHost, Invocation, Scaling

ASSET = Path(__file__).parents[1] / "function_fixtures"
ROOT = Path(__file__).parents[3]
ACCOUNT = "arn:aws:lambda:eu-central-1:123456789012:function"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
}


def function(name: str, *, handler: str = "acting.behaviour.handler", **given: Any) -> Function:
    settings: dict[str, Any] = {
        "asset": ASSET,
        "environment": {"STAGE": "local"},
        "timeout_seconds": 20,
        "memory_mb": 256,
        "role_arn": f"arn:aws:iam::123456789012:role/{name}",
    }
    return Function(name=name, arn=f"{ACCOUNT}:{name}", handler=handler, **settings | given)


class Running:
    """A host, the lines that its functions wrote, and the roles that it took credentials for."""

    def __init__(self, *functions: Function, **scaling: Any) -> None:
        self.lines: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self.roles: list[str] = []
        self.host = FunctionHost(
            functions,
            region="eu-central-1",
            endpoint_url="http://127.0.0.1:8081",
            credentials=self._credentials,
            log=lambda name, line: self.lines.put((name, line)),
            scaling=Scaling(**scaling),
        )

    def _credentials(self, role: str) -> dict[str, str]:
        self.roles.append(role)
        return CREDENTIALS

    def __enter__(self) -> Self:
        self.host.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.host.__exit__()

    def invoke(self, name: str = "acting", /, **event: Any) -> Invocation:
        return self.host.invoke(name, json.dumps(event).encode())

    def result(self, name: str = "acting", /, **event: Any) -> dict[str, Any]:
        invocation = self.invoke(name, **event)
        assert invocation.function_error is None, invocation.payload
        return read(invocation)

    def line(self, pattern: str) -> re.Match[str]:
        """The next line that matches; lines before it are dropped."""
        while True:
            _, line = self.lines.get(timeout=5)
            if (match := re.search(pattern, line)) is not None:
                return match


def read(invocation: Invocation) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(invocation.payload)
    return result


def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    try:
        os.kill(pid, 0)
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
