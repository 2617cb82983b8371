"""Keeps an answer for some seconds, so that many browsers cost the database as much as one."""

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

#: What is kept.
Answer = TypeVar("Answer")


class AnswerCache(Generic[Answer]):
    """Answers by key; while one is made, whoever else asks for it waits for it."""

    def __init__(self, seconds: float, *, ticks: Callable[[], float] = time.monotonic) -> None:
        """Keep each answer for `seconds` of `ticks`."""
        self._seconds, self._ticks = seconds, ticks
        self._lock = threading.Lock()
        self._making: dict[Hashable, Future[Answer]] = {}
        self._kept: dict[Hashable, tuple[float, Answer]] = {}

    def get(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """Return the kept answer of `key`, or what `make` returns.

        An error that it raises is that of all who waited for it: each would wait as long for the same one,
        one after the other. It is not kept.
        """
        with self._lock:
            kept = self._kept.get(key)
            if kept and self._ticks() - kept[0] < self._seconds:
                return kept[1]
            making = self._making.get(key)
            if making is None:
                own = self._making[key] = Future()
        if making is not None:
            return making.result()
        try:
            answer = make()
        except BaseException as error:
            with self._lock:
                del self._making[key]
            own.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            self._kept[key] = (self._ticks(), answer)
        own.set_result(answer)
        return answer
