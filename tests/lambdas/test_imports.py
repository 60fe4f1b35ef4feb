"""What each function imports when Lambda starts it, which is most of a cold start."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import lambdas
from lambdas.common.environment import ValidateEnvironment
from tests.environments import VALIDATE

ROOT = Path(lambdas.__file__).parents[1]

# What a function may import of the AWS SDK, with all that comes with it.
SDK = "import boto3, botocore.config; boto3.client('s3', region_name='us-east-1')"
PACKAGES = {
    "generate": {"common", "generate", "picture"},
    "store": {"common", "store", "picture"},
    "library": {"common", "library"},
}


def imported(code: str) -> set[str]:
    """Returns the modules of a new Python after some code."""
    asked = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    made = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return set(json.loads(made.stdout))


@pytest.fixture(scope="module")
def sdk() -> set[str]:
    return imported(SDK)


@pytest.mark.parametrize(("function", "packages"), PACKAGES.items(), ids=PACKAGES)
def test_a_function_imports_the_sdk_and_its_own_packages_alone(
    function: str, packages: set[str], sdk: set[str]
) -> None:
    more = imported(f"import lambdas.{function}.handler") - sdk

    own = {f"lambdas.{package}" for package in packages} | {"lambdas"}
    strangers = {name for name in more if ".".join(name.split(".")[:2]) not in own}
    assert not strangers


def test_validate_draws_without_the_sdk_and_with_few_modules() -> None:
    variables = ValidateEnvironment.variables(vars(VALIDATE))
    request = {"input": {"operation": "draw", "request": {"prompt": "a cat"}}, "execution_arn": ""}
    bare = imported("pass")

    modules = imported(
        f"import os, contextlib, io; os.environ.update({variables})\n"
        "from lambdas.validate.handler import handler\n"
        f"with contextlib.redirect_stdout(io.StringIO()): plan = handler({request}, None)\n"
        "assert plan['pictures'], plan\n"
        "pass"
    )

    libraries = {name.partition(".")[0] for name in modules - bare} - {"lambdas"}
    assert libraries <= sys.stdlib_module_names
    assert not {"boto3", "botocore", "urllib3", "ssl", "http", "email", "asyncio"} & modules
    assert len(modules - bare) < 90
