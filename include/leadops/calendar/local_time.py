"""Local hours as instants, also over clock changes: an instant belongs to the local time that clocks show."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

#: UTC offsets lie between -12 and +14 hours, so a local day lies in this much around the UTC day.
MARGIN = timedelta(hours=15)


def spans_in_utc(
    spans: Sequence[tuple[int, int]], day: date, zone: ZoneInfo
) -> list[tuple[datetime, datetime]]:
    """Return the UTC instants whose local time on `day` lies in `spans` (minutes after midnight).

    Hours that a clock change skips give nothing; hours that it repeats count twice, because they pass twice.
    """
    midnight = datetime.combine(day, time(), UTC)
    pieces = []
    for since, until, offset in offsets_around(day, zone):
        for start, end in spans:
            opens = max(since, midnight + timedelta(minutes=start) - offset)
            closes = min(until, midnight + timedelta(minutes=end) - offset)
            if opens < closes:
                pieces.append((opens, closes))
    return sorted(pieces)


@lru_cache(maxsize=4096)
def offsets_around(day: date, zone: ZoneInfo) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """Return (from, until, UTC offset), in UTC, around the local `day`, split where the offset changes."""
    since = datetime.combine(day, time(), UTC) - MARGIN
    last = since + timedelta(days=1) + 2 * MARGIN
    pieces = []
    while since < last:
        until = _next_change(since, last, zone)
        pieces.append((since, until, _offset(since, zone)))
        since = until
    return tuple(pieces)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _next_change(since: datetime, last: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant after `since` with another offset, or `last`; to the second."""
    offset, step = _offset(since, zone), timedelta(hours=1)
    low = since
    while low < last and _offset(min(low + step, last), zone) == offset:
        low += step
    high = min(low + step, last)
    if low >= last or _offset(high, zone) == offset:
        return last
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
    return high
