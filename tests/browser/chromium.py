"""The browser that the tests drive: the system's Chromium, or else Playwright's own."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.sync_api import expect

#: What a page shows in the end is waited for as long as a busy machine takes; Playwright's default is 5 s.
expect.set_options(timeout=60_000)

#: The shell has no windows, tabs or menus of its own: a page costs a quarter of the CPU time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

#: All of *.example is here; nothing of the browser's own goes out.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP *.example 127.0.0.1",
)


def find_chromium(playwrights_own: str, *, path: str | None = None) -> str | None:
    """Return the Chromium found on `path` (default: PATH), else `playwrights_own` if it is there."""
    for name in NAMES:
        if found := shutil.which(name, path=path):
            return found
    return playwrights_own if Path(playwrights_own).is_file() else None


def require_chromium(found: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Return `found`; where there is none skip the test, or, with CI=true, fail it."""
    if found:
        return found
    reason = (
        "NO BROWSER, so leadops.js is NOT TESTED: install Chromium (apt-get install chromium-headless-shell,"
        " or .venv/bin/playwright install chromium)"
    )
    if environment.get("CI", "").lower() == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
