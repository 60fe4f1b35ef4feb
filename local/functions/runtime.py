"""What Lambda's Python runtime gives a function: its libraries and its environment variables."""

import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from local.functions.function import LATEST, Function

# The runtime client and the AWS SDK, with what they import.
_LIBRARIES = (
    *("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"),
    *("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"),
)


def command(function: Function) -> list[str]:
    """The process of one environment: no site-packages, no script directory, no .pyc written."""
    return [sys.executable, "-S", "-P", "-B", "-m", "awslambdaric", function.handler]


def link_libraries(directory: Path) -> None:
    """Makes a directory of links to what Lambda's runtime ships.

    A function sees these and its own asset, so that a library or a module of this repository that
    was not packaged fails here as it would on AWS.
    """
    directory.mkdir()
    for name in _LIBRARIES:
        found = find_spec(name)
        if found is None or found.origin is None:
            raise ModuleNotFoundError(name)
        origin = Path(found.origin)
        path = origin.parent if origin.name == "__init__.py" else origin
        (directory / path.name).symlink_to(path)


def variables(
    function: Function,
    runtime_api: str,
    home: Path,
    *,
    region: str,
    endpoint_url: str,
    credentials: Callable[[str], Mapping[str, str]],
    libraries: Path,
) -> dict[str, str]:
    """A function's whole environment: nothing of the caller's shell, AWS profile or proxy."""
    session = credentials(function.role_arn)
    stream = f"{datetime.now(UTC):%Y/%m/%d}/[{LATEST}]{uuid4().hex}"
    given = {
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
    }
    reserved = {
        "_HANDLER": function.handler,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": LATEST,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": "Text",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group or f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_RUNTIME_DIR": str(libraries),
        "LAMBDA_TASK_ROOT": str(function.asset),
        "PYTHONPATH": os.pathsep.join((str(function.asset), str(libraries))),
    }
    # Not Lambda's: these keep the account, the home and the proxy of this machine out.
    local = {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "HOME": str(home),
        "TMPDIR": str(home),
        "NO_PROXY": "*",
    }
    return {**given, **function.environment, **reserved, **session, **local}
