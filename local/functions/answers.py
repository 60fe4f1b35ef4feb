"""What Lambda answers when an invocation fails, in the service's own words."""

from __future__ import annotations

import json
import signal

from local.functions.function import Invocation

RESPONSE_LIMIT = 6_291_556


def unhandled(request_id: str, payload: bytes) -> Invocation:
    """A failure that the runtime has described itself."""
    return Invocation(request_id, payload, function_error="Unhandled")


def timed_out(request_id: str, seconds: int) -> Invocation:
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return _failed(request_id, "Sandbox.Timedout", message)


def exited(request_id: str, reason: str) -> Invocation:
    return _failed(request_id, "Runtime.ExitError", f"RequestId: {request_id} Error: {reason}")


def exit_reason(returncode: int) -> str:
    """How Lambda tells of a process that ended; a negative code is the signal that ended it."""
    if returncode == 0:
        return "Runtime exited without providing a reason"
    if returncode > 0:
        return f"Runtime exited with error: exit status {returncode}"
    name = signal.strsignal(-returncode) or str(-returncode)
    return f"Runtime exited with error: signal: {name.partition(':')[0].lower()}"


def response_too_large(request_id: str) -> Invocation:
    limit = f"maximum allowed payload size ({RESPONSE_LIMIT} bytes)"
    message = f"Response payload size exceeded {limit}."
    return _failed(request_id, "Function.ResponseSizeTooLarge", message)


def throttled(request_id: str) -> Invocation:
    """The function's reserved concurrency is used up."""
    return refused(
        request_id,
        429,
        "TooManyRequestsException",
        Reason="ReservedFunctionConcurrentInvocationLimitExceeded",
        Type="User",
        message="Rate Exceeded.",
    )


def service_error(request_id: str, message: str) -> Invocation:
    return refused(request_id, 500, "ServiceException", Type="Service", Message=message)


def closed(request_id: str) -> Invocation:
    return service_error(request_id, "The function host was closed.")


def refused(request_id: str, status: int, error_type: str, **body: str) -> Invocation:
    """An error of the Invoke API: the function has not run."""
    return Invocation(request_id, json.dumps(body).encode(), status, error_type=error_type)


def _failed(request_id: str, error_type: str, message: str) -> Invocation:
    body = {"errorType": error_type, "errorMessage": message}
    return unhandled(request_id, json.dumps(body).encode())
