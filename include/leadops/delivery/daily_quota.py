"""The calls that a target takes in a day: how many are left for each lane, and until when none is.

Two limits count. One is what the settings grant leadops, compared with the calls that leadops counts itself.
The other is what the target says of its whole account in its answers, where the calls of others count too.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor
from typing import NamedTuple
from zoneinfo import ZoneInfo

from leadops.calendar.local_days import local_midnight
from leadops.db import Connection
from leadops.delivery.count_outcomes import record_outcomes
from leadops.delivery.delivery_settings import ROLLING, TargetSettings
from leadops.lanes import Lane
from leadops.products.product_rows import QuotaReading
from leadops.queries import Queries

queries = Queries(__file__, topic="targets")

#: Calls are counted by so much time.
COUNTED_BY = timedelta(minutes=15)
DAY = timedelta(days=1)
#: What a target says of a rolling day is news for so long: in the meantime older calls leave the day.
READING_COUNTS = timedelta(hours=1)
#: A target that is asked for its day is asked again after this time.
ASKED_EVERY = timedelta(minutes=15)
#: In the first hour of a day a target that says that nothing is left may still speak of the day before.
NEW_DAY = timedelta(hours=1)
#: So long a round may take; what a process reserved before was lost with it.
RESERVED_FOR = timedelta(minutes=2)


class QuotaState(NamedTuple):
    """What is on record: calls that leadops counted since the day began, and the last reading."""

    counted: int
    first_at: datetime | None
    used: int | None
    day_limit: int | None
    read_at: datetime | None
    calls_since: int
    used_up_until: datetime | None
    reserved: int


@dataclass(frozen=True)
class Allowance:
    """Calls that are left for one lane, None without a limit; `ends_at` (UTC) is when there are more.

    `reserved` calls are granted to others, who may give some of them back.
    """

    calls: int | None
    ends_at: datetime
    reserved: int = 0


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
    values = {
        "target": target,
        "since": since,
        "counted_by": COUNTED_BY,
        "reserved_since": now - RESERVED_FOR,
    }
    state = queries.one(connection, "find_state", QuotaState, **values)
    if state.used_up_until and state.used_up_until > now:
        return Allowance(0, state.used_up_until)
    reserve = settings.live_reserve if lane is Lane.BACKFILL else 0.0
    left = []
    if settings.daily_calls is not None:
        left.append(_keep(settings.daily_calls, reserve) - state.counted)
        if is_rolling and state.first_at:
            ends_at = max(state.first_at + DAY + COUNTED_BY, now + timedelta(minutes=1))
    if state.day_limit is not None and state.used is None:
        left.append(_keep(state.day_limit, reserve) - state.counted)
    elif state.day_limit is not None and state.used is not None and state.read_at:
        told = _keep(state.day_limit, reserve) - state.used - state.calls_since
        holds_until = _find_end(state.read_at, since, ends_at, is_rolling=is_rolling, is_used_up=told <= 0)
        if since <= state.read_at and now < holds_until:
            left.append(told)
            ends_at = holds_until if told <= 0 else ends_at
    return Allowance(max(min(left), 0) if left else None, ends_at, state.reserved)


def _find_end(
    read_at: datetime, since: datetime, ends_at: datetime, *, is_rolling: bool, is_used_up: bool
) -> datetime:
    """Return until when a reading of a day counts."""
    if is_rolling:
        return read_at + READING_COUNTS
    return read_at + COUNTED_BY if is_used_up and read_at < since + NEW_DAY else ends_at


def _keep(calls: int, reserve: float) -> int:
    """Return how many whole calls are left of `calls` without the share `reserve`."""
    return floor(calls * (1 - reserve) + 1e-9)


def reserve_calls(connection: Connection, target: str, calls: int, *, now: datetime) -> None:
    """Count `calls` as made; `settle_calls` corrects that after the round. In the caller's transaction."""
    queries.run(connection, "count_calls", target=target, calls=calls, now=now, counted_by=COUNTED_BY)
    queries.run(connection, "reserve", target=target, calls=calls, now=now, reserved_since=now - RESERVED_FOR)


def settle_calls(connection: Connection, target: str, *, granted: int, unused: int, now: datetime) -> None:
    """Take back the `unused` of the calls that were `granted` at `now`; in the caller's transaction.

    Below zero, this number of calls was made beyond them.
    """
    if unused:
        queries.run(connection, "count_calls", target=target, calls=-unused, now=now, counted_by=COUNTED_BY)
    queries.run(connection, "settle_reserved", target=target, granted=granted, unused=unused)


def note_reads(
    connection: Connection,
    target: str,
    *,
    outcomes: Counter[str],
    reading: QuotaReading | None,
    now: datetime,
) -> None:
    """Count calls that took no permits, as those of polls and audits, and keep what they said; commits."""
    with connection.transaction():
        record_outcomes(connection, target, outcomes)
        if calls := outcomes.total():
            values = {"target": target, "calls": calls}
            queries.run(connection, "count_calls", now=now, counted_by=COUNTED_BY, **values)
            queries.run(connection, "count_since", **values)
        if reading is not None:
            note_reading(connection, target, reading, now=now)


def claim_quota_call(connection: Connection, target: str, *, now: datetime) -> bool:
    """Return whether `target` has to be asked for its day's calls now, at most every 15 minutes; commits.

    One process asks for all: who gets True makes the call.
    """
    with connection.transaction():
        asked = queries.run(
            connection, "claim_quota_call", target=target, asked_before=now - ASKED_EVERY, now=now
        )
    return asked > 0


def note_reading(connection: Connection, target: str, reading: QuotaReading, *, now: datetime) -> None:
    """Keep what `target` says of its day; in the caller's transaction."""
    queries.run(
        connection, "note_reading", target=target, used=reading.used, day_limit=reading.limit, now=now
    )
    if reading.used_up_for is not None:
        note_used_up(connection, target, until=now + timedelta(seconds=reading.used_up_for))


def note_used_up(connection: Connection, target: str, *, until: datetime) -> None:
    """Note that `target` itself takes no call before `until` (UTC); in the caller's transaction."""
    queries.run(connection, "note_used_up", target=target, until=until)


def note_closed(connection: Connection, target: str, *, until: datetime) -> None:
    """Note that no call for live work is left before `until` (UTC); in the caller's transaction."""
    queries.run(connection, "note_closed", target=target, until=until)
