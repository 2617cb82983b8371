"""Local days, against bounds worked out by hand."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from leadops.calendar.local_days import (
    day_bounds,
    day_of,
    is_over,
    last_whole_day,
    list_days,
    local_midnight,
)
from leadops.errors import PermanentError

TOKYO, BERLIN = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Berlin")
CAIRO, HAVANA = ZoneInfo("Africa/Cairo"), ZoneInfo("America/Havana")


def utc(day: int, hour: int, minute: int = 0, *, month: int = 7) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_a_day_of_tokyo_begins_at_fifteen_hours_utc_of_the_day_before() -> None:
    assert local_midnight(date(2026, 7, 1), TOKYO) == datetime(2026, 6, 30, 15, tzinfo=UTC)
    assert local_midnight(date(2026, 7, 1), TOKYO).tzinfo is UTC


@pytest.mark.parametrize(
    ("day", "start", "until", "hours"),
    [
        (date(2026, 3, 29), utc(28, 23, month=3), utc(29, 22, month=3), 23),
        (date(2026, 10, 25), utc(24, 22, month=10), utc(25, 23, month=10), 25),
        (date(2026, 7, 1), utc(30, 22, month=6), utc(1, 22), 24),
    ],
)
def test_a_day_lasts_23_or_25_hours_when_the_clock_changes(
    day: date, start: datetime, until: datetime, hours: int
) -> None:
    assert day_bounds(day, BERLIN) == (day, start, until)
    assert until - start == timedelta(hours=hours)


def test_a_day_whose_midnight_is_skipped_begins_with_its_first_instant() -> None:
    # Egypt sets its clocks from 24 April 2026, 00:00 (UTC+2) to 01:00 (UTC+3).
    assert local_midnight(date(2026, 4, 24), CAIRO) == utc(23, 22, month=4)
    assert day_of(utc(23, 22, month=4), CAIRO) == date(2026, 4, 24)
    assert day_of(utc(23, 21, 59, month=4), CAIRO) == date(2026, 4, 23)


def test_a_day_whose_midnight_is_repeated_begins_with_the_first_of_the_two() -> None:
    # Cuba sets its clocks back from 1 November 2026, 01:00 (UTC-4) to 00:00 (UTC-5).
    assert local_midnight(date(2026, 11, 1), HAVANA) == utc(1, 4, month=11)


def test_a_moment_belongs_to_the_day_that_it_begins() -> None:
    midnight = utc(30, 15, month=6)
    assert day_of(midnight, TOKYO) == date(2026, 7, 1)
    assert day_of(midnight - timedelta(microseconds=1), TOKYO) == date(2026, 6, 30)


def test_the_last_whole_day_is_over_at_the_very_midnight() -> None:
    midnight = utc(30, 15, month=6)
    assert last_whole_day(midnight, TOKYO) == date(2026, 6, 30)
    assert last_whole_day(midnight - timedelta(microseconds=1), TOKYO) == date(2026, 6, 29)
    assert is_over(date(2026, 6, 30), TOKYO, now=midnight)
    assert not is_over(date(2026, 6, 30), TOKYO, now=midnight - timedelta(microseconds=1))


def test_days_are_listed_with_both_ends() -> None:
    first, last = date(2026, 2, 27), date(2026, 3, 1)
    assert list_days(first, last) == [first, date(2026, 2, 28), last]
    assert list_days(first, first) == [first]
    with pytest.raises(PermanentError, match="--from 2026-03-01 is after --to 2026-02-27"):
        list_days(last, first)
