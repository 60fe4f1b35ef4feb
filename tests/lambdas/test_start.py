"""A function's clients: made when Lambda starts it, before its first request."""

import subprocess
import sys
from dataclasses import fields

import pytest

from lambdas.common.environment import ENVIRONMENTS

MADE = """
import sys
from importlib import import_module
handler = import_module(f"lambdas.{sys.argv[1]}.handler")
clients = [getattr(handler, name) for name in sys.argv[2:]]
sys.exit(any(client.cache_info().currsize != 1 for client in clients))
"""


@pytest.mark.parametrize(
    ("function", "clients"),
    [
        ("generate", ["_bucket", "_bedrock"]),
        ("store", ["_s3", "_guardrail"]),
        ("library", ["_s3"]),
        ("delete", ["_s3"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_clients_are_made_while_lambda_starts_a_function(function: str, clients: list[str]) -> None:
    variables = {each.name.upper(): "1" for each in fields(ENVIRONMENTS[function])}
    lambdas = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001", "AWS_DEFAULT_REGION": "eu-west-1"}
    variables["BEDROCK_REGION"] = "us-west-2"

    made = subprocess.run(
        [sys.executable, "-c", MADE, function, *clients], env=variables | lambdas, check=False
    )

    assert made.returncode == 0
