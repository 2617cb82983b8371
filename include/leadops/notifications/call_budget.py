"""Calls to Slack in one run: a pause between two, and not more than a number of them."""

from collections.abc import Callable


class CallBudget:
    """Counts the calls of one run; `pace` waits before each but the first."""

    def __init__(self, *, most: int, seconds_between: float, sleep: Callable[[float], None]) -> None:
        self.calls = 0
        self._most = most
        self._seconds_between = seconds_between
        self._sleep = sleep

    @property
    def is_spent(self) -> bool:
        """Whether this run may make no more calls."""
        return self.calls >= self._most

    def pace(self) -> None:
        """Wait until the next call may be made, and count it."""
        if self.calls:
            self._sleep(self._seconds_between)
        self.calls += 1

    def count(self) -> None:
        """Count a call that needs no pause."""
        self.calls += 1
