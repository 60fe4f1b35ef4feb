"""What Lambda answers when an invocation fails, in the service's own words."""

import json
import signal

from local.functions.function import Invocation

RESPONSE_LIMIT = 6_291_556


def unhandled(request_id: str, payload: bytes) -> Invocation:
    """A failure that the runtime has described itself."""
    return Invocation(request_id, payload, function_error="Unhandled")


def failed(request_id: str, error_type: str, message: str) -> Invocation:
    body = {"errorType": error_type, "errorMessage": message}
    return unhandled(request_id, json.dumps(body).encode())


def ended(request_id: str, error_type: str, reason: str) -> Invocation:
    """The process ended, or was ended, before it had answered."""
    return failed(request_id, error_type, f"RequestId: {request_id} Error: {reason}")


def exit_reason(returncode: int) -> str:
    """A negative code is the signal that ended the process."""
    if returncode == 0:
        return "Runtime exited without providing a reason"
    if returncode > 0:
        return f"Runtime exited with error: exit status {returncode}"
    name = signal.strsignal(-returncode) or str(-returncode)
    return f"Runtime exited with error: signal: {name.partition(':')[0].lower()}"


def response_too_large(request_id: str) -> Invocation:
    limit = f"maximum allowed payload size ({RESPONSE_LIMIT} bytes)"
    message = f"Response payload size exceeded {limit}."
    return failed(request_id, "Function.ResponseSizeTooLarge", message)


def refused(request_id: str, status: int, error_type: str, **body: str) -> Invocation:
    """An error of the Invoke API: the function has not run."""
    return Invocation(request_id, json.dumps(body).encode(), status, error_type=error_type)


def throttled(request_id: str) -> Invocation:
    """The function's reserved concurrency is used up."""
    reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
    body = {"Reason": reason, "Type": "User", "message": "Rate Exceeded."}
    return refused(request_id, 429, "TooManyRequestsException", **body)


def service_error(request_id: str, message: str = "The function host was closed.") -> Invocation:
    return refused(request_id, 500, "ServiceException", Type="Service", Message=message)
