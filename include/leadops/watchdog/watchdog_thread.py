"""Lets a watchdog look again and again, in a thread of its own or in the caller's."""

import logging
import threading
from collections.abc import Callable

from leadops.watchdog.watchdog import Watchdog
from leadops.watchdog.watchdog_config import WatchdogConfig

log = logging.getLogger(__name__)

#: Seconds between two looks.
LOOK_EVERY = 10.0


class WatchdogThread(threading.Thread):
    """A watchdog in a thread of its own; whatever happens in a look, the next one follows."""

    def __init__(self, config: WatchdogConfig) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._watchdog = Watchdog(config)
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Look until stopped."""
        watch_until(self._stop_asked, self._watchdog)

    def stop(self, *, seconds: float) -> None:
        """Stop it, and wait at most `seconds` for the current look."""
        self._stop_asked.set()
        self.join(timeout=seconds)


def watch_until(
    stop_asked: threading.Event, watchdog: Watchdog, *, after: Callable[[], None] = lambda: None
) -> None:
    """Look every few seconds until `stop_asked`; call `after` after each look."""
    while not stop_asked.is_set():
        try:
            watchdog.look()
        except Exception as error:
            log.warning("a look of the watchdog failed: %s", type(error).__name__)
        after()
        stop_asked.wait(LOOK_EVERY)
