"""Hands on each look at people; a page that renews itself is one look for as long as it stays open."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from leadops.dashboard.reader import Look, Reader, RecordLooks

#: What the page Now shows all the time is one look an hour.
LASTING = frozenset({"incident"})
LASTS = timedelta(hours=1)


class LookLog:
    """Puts looks on record, without those that last."""

    def __init__(self, record: RecordLooks, *, clock: Callable[[], datetime]) -> None:
        """Take what puts looks on record, and the clock (UTC)."""
        self._record, self._clock = record, clock
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, Look], datetime] = {}

    def record(self, reader: Reader, looks: Sequence[Look]) -> None:
        """Put on record at what `reader` looks now; each thing once, however often it is shown."""
        now = self._clock()
        with self._lock:
            self._seen = {key: at for key, at in self._seen.items() if now - at < LASTS}
            new = [look for look in dict.fromkeys(looks) if (reader.name, look) not in self._seen]
        if new:
            self._record(reader, new)  # what cannot be put on record is not shown
        with self._lock:
            self._seen |= {(reader.name, look): now for look in new if look.what in LASTING}
