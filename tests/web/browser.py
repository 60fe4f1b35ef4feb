"""Debian's Chromium, or another that is there, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tests.share import WHOLE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip


class NoBrowserError(Exception):
    """There is no browser here; the message says how to get it."""


def lacking() -> str | None:
    """Says what is not here, and how to get it, or returns None."""
    if _path() is None:
        return "no browser is here: apt-get install chromium"
    if find_spec("playwright") is None:
        return "no Playwright is here: make .venv/.browser"
    return None


def skip_without_one() -> None:
    """Skips a module of tests in one line where no browser is to be opened."""
    import pytest

    if reason := lacking() if WHOLE else "make test-all opens a browser":
        pytest.skip(reason, allow_module_level=True)


@contextmanager
def opened() -> Iterator["Browser"]:
    """Opens a browser. Raises NoBrowserError."""
    if reason := lacking():
        raise NoBrowserError(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_path(), args=list(_OPTIONS))
        yield browser
        browser.close()


def _path() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)
