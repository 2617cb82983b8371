"""The settings in force, as the tasks of this machine have them; read again after a minute."""

import threading
import time
from collections.abc import Callable
from datetime import datetime

from leadops.configuration import Config
from leadops.dashboard.page_database import refuse_no_url
from leadops.db import Connection, connect

#: Seconds for which the settings are kept; reading them costs some hundredths of a second.
KEPT_SECONDS = 60.0


class KeptConfig:
    """Reads the files or, where one is broken, the settings kept in the database; records nothing."""

    def __init__(
        self, url: str, *, clock: Callable[[], datetime], ticks: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the libpq URL of the role `page`, the clock (UTC), and what counts seconds."""
        self._url, self._clock, self._ticks = url, clock, ticks
        self._lock = threading.Lock()
        self._config: Config | None = None
        self._read_at = 0.0

    def read(self) -> Config:
        """Return the settings in force."""
        with self._lock:
            now = self._ticks()
            if self._config is None or now - self._read_at >= KEPT_SECONDS:
                self._config, self._read_at = self._find(), now
            return self._config

    def _find(self) -> Config:
        return Config.in_force(
            part="tasks",
            open_database=self._open,
            clock=self._clock,
            sleep=time.sleep,
            records=False,
            needs_database=False,
        )

    def _open(self) -> Connection:
        return connect(refuse_no_url(self._url), application="leadops page")
