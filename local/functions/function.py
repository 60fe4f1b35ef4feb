"""A function as the template declares it, a request to run it, and what Invoke answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.faults import Fault

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

    @property
    def package(self) -> str:
        """The package that its handler is in: `generate` of `lambdas.generate.handler.handler`."""
        return self.handler.split(".")[-3]


@dataclass(frozen=True)
class Request:
    """`fault` happens to the process that runs it."""

    id: str
    payload: bytes
    trace_id: str
    fault: "Fault | None" = None


@dataclass(frozen=True)
class Invocation:
    """What Invoke answers: the function's payload, or (with `error_type`) the API's own error."""

    request_id: str
    payload: bytes
    status: int = 200
    function_error: str | None = None
    error_type: str | None = None
