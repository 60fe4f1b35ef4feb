"""What Lambda's Invoke API answers, in the service's own words."""

from __future__ import annotations

import json
import signal

from local.functions.function import Invocation

REQUEST_LIMIT = 6_291_456
RESPONSE_LIMIT = 6_291_556


def succeeded(request_id: str, payload: bytes) -> Invocation:
    return Invocation(200, payload, None, request_id)


def unhandled(request_id: str, payload: bytes) -> Invocation:
    """A failure that the runtime has described itself."""
    return Invocation(200, payload, "Unhandled", request_id)


def failed(request_id: str, error_type: str, message: str) -> Invocation:
    return unhandled(request_id, _body(errorType=error_type, errorMessage=message))


def timed_out(request_id: str, seconds: int) -> Invocation:
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return failed(request_id, "Sandbox.Timedout", message)


def exited(request_id: str, returncode: int) -> Invocation:
    message = f"RequestId: {request_id} Error: {exit_reason(returncode)}"
    return failed(request_id, "Runtime.ExitError", message)


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
    return failed(request_id, "Function.ResponseSizeTooLarge", message)


def not_found(request_id: str, arn: str) -> Invocation:
    body = _body(Message=f"Function not found: {arn}", Type="User")
    return Invocation(404, body, None, request_id, "ResourceNotFoundException")


def throttled(request_id: str) -> Invocation:
    """The function's reserved concurrency is used up."""
    body = _body(
        Reason="ReservedFunctionConcurrentInvocationLimitExceeded",
        Type="User",
        message="Rate Exceeded.",
    )
    return Invocation(429, body, None, request_id, "TooManyRequestsException")


def request_too_large(request_id: str) -> Invocation:
    # The SDK's model calls this RequestTooLargeException; the service sends this name.
    body = _body(
        Message=f"Request must be smaller than {REQUEST_LIMIT} bytes "
        "for the InvokeFunction operation"
    )
    return Invocation(413, body, None, request_id, "RequestEntityTooLargeException")


def invalid_content(request_id: str, message: str) -> Invocation:
    body = _body(Type="User", message=message)
    return Invocation(400, body, None, request_id, "InvalidRequestContentException")


def invalid_parameter(request_id: str, message: str) -> Invocation:
    body = _body(Type="User", message=message)
    return Invocation(400, body, None, request_id, "InvalidParameterValueException")


def service_error(request_id: str, message: str) -> Invocation:
    body = _body(Type="Service", Message=message)
    return Invocation(500, body, None, request_id, "ServiceException")


def closed(request_id: str) -> Invocation:
    return service_error(request_id, "The function host was closed.")


def _body(**fields: str) -> bytes:
    return json.dumps(fields).encode()
