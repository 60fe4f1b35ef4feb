"""Debian's Chromium, or another that is there, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip


class NoBrowserError(Exception):
    """There is no browser here; the message says how to get it."""


@contextmanager
def opened() -> Iterator["Browser"]:
    """Opens a browser. Raises NoBrowserError."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        raise NoBrowserError("no browser is here: apt-get install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise NoBrowserError("no Playwright is here: make .venv/.browser") from None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_OPTIONS))
        yield browser
        browser.close()
