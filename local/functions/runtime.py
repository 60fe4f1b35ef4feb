"""What Lambda's Python runtime gives a function: its libraries and its environment variables."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from uuid import uuid4

from local.functions.function import LATEST, Function

_LAUNCHER = Path(__file__).with_name("launcher.py")
_LIBRARIES = ("awslambdaric", "boto3")


def command(function: Function) -> list[str]:
    """The process of one environment: no site-packages, no script directory, no .pyc written."""
    return [sys.executable, "-S", "-P", "-B", str(_LAUNCHER), function.handler]


def link_libraries(directory: Path) -> None:
    """Fill `directory` with links to what Lambda's runtime ships: boto3, the runtime client, and
    what they require.

    A function sees these and its own asset, so that a library or a module of this repository that
    was not packaged fails here as it would on AWS.
    """
    for installed in _closure(_LIBRARIES):
        for name in {file.parts[0] for file in installed.files or ()}:
            if name not in {"..", "__pycache__"}:
                (directory / name).symlink_to(Path(str(installed.locate_file(name))).resolve())


def _closure(names: tuple[str, ...]) -> Iterator[Distribution]:
    pending, seen = list(names), set[str]()
    while pending:
        name = re.sub(r"[-_.]+", "-", pending.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # a requirement for another platform or Python
        yield found
        for requirement in found.requires or ():
            if "extra ==" not in requirement and (match := re.match(r"[\w.-]+", requirement)):
                pending.append(match[0])


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
