"""Waiting for what another process or tab does: until it is so, not for a time that fits one machine."""

import time
from collections.abc import Callable
from typing import Any

#: Seconds after which a test fails: far more than it takes on a busy machine.
PATIENCE = 60.0


def wait_until(condition: Callable[[], Any], *, seconds: float = PATIENCE, pause: float = 0.02) -> Any:
    """Return what `condition` returns once that is true; ask every `pause` seconds, fail after `seconds`."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, f"still not true after {seconds:g} s"
        time.sleep(pause)
    return found
