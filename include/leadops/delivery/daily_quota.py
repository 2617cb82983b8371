"""The calls that a target takes in a day: how many are left for each lane, and until when none is.

Two limits count. One is what the settings grant leadops, compared with the calls that leadops counts itself.
The other is what the target says of its whole account in its answers, where the calls of others count too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor
from typing import NamedTuple
from zoneinfo import ZoneInfo

from leadops.calendar.local_days import local_midnight
from leadops.db import Connection
from leadops.delivery.delivery_settings import ROLLING, TargetSettings
from leadops.lanes import Lane
from leadops.products.product import QuotaReading
from leadops.queries import Queries

queries = Queries(__file__)

#: Calls are counted by so much time.
COUNTED_BY = timedelta(minutes=15)
DAY = timedelta(days=1)
#: What a target says of a rolling day is news for so long: in the meantime older calls leave the day.
READING_COUNTS = timedelta(hours=1)


class QuotaState(NamedTuple):
    """What is on record: calls that leadops counted since the day began, and the last reading."""

    counted: int
    first_at: datetime | None
    used: int | None
    day_limit: int | None
    read_at: datetime | None
    calls_since: int
    used_up_until: datetime | None


@dataclass(frozen=True)
class Allowance:
    """Calls that are left for one lane, None without a limit; `ends_at` (UTC) is when there are more."""

    calls: int | None
    ends_at: datetime


def find_allowance(
    connection: Connection, target: str, settings: TargetSettings, lane: Lane, *, now: datetime
) -> Allowance:
    """Return how many calls `lane` may still make today. Backfill leaves the live lane its reserve."""
    is_rolling = settings.day_ends == ROLLING
    if is_rolling:
        since, ends_at = now - DAY, now + COUNTED_BY
    else:
        zone = ZoneInfo(settings.day_ends)
        today = now.astimezone(zone).date()
        since, ends_at = local_midnight(today, zone), local_midnight(today + DAY, zone)
    state = queries.one(
        connection, "find_state", QuotaState, target=target, since=since, counted_by=COUNTED_BY
    )
    if state.used_up_until and state.used_up_until > now:
        return Allowance(0, state.used_up_until)
    reserve = settings.live_reserve if lane is Lane.BACKFILL else 0.0
    left = []
    if settings.daily_calls is not None:
        left.append(_keep(settings.daily_calls, reserve) - state.counted)
        if is_rolling and state.first_at:
            ends_at = max(state.first_at + DAY + COUNTED_BY, now + timedelta(minutes=1))
    read_since = now - READING_COUNTS if is_rolling else since
    if state.read_at and state.read_at >= read_since and state.day_limit is not None:
        left.append(_keep(state.day_limit, reserve) - (state.used or 0) - state.calls_since)
        if is_rolling and left[-1] <= 0:
            ends_at = state.read_at + READING_COUNTS
    return Allowance(max(min(left), 0) if left else None, ends_at)


def _keep(calls: int, reserve: float) -> int:
    """Return how many whole calls are left of `calls` without the share `reserve`."""
    return floor(calls * (1 - reserve) + 1e-9)


def count_calls(connection: Connection, target: str, calls: int, *, now: datetime) -> None:
    """Count `calls` to `target`; below 0 takes back what was not made. In the caller's transaction."""
    queries.run(connection, "count_calls", target=target, calls=calls, now=now, counted_by=COUNTED_BY)
    queries.run(connection, "count_since_reading", target=target, calls=calls)


def note_reading(connection: Connection, target: str, reading: QuotaReading, *, now: datetime) -> None:
    """Keep what `target` says of its day; in the caller's transaction."""
    queries.run(
        connection, "note_reading", target=target, used=reading.used, day_limit=reading.limit, now=now
    )
    if reading.used_up_for is not None:
        note_used_up(connection, target, until=now + timedelta(seconds=reading.used_up_for))


def note_used_up(connection: Connection, target: str, *, until: datetime) -> None:
    """Make no call to `target` before `until` (UTC); in the caller's transaction."""
    queries.run(connection, "note_used_up", target=target, until=until)


def purge_call_counts(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete up to `max_rows` counts of calls from before `before` (UTC); return how many."""
    return queries.run(connection, "purge_call_counts", before=before, max_rows=max_rows)
