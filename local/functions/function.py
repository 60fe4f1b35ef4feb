"""A function as the template declares it, and what invoking it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LATEST = "$LATEST"


@dataclass(frozen=True)
class Function:
    """One AWS::Lambda::Function of the deployed template, resolved; `asset` is its staged code."""

    name: str
    arn: str
    handler: str
    asset: Path
    environment: Mapping[str, str]
    timeout_seconds: int
    memory_mb: int
    role_arn: str
    reserved_concurrency: int | None = None
    tracing: bool = False
    runtime: str = "python3.13"
    log_group: str | None = None
    log_format: str = "Text"
    log_level: str | None = None


@dataclass(frozen=True)
class Invocation:
    """What Invoke answers: the function's payload, or (with `error_type`) the API's own error."""

    status: int
    payload: bytes
    function_error: str | None
    request_id: str
    error_type: str | None = None
