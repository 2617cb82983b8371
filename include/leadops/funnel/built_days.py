"""Which days are built and which of them were touched since: analytics.built_days, .dirty_days and .inbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from leadops.calendar.local_days import day_of
from leadops.db import Connection
from leadops.funnel.daily_table import DayBuild
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class DirtyDay:
    """A built day to build again: its `counts`, or only the `figures` that look back over other days."""

    dt: date
    scope: Literal["counts", "figures"]


@dataclass(frozen=True)
class BuiltDay:
    """A built day; `is_stale` if what it counts was touched since."""

    dt: date
    is_stale: bool


@dataclass(frozen=True)
class _Touch:
    moment: datetime
    noted_at: datetime


def take_touched_days(connection: Connection, zone: ZoneInfo) -> dict[date, datetime]:
    """Empty the inbox; return the local days that its moments lie in, each with when it was first touched."""
    days: dict[date, datetime] = {}
    for touch in queries.all(connection, "take_moments", _Touch):
        day = day_of(touch.moment, zone)
        days[day] = min(touch.noted_at, days.get(day, touch.noted_at))
    return days


def mark_dirty(
    connection: Connection,
    touched: Mapping[date, datetime],
    *,
    looks_back: int,
    settings: str,
    now: datetime,
) -> None:
    """Mark the built days that `touched` days change, and those built with other settings or too early.

    `touched` has the days with when they were touched. `looks_back` is over how many days the figures of a
    day look back; `settings` is the hash of the settings as they are now.
    """
    queries.run(connection, "mark_touched", days=sorted(touched), looks_back=looks_back, now=now)
    queries.run(connection, "mark_stale", settings=settings, now=now)
    days = sorted(touched.items())
    queries.run(
        connection,
        "open_spells",
        days=[day for day, _ in days],
        noted_at=[noted_at for _, noted_at in days],
        now=now,
    )


def list_dirty_days(connection: Connection) -> list[DirtyDay]:
    """Return the days to build again: first those whose counts were touched, the oldest first."""
    return queries.all(connection, "list_dirty_days", DirtyDay)


def has_counts_waiting(connection: Connection, dt: date) -> bool:
    """Return whether `dt` is to be counted again, and not only its figures."""
    return bool(queries.value(connection, "has_counts_waiting", dt=dt))


def count_dirty_days(connection: Connection) -> int:
    """Return how many days are to be built again."""
    return int(queries.value(connection, "count_dirty_days"))


def find_known_from(connection: Connection, dt: date, *, now: datetime) -> datetime:
    """Return since when a build of `dt` that begins at `now` is known; earlier builds lie before it."""
    known_from: datetime = queries.value(connection, "find_known_from", dt=dt, now=now)
    return known_from


def mark_built(connection: Connection, build: DayBuild) -> None:
    """Record that the day is built and clean, and still to be checked."""
    queries.run(connection, "mark_clean", dt=build.day.dt)
    queries.run(connection, "close_spells", **build.parameters)
    queries.run(connection, "record_build", **build.parameters)
    queries.run(connection, "mark_built", **build.parameters)


def read_built_days(
    connection: Connection, *, first: date, last: date, known_by: datetime | None = None
) -> dict[date, bool]:
    """Return the built days from `first` to `last`, and whether the counts of each were touched since.

    As it stood just before `known_by` (UTC); None: as it stands now.
    """
    days = {"first": first, "last": last}
    if known_by is None:
        rows = queries.all(connection, "read_built_days", BuiltDay, **days)
    else:
        rows = queries.all(connection, "read_builds", BuiltDay, **days, moment=known_by)
    return {row.dt: row.is_stale for row in rows}


def find_first_build(connection: Connection) -> datetime | None:
    """Return when a day was first built (UTC); None: no day is."""
    first: datetime | None = queries.value(connection, "find_first_build")
    return first


def list_unchecked_days(connection: Connection) -> list[date]:
    """Return the days that were built since they were last checked, in order."""
    return queries.values(connection, "list_unchecked_days")


def mark_checked(connection: Connection, dt: date) -> None:
    """Record that the day was checked since it was built."""
    queries.run(connection, "mark_checked", dt=dt)
