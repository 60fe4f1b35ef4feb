"""The function host against AWS's own runtime client: real processes, loopback only."""

from __future__ import annotations

import base64
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from local.functions import Function, FunctionHost, Invocation, InvokeApi, Scaling

pytestmark = pytest.mark.enable_socket

ASSET = Path(__file__).with_name("function_fixtures")
ROOT = Path(__file__).parents[2]
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

    def __enter__(self) -> Running:
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


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    functions = (
        function("acting"),
        function("quick", timeout_seconds=1),
        function("single", reserved_concurrency=1),
        function("broken", handler="broken.handler"),
        function("exiting", handler="exiting.handler"),
        function("nameless", handler="acting.behaviour.handel"),
    )
    with Running(*functions) as running:
        yield running


class TestEnvironment:
    def test_a_function_gets_its_variables_and_the_credentials_of_its_role(
        self, running: Running
    ) -> None:
        expected = {
            "STAGE": "local",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:8081",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": "acting",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/acting",
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "LAMBDA_TASK_ROOT": str(ASSET),
            "_HANDLER": "acting.behaviour.handler",
            "TZ": ":UTC",
        } | CREDENTIALS

        environment = running.result()["environment"]

        assert {name: environment.get(name) for name in expected} == expected
        assert "arn:aws:iam::123456789012:role/acting" in running.roles

    def test_nothing_of_the_callers_shell_reaches_a_function(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_PROFILE", "production")
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        monkeypatch.setenv("SECRET_OF_THE_SHELL", "1")

        with Running(function("acting")) as running:
            environment = running.result()["environment"]

        assert not {"AWS_PROFILE", "HTTPS_PROXY", "SECRET_OF_THE_SHELL"} & set(environment)
        assert str(ROOT) not in environment["PYTHONPATH"].split(os.pathsep)
        assert environment["HOME"] != os.environ.get("HOME")

    @pytest.mark.parametrize("module", ["local", "lambdas", "cdk", "tests", "moto", "PIL"])
    def test_what_the_asset_lacks_is_not_importable(self, running: Running, module: str) -> None:
        invocation = running.invoke(**{"import": module})

        assert read(invocation)["errorType"] == "ModuleNotFoundError"

    @pytest.mark.parametrize("module", ["boto3", "botocore.config", "urllib3", "dateutil"])
    def test_what_the_runtime_of_lambda_ships_is_importable(
        self, running: Running, module: str
    ) -> None:
        assert running.invoke(**{"import": module}).function_error is None

    def test_the_asset_is_the_working_directory_and_stays_as_it_was(self, running: Running) -> None:
        assert running.result()["directory"] == str(ASSET)
        assert not list(ASSET.rglob("__pycache__"))

    def test_the_context_tells_request_function_and_remaining_time(self, running: Running) -> None:
        context = '{"custom": {"from": "caller"}}'

        invocation = running.host.invoke("acting", b"{}", client_context=context)
        result = read(invocation)

        assert result["event"] == {}
        assert result["request_id"] == invocation.request_id
        assert result["arn"] == f"{ACCOUNT}:acting"
        assert 15_000 < result["remaining_ms"] <= 20_000
        assert result["client"] == {"from": "caller"}

    def test_what_a_function_writes_is_logged_and_a_traceback_is_one_event(
        self, running: Running
    ) -> None:
        running.invoke(**{"print": ["Größe", "x" * 300_000], "raise": "spout"})

        assert running.line("^Größe$")
        assert running.line("^x+$")
        assert "in _raise" in running.line(r"\[ERROR\] TeapotError: spout\nTraceback").string


class TestFailures:
    """The wording is Lambda's, because callers and state machines read it."""

    def test_an_error_of_the_function_is_answered_as_the_runtime_tells_it(
        self, running: Running
    ) -> None:
        invocation = running.invoke(**{"raise": "short and stout"})

        assert (invocation.status, invocation.function_error) == (200, "Unhandled")
        error = read(invocation)
        assert error["errorType"] == "TeapotError"
        assert error["errorMessage"] == "short and stout"
        assert error["requestId"] == invocation.request_id
        assert "behaviour.py" in error["stackTrace"][0]

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
        self, running: Running, event: dict[str, Any], reason: str
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

    def test_a_timeout_kills_the_process_and_what_it_started(self, running: Running) -> None:
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

    def test_a_module_that_cannot_be_imported_fails_each_invocation_anew(
        self, running: Running
    ) -> None:
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

    def test_a_handler_that_is_not_there_is_named(self, running: Running) -> None:
        error = read(running.invoke("nameless"))

        assert error["errorType"] == "Runtime.HandlerNotFound"
        assert error["errorMessage"] == "Handler 'handel' missing on module 'acting.behaviour'"

    def test_a_process_that_ends_before_it_is_ready_is_an_exit_error(
        self, running: Running
    ) -> None:
        invocation = running.invoke("exiting")

        reason = "Runtime exited with error: exit status 3"
        assert read(invocation) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {invocation.request_id} Error: {reason}",
        }
        assert running.line("about to leave")

    def test_a_response_over_the_limit_is_a_function_error(self, running: Running) -> None:
        largest = running.invoke(response_bytes=6_291_556)
        too_large = running.invoke(response_bytes=6_291_557)

        assert (len(largest.payload), largest.function_error) == (6_291_556, None)
        assert too_large.function_error == "Unhandled"
        assert read(too_large) == {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size "
            "(6291556 bytes).",
        }

    def test_credentials_that_cannot_be_had_are_a_service_error(self) -> None:
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


