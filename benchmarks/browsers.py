"""The Chromium of this machine, where a row looks at pages."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: No request leaves this machine: some pages ask for scripts elsewhere, which may answer late.
_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

MISSING = "The browser's part is not measured: Playwright or Chromium is not installed."


def available() -> bool:
    """Return whether there is a browser, and what controls it."""
    return (
        shutil.which("chromium") is not None and importlib.util.find_spec("playwright") is not None
    )


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser, and close it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()
