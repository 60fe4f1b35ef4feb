"""Failures of a function. The wording is Lambda's, because callers and state machines read it."""

import time
from typing import Any

import pytest

from local.functions import FunctionHost
from tests.local.functions.running import Running, alive, eventually, function, read

pytestmark = pytest.mark.enable_socket


def test_an_error_of_the_function_is_answered_as_the_runtime_tells_it(running: Running) -> None:
    invocation = running.invoke(**{"raise": "short and stout"})

    assert (invocation.status, invocation.function_error) == (200, "Unhandled")
    error = read(invocation)
    assert error["errorType"] == "TeapotError"
    assert error["errorMessage"] == "short and stout"
    assert error["requestId"] == invocation.request_id
    assert "behaviour.py" in error["stackTrace"][0]


def test_an_error_with_a_long_message_is_answered_whole(running: Running) -> None:
    error = read(running.invoke(**{"raise": "x" * 300_000}))

    assert error["errorMessage"] == "x" * 300_000


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"exit": 1}, "Runtime exited with error: exit status 1"),
        ({"exit": 0}, "Runtime exited without providing a reason"),
        ({"kill": "SIGKILL"}, "Runtime exited with error: signal: killed"),
        ({"kill": "SIGTERM"}, "Runtime exited with error: signal: terminated"),
        ({"kill": "SIGSEGV"}, "Runtime exited with error: signal: segmentation fault"),
    ],
    ids=["status", "no status", "killed", "terminated", "crashed"],
)
def test_a_process_that_ends_in_an_invocation_is_an_exit_error_and_is_replaced(
    running: Running, event: dict[str, Any], reason: str
) -> None:
    before = running.result()["pid"]

    invocation = running.invoke(**event)

    assert invocation.function_error == "Unhandled"
    assert read(invocation) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {invocation.request_id} Error: {reason}",
    }
    assert running.line(f"^RequestId: {invocation.request_id} Error: {reason}")
    assert running.result()["pid"] != before


def test_a_timeout_kills_the_process_and_what_it_started(running: Running) -> None:
    pid = running.result("quick")["pid"]
    began = time.monotonic()

    invocation = running.invoke("quick", spawn=30, sleep=30)

    assert 0.9 < time.monotonic() - began < 2
    request_id = invocation.request_id
    assert invocation.function_error == "Unhandled"
    assert read(invocation) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds",
    }
    spawned = int(running.line(r"^\d+$")[0])
    assert running.line(f"Z {request_id} Task timed out after 1.00 seconds$")
    assert eventually(lambda: not alive(pid) and not alive(spawned))
    assert running.result("quick")["pid"] != pid


def test_a_module_that_cannot_be_imported_fails_each_invocation_anew(running: Running) -> None:
    for _ in range(2):
        roles = len(running.roles)
        invocation = running.invoke("broken")

        assert invocation.function_error == "Unhandled"
        assert read(invocation) == {
            "errorMessage": "Unable to import module 'broken': "
            "No module named 'left_out_of_the_asset'",
            "errorType": "Runtime.ImportModuleError",
            "requestId": "",
            "stackTrace": [],
        }
        assert len(running.roles) > roles


def test_a_handler_that_is_not_there_is_named(running: Running) -> None:
    error = read(running.invoke("nameless"))

    assert error["errorType"] == "Runtime.HandlerNotFound"
    assert error["errorMessage"] == "Handler 'handel' missing on module 'acting.behaviour'"


def test_a_process_that_ends_before_it_is_ready_is_an_exit_error(running: Running) -> None:
    invocation = running.invoke("exiting")

    reason = "Runtime exited with error: exit status 3"
    assert read(invocation) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {invocation.request_id} Error: {reason}",
    }
    assert running.line("about to leave")


def test_a_response_over_the_limit_is_a_function_error(running: Running) -> None:
    largest = running.invoke(response_bytes=6_291_556)
    too_large = running.invoke(response_bytes=6_291_557)

    assert (len(largest.payload), largest.function_error) == (6_291_556, None)
    assert too_large.function_error == "Unhandled"
    assert read(too_large) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
    }


def test_credentials_that_cannot_be_had_are_a_service_error() -> None:
    def refuse(role: str) -> dict[str, str]:
        raise PermissionError(role)

    host = FunctionHost(
        [function("acting")],
        region="eu-central-1",
        endpoint_url="http://127.0.0.1:8081",
        credentials=refuse,
        log=lambda name, line: None,
    )
    with host:
        invocation = host.invoke("acting", b"{}")

    assert (invocation.status, invocation.error_type) == (500, "ServiceException")
