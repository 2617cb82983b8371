"""Rate windows of products: how many calls are left in a day, in the last seconds, at once."""

from collections import deque
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(slots=True)
class DayWindow:
    """Calls of a calendar day, which begins at midnight of a time zone."""

    _day: date | None = None
    used: int = 0

    def look(self, now: datetime, zone: str) -> int:
        """Return how many calls were taken on the day of `now` in `zone`."""
        if (day := now.astimezone(ZoneInfo(zone)).date()) != self._day:
            self._day, self.used = day, 0
        return self.used

    def take(self, now: datetime, zone: str, *, limit: int) -> bool:
        """Take one call; return False, nothing taken, when the day's `limit` is used up."""
        if self.look(now, zone) >= limit:
            return False
        self.used += 1
        return True


@dataclass(slots=True)
class RollingWindow:
    """Calls of the last seconds."""

    _taken: deque[datetime] = field(default_factory=deque)

    def look(self, now: datetime, *, seconds: float) -> int:
        """Return how many calls were taken in the `seconds` before `now`."""
        first = now - timedelta(seconds=seconds)
        while self._taken and self._taken[0] <= first:
            self._taken.popleft()
        return len(self._taken)

    def take(self, now: datetime, *, limit: int, seconds: float) -> bool:
        """Take one call; return False, nothing taken, when `limit` calls came in the last `seconds`."""
        if self.look(now, seconds=seconds) >= limit:
            return False
        self._taken.append(now)
        return True