class TestScaling:
    def test_an_environment_is_reused_while_it_is_warm(self, running: Running) -> None:
        first, second = running.result(), running.result()

        assert second["pid"] == first["pid"]
        assert second["invocations"] == first["invocations"] + 1

    def test_long_invocations_run_in_parallel(self) -> None:
        with Running(function("acting")) as running, ThreadPoolExecutor(30) as callers:
            began = time.monotonic()
            pids = set(callers.map(lambda _: running.result(sleep=1)["pid"], range(30)))
            took = time.monotonic() - began

        assert len(pids) > 15
        assert took < 8

    def test_short_invocations_share_a_few_environments(self) -> None:
        with Running(function("acting")) as running, ThreadPoolExecutor(50) as callers:
            pids = set(callers.map(lambda _: running.result(sleep=0.01)["pid"], range(50)))

        assert len(pids) < 25

    def test_invocations_beyond_the_environments_wait(self) -> None:
        with (
            Running(function("acting"), environments=2) as running,
            ThreadPoolExecutor(6) as callers,
        ):
            pids = set(callers.map(lambda _: running.result(sleep=0.2)["pid"], range(6)))

        assert len(pids) == 2

    def test_idle_environments_end_all_but_one(self) -> None:
        with (
            Running(function("acting"), idle_seconds=0.3) as running,
            ThreadPoolExecutor(4) as callers,
        ):
            pids = list(callers.map(lambda _: running.result(sleep=0.5)["pid"], range(4)))

            assert len(set(pids)) > 1
            assert eventually(lambda: sum(map(alive, pids)) == 1)
            assert running.result()["pid"] in pids

    def test_an_environment_whose_credentials_age_is_replaced(self) -> None:
        with Running(function("acting"), renew_seconds=0.3) as running:
            first = running.result()["pid"]
            time.sleep(0.4)

            assert running.result()["pid"] != first
            assert len(running.roles) >= 2

    def test_an_invocation_over_the_reserved_concurrency_is_throttled(
        self, running: Running
    ) -> None:
        with ThreadPoolExecutor(1) as caller:
            busy = caller.submit(running.result, "single", print=["at work"], sleep=0.5)
            running.line("^at work$")

            refused = running.invoke("single")

            assert (refused.status, refused.error_type) == (429, "TooManyRequestsException")
            assert read(refused) == {
                "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
                "Type": "User",
                "message": "Rate Exceeded.",
            }
            busy.result()
        assert running.invoke("single").status == 200

    def test_no_reserved_concurrency_at_all_throttles_everything(self) -> None:
        with Running(function("acting", reserved_concurrency=0)) as running:
            assert running.invoke().status == 429


class TestEnd:
    def test_close_leaves_neither_process_nor_thread_and_answers_what_runs(self) -> None:
        threads = set(threading.enumerate())
        with ThreadPoolExecutor(1) as caller:
            with Running(function("acting"), function("other")) as running:
                idle = running.result("other")["pid"]
                lost = caller.submit(running.invoke, spawn=30, sleep=30)
                spawned = int(running.line(r"^\d+$")[0])
                began = time.monotonic()
            took = time.monotonic() - began

            assert lost.result().error_type == "ServiceException"
        assert took < 3
        assert not alive(idle)
        assert eventually(lambda: not alive(spawned))
        assert eventually(lambda: set(threading.enumerate()) <= threads)
        with pytest.raises(RuntimeError, match="not running"):
            running.invoke()

    def test_functions_do_not_outlive_a_host_that_is_killed(self, tmp_path: Path) -> None:
        program = (
            "import sys, threading; sys.path.insert(0, 'tests/local')\n"
            "from test_function_host import Running, function\n"
            "with Running(function('acting'), function('idle')) as running:\n"
            "    print(running.result('idle')['pid'], flush=True)\n"
            "    event = {'spawn': 30, 'sleep': 30}\n"
            "    threading.Thread(target=running.invoke, kwargs=event, daemon=True).start()\n"
            "    print(running.line(r'^\\d+$')[0], flush=True)\n"
            "    threading.Event().wait()\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=os.environ | {"TMPDIR": str(tmp_path)},
            stdout=subprocess.PIPE,
            text=True,
        ) as host:
            assert host.stdout is not None
            pids = [int(host.stdout.readline()), int(host.stdout.readline())]
            assert all(map(alive, pids))

            host.send_signal(signal.SIGKILL)

        assert eventually(lambda: not any(map(alive, pids)))


