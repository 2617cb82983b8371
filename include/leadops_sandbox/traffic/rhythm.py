"""The rhythm of a working week: busy by day, quiet at night and at the weekend, never dead."""

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

#: How busy each hour of a working day is, before the mean of the week is brought to 1. Nights are livelier
#: than in life, so that whoever starts a demonstration at night sees something too.
_HOURS = (0.5,) * 7 + (0.7, 1.0, 1.6, 1.7, 1.6, 1.2, 1.6, 1.7, 1.7, 1.6, 1.4, 1.0, 1.0, 0.9, 0.7, 0.6, 0.5)
_WEEKEND = 0.5


def busyness(at: datetime, *, zone: str) -> float:
    """Return how busy `at` (timezone-aware) is in `zone` (IANA name); the mean over a week is 1."""
    local = at.astimezone(ZoneInfo(zone))
    return _weight(local.weekday(), local.hour) / _mean()


def _weight(weekday: int, hour: int) -> float:
    return max(_HOURS[hour] * (_WEEKEND if weekday >= 5 else 1.0), min(_HOURS))


@cache
def _mean() -> float:
    monday = datetime(2026, 1, 5)  # noqa: DTZ001 - only its weekday and hours are used
    hours = [monday + timedelta(hours=n) for n in range(7 * 24)]
    return sum(_weight(hour.weekday(), hour.hour) for hour in hours) / len(hours)
