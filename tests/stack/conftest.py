"""The command `easel`, at a stack that the tests of a class share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local_client import LocalClient, drawing_within, running
from tests.stack.command_line import CommandLine


@pytest.fixture(scope="class")
def stack(request: pytest.FixtureRequest) -> Iterator[LocalClient]:
    """A class may have a stack with less time for drawing."""
    seconds = getattr(request.cls, "drawing_seconds", 19)
    with running(change=drawing_within(seconds)) as client:
        yield client


@pytest.fixture
def easel(stack: LocalClient, tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path, stack)