class TestInvokeApi:
    @pytest.fixture
    def client(self, running: Running) -> Client:
        return Client(InvokeApi(running.host))

    @pytest.mark.parametrize(
        ("name", "query"),
        [
            ("acting", {}),
            ("acting:$LATEST", {}),
            (f"{ACCOUNT}:acting", {}),
            ("123456789012:function:acting", {}),
            ("acting", {"Qualifier": "$LATEST"}),
        ],
        ids=["name", "version", "arn", "partial arn", "qualifier"],
    )
    def test_a_result_is_the_body_of_a_200(
        self, client: Client, name: str, query: dict[str, str]
    ) -> None:
        response = client.post(
            f"/2015-03-31/functions/{name}/invocations", query_string=query, data=b'{"tea": 1}'
        )

        assert response.status_code == 200
        assert response.get_json()["event"] == {"tea": 1}
        assert response.headers["X-Amz-Executed-Version"] == "$LATEST"
        assert "X-Amz-Function-Error" not in response.headers

    def test_a_failed_function_is_a_200_with_a_header(self, client: Client) -> None:
        response = client.post(
            "/2015-03-31/functions/acting/invocations", data=b'{"raise": "steam"}'
        )

        assert response.status_code == 200
        assert response.headers["X-Amz-Function-Error"] == "Unhandled"
        assert response.headers["x-amzn-RequestId"] == response.get_json()["requestId"]
        assert response.get_json()["errorMessage"] == "steam"

    def test_a_dry_run_runs_nothing(self, running: Running, client: Client) -> None:
        before = running.result()["invocations"]

        response = client.post(
            "/2015-03-31/functions/acting/invocations", headers={"X-Amz-Invocation-Type": "DryRun"}
        )

        assert (response.status_code, response.data) == (204, b"")
        assert running.result()["invocations"] == before + 1

    @pytest.mark.parametrize(
        ("name", "body", "headers", "status", "error", "message"),
        [
            (
                "missing",
                b"{}",
                {},
                404,
                "ResourceNotFoundException",
                f"Function not found: {ACCOUNT}:missing",
            ),
            (
                "acting:7",
                b"{}",
                {},
                404,
                "ResourceNotFoundException",
                f"Function not found: {ACCOUNT}:acting:7",
            ),
            (
                "acting",
                b'"' + b"x" * 6_291_455 + b'"',
                {},
                413,
                "RequestEntityTooLargeException",
                "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
            ),
            (
                "acting",
                b"{",
                {},
                400,
                "InvalidRequestContentException",
                "Could not parse request body into json: Could not parse payload into json: "
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
            ),
            (
                "acting",
                b"{}",
                {"X-Amz-Client-Context": "no base64"},
                400,
                "InvalidRequestContentException",
                "Client context must be a valid Base64-encoded JSON object.",
            ),
            (
                "acting",
                b"{}",
                {"X-Amz-Invocation-Type": "Event"},
                400,
                "InvalidParameterValueException",
                "Invocation type 'Event' is not supported on this machine.",
            ),
        ],
        ids=["unknown", "unknown version", "too large", "no json", "client context", "event"],
    )
    def test_an_error_of_the_api_has_its_type_in_a_header(
        self,
        client: Client,
        name: str,
        body: bytes,
        headers: dict[str, str],
        status: int,
        error: str,
        message: str,
    ) -> None:
        response = client.post(
            f"/2015-03-31/functions/{name}/invocations", data=body, headers=headers
        )

        assert response.status_code == status
        assert response.headers["x-amzn-ErrorType"] == error
        answer = response.get_json()
        assert answer.get("Message", answer.get("message")) == message

    def test_the_largest_payload_reaches_the_function(self, client: Client) -> None:
        body = b'{"response_bytes": 5, "padding": "'.ljust(6_291_454, b"x") + b'"}'

        response = client.post("/2015-03-31/functions/acting/invocations", data=body)

        assert len(body) == 6_291_456
        assert (response.status_code, response.data) == (200, b'"xxx"')

    def test_only_post_invokes(self, client: Client) -> None:
        assert client.get("/2015-03-31/functions/acting/invocations").status_code == 405
        assert client.post("/2015-03-31/functions").status_code == 404
