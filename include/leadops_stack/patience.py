"""How long to wait for something: as long as it makes progress, on a machine that may be busy."""

import time
from collections.abc import Callable

#: The share of one CPU that counts as progress; an idle part of Airflow uses less.
SHARE = 0.05


class Patience:
    """Is over after `seconds` in which too little was done; `spent` returns the CPU-seconds used so far.

    `grown` returns a number, such as the size of a log, of which any change is progress too. `ticks` counts
    seconds.
    """

    def __init__(
        self,
        seconds: float,
        *,
        spent: Callable[[], float],
        grown: Callable[[], int] = lambda: 0,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._spent, self._grown, self._ticks = seconds, spent, grown, ticks
        self._mark()

    def _mark(self) -> None:
        self._since, self._before, self._size = self._ticks(), self._spent(), self._grown()

    def is_over(self) -> bool:
        """Return whether nothing has happened for too long; looks closely only once in that time."""
        waited = self._ticks() - self._since
        if waited < self._seconds:
            return False
        if self._spent() - self._before < SHARE * waited and self._grown() == self._size:
            return True
        self._mark()
        return False
