"""Waiting for what another process does."""

import time
from collections.abc import Callable


def wait_until(true: Callable[[], object], seconds: float = 30.0) -> None:
    """Return as soon as `true` holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"still not true after {seconds} s"
        time.sleep(0.02)
