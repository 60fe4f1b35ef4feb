"""A browser, and the local stack whose playground it opens."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.local_client import LocalClient, drawing_within, running
from tests.web.browser import opened
from tests.web.tab import Tab

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with opened() as browser:
        yield browser


@pytest.fixture(scope="module")
def easel(browser: "Browser") -> Iterator[LocalClient]:
    """A stack that offers no retired models, and soon answers that a picture takes too long."""
    with running(settings={"allow_retired_models": False}, change=drawing_within(12)) as client:
        yield client


@pytest.fixture
def tab(browser: "Browser", easel: LocalClient) -> Iterator[Tab]:
    easel.plan()
    with Tab.of(browser, easel) as tab:
        yield tab
