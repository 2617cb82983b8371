"""A dead man's switch: another service alerts when our calls stop, even if this machine is gone."""

import http.client
import logging
import threading
import time
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

log = logging.getLogger(__name__)

#: Seconds between two calls, and to wait for one.
EVERY, TIMEOUT = 60.0, 10.0


class DeadMansSwitch:
    """Calls `url` at most once a minute, as long as `beat` is called; `ticks` counts seconds.

    The URL is a secret: it is in no log and in no error. Whatever becomes of a call, `beat` returns at once.
    """

    def __init__(self, url: str, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._url, self._ticks = url, ticks
        self._next = ticks()
        self._call: threading.Thread | None = None
        self._problem = ""

    def beat(self) -> None:
        """All is well: call, unless the last call is too recent or has not ended."""
        if self._ticks() < self._next or (self._call and self._call.is_alive()):
            return
        self._next = self._ticks() + EVERY
        self._call = threading.Thread(target=self._get, name="dead-mans-switch", daemon=True)
        self._call.start()

    def _get(self) -> None:
        problem = ""
        try:
            with urllib.request.urlopen(self._url, timeout=TIMEOUT) as answer:  # noqa: S310  http(s) only
                answer.read(1024)
        except (OSError, http.client.HTTPException, ValueError) as error:
            code = getattr(error, "code", "")
            problem = f"{type(error).__name__} {code}".strip()  # its own words may hold the URL
        if problem != self._problem:
            log.warning("the dead man's switch %s", f"fails: {problem}" if problem else "answers again")
        self._problem = problem


def open_switch(url: str) -> DeadMansSwitch | None:
    """Return the switch at `url` (LEADOPS_HEARTBEAT_URL), or None where there is none.

    A URL that cannot be called is a warning: nothing else may depend on it, and the other service alerts.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_usable = False
    if not is_usable:
        log.warning("LEADOPS_HEARTBEAT_URL is not an address such as https://hc-ping.com/…; it is not called")
        return None
    return DeadMansSwitch(url)
