"""Keeps an answer for some seconds, so that many browsers cost the database as much as one."""

import threading
import time
from collections.abc import Callable, Hashable


class AnswerCache:
    """Answers by key; while one is made, whoever else asks for it waits for it."""

    def __init__(self, seconds: float, *, ticks: Callable[[], float] = time.monotonic) -> None:
        """Keep each answer for `seconds` of `ticks`."""
        self._seconds, self._ticks = seconds, ticks
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}
        self._kept: dict[Hashable, tuple[float, bytes]] = {}

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """Return the kept answer of `key`, or what `make` returns; an error that it raises is not kept."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            kept = self._kept.get(key)
            if kept and self._ticks() - kept[0] < self._seconds:
                return kept[1]
            answer = make()
            self._kept[key] = (self._ticks(), answer)
            return answer
