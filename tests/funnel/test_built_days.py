"""Which built days are built again: each bound, with a day on it and its neighbour."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from leadops.db import Connection
from leadops.funnel.built_days import (
    DirtyDay,
    count_dirty_days,
    list_dirty_days,
    list_unchecked_days,
    mark_checked,
    mark_dirty,
    read_built_days,
    take_touched_days,
)

pytestmark = pytest.mark.uncommitted

NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def june(day: int) -> date:
    return date(2026, 6, day)


@dataclass
class Days:
    connection: Connection

    def build(
        self, day: int, *, settings: str = "s", ends: datetime | None = None, built: datetime | None = None
    ) -> None:
        starts = datetime(2026, 6, day, tzinfo=UTC)
        self.connection.execute(
            "insert into analytics.built_days (dt, starts_at, ends_at, settings, built_at)"
            " values (%s, %s, %s, %s, %s)",
            [june(day), starts, ends or starts + timedelta(days=1), settings, built or NOW],
        )

    def touch(self, moment: datetime) -> None:
        self.connection.execute("insert into analytics.inbox (moment) values (%s)", [moment])

    def mark(self, *touched: int, looks_back: int = 3) -> list[tuple[int, str]]:
        """Mark the built days that these days change; return all that are dirty."""
        mark_dirty(
            self.connection,
            {june(day): NOW for day in touched},
            looks_back=looks_back,
            settings="s",
            now=NOW,
        )
        return [(day.dt.day, day.scope) for day in list_dirty_days(self.connection)]


@pytest.fixture
def days(connection: Connection) -> Days:
    return Days(connection)


def test_a_touched_day_is_counted_again_and_the_days_that_look_back_on_it_get_figures(days: Days) -> None:
    """Figures of a day look back over 3 days: its own and the two before."""
    for day in (9, 10, 11, 12, 13):
        days.build(day)
    assert days.mark(10) == [(10, "counts"), (11, "figures"), (12, "figures")]
    assert count_dirty_days(days.connection) == 3


def test_a_day_that_was_never_built_stays_so(days: Days) -> None:
    days.build(11)
    assert days.mark(10) == [(11, "figures")]
    assert days.mark() == [(11, "figures")]


def test_counts_include_figures_whatever_comes_first(days: Days) -> None:
    for day in (10, 11):
        days.build(day)
    assert days.mark(10, 11) == [(10, "counts"), (11, "counts")]
    days.connection.execute("truncate analytics.dirty_days")
    assert days.mark(10) == [(10, "counts"), (11, "figures")]
    assert days.mark(11) == [(10, "counts"), (11, "counts")]
    assert days.mark(10) == [(10, "counts"), (11, "counts")]


def test_days_of_other_settings_are_built_again(days: Days) -> None:
    for day, settings in ((1, "r"), (2, "s"), (3, "t")):
        days.build(day, settings=settings)
    assert days.mark() == [(1, "counts"), (3, "counts")]


def test_a_day_that_was_built_before_its_end_is_built_again_once_it_is_over(days: Days) -> None:
    days.build(1, ends=NOW, built=NOW - TICK)
    days.build(2, ends=NOW, built=NOW)
    days.build(3, ends=NOW + TICK, built=NOW)
    assert days.mark() == [(1, "counts")]


def test_figures_become_counts_where_the_settings_changed(days: Days) -> None:
    days.build(10)
    days.build(11)
    days.mark(10)
    days.connection.execute("update analytics.built_days set settings = 'r' where dt = %s", [june(11)])
    assert days.mark() == [(10, "counts"), (11, "counts")]
    days.mark(10)
    assert list_dirty_days(days.connection) == [DirtyDay(june(10), "counts"), DirtyDay(june(11), "counts")]


def test_a_day_is_stale_while_its_own_counts_wait(days: Days) -> None:
    for day in range(1, 8):
        days.build(day)
    days.mark(3, looks_back=2)  # the 4th only looks back on it
    days.touch(datetime(2026, 6, 6, tzinfo=UTC))
    days.touch(datetime(2026, 6, 6, tzinfo=UTC) - TICK)
    found = read_built_days(days.connection, first=june(2), last=june(6))
    assert {day.day: is_stale for day, is_stale in found.items()} == {
        2: False,
        3: True,
        4: False,
        5: True,
        6: True,
    }


def test_a_moment_at_the_end_of_a_day_is_of_the_next_one(days: Days) -> None:
    days.build(5)
    days.touch(datetime(2026, 6, 6, tzinfo=UTC))
    assert read_built_days(days.connection, first=june(5), last=june(5)) == {june(5): False}
    days.touch(datetime(2026, 6, 5, tzinfo=UTC))
    assert read_built_days(days.connection, first=june(5), last=june(5)) == {june(5): True}


def test_touched_days_are_local_ones_and_taken_once(days: Days) -> None:
    days.touch(datetime(2026, 6, 5, 15, tzinfo=UTC))
    days.touch(datetime(2026, 6, 5, 15, tzinfo=UTC) - TICK)
    tokyo = ZoneInfo("Asia/Tokyo")
    assert take_touched_days(days.connection, tokyo).keys() == {june(5), june(6)}
    assert take_touched_days(days.connection, tokyo) == {}


def test_unchecked_days_are_in_order(days: Days) -> None:
    for day in (3, 1, 2):
        days.build(day)
    mark_checked(days.connection, june(2))
    assert list_unchecked_days(days.connection) == [june(1), june(3)]
