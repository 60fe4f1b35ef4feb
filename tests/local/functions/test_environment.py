"""What a function finds where it runs, and what becomes of what it writes."""

import os

import pytest

from tests.local.functions.running import ACCOUNT, ASSET, CREDENTIALS, ROOT, Running, function, read

pytestmark = pytest.mark.enable_socket


def test_a_function_gets_its_variables_and_the_credentials_of_its_role(running: Running) -> None:
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


def test_nothing_of_the_callers_shell_reaches_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_what_the_asset_lacks_is_not_importable(running: Running, module: str) -> None:
    invocation = running.invoke(**{"import": module})

    assert read(invocation)["errorType"] == "ModuleNotFoundError"


@pytest.mark.parametrize("module", ["boto3", "botocore.config", "urllib3", "dateutil"])
def test_what_the_runtime_of_lambda_ships_is_importable(running: Running, module: str) -> None:
    assert running.invoke(**{"import": module}).function_error is None


def test_the_asset_is_the_working_directory_and_stays_as_it_was(running: Running) -> None:
    assert running.result()["directory"] == str(ASSET)
    assert not list(ASSET.rglob("__pycache__"))


def test_the_context_tells_request_function_and_remaining_time(running: Running) -> None:
    invocation = running.host.invoke("acting", b"{}")
    result = read(invocation)

    assert result["request_id"] == invocation.request_id
    assert result["arn"] == f"{ACCOUNT}:acting"
    assert 15_000 < result["remaining_ms"] <= 20_000


def test_what_a_function_writes_is_logged_and_a_traceback_is_one_event(running: Running) -> None:
    running.invoke(**{"print": ["Größe", "x" * 300_000], "raise": "spout"})

    assert running.line("^Größe$")
    assert running.line("^x+$")
    assert "in _raise" in running.line(r"\[ERROR\] TeapotError: spout\nTraceback").string
