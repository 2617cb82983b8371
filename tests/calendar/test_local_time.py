from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from leadops.calendar.local_time import offsets_around, spans_in_utc


@pytest.mark.parametrize(
    ("day", "minutes"),
    [
        (date(2026, 3, 28), 180),
        (date(2026, 3, 29), 120),  # 02:00 to 03:00 does not exist
        (date(2026, 10, 25), 240),  # 02:00 to 03:00 comes twice
    ],
)
def test_the_first_three_hours_of_a_day_in_berlin(day: date, minutes: int) -> None:
    pieces = spans_in_utc([(0, 180)], day, ZoneInfo("Europe/Berlin"))
    assert sum((b - a for a, b in pieces), timedelta()) == timedelta(minutes=minutes)


def test_a_span_that_ends_in_a_repeated_hour_comes_in_two_pieces() -> None:
    pieces = spans_in_utc([(60, 150)], date(2026, 10, 25), ZoneInfo("Europe/Berlin"))
    times = [(a.strftime("%H:%M"), b.strftime("%H:%M")) for a, b in pieces]
    assert times == [("23:00", "00:30"), ("01:00", "01:30")]


def test_the_change_is_found_to_the_second() -> None:
    pieces = offsets_around(date(2026, 3, 29), ZoneInfo("Europe/Berlin"))
    assert pieces[0][1] == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert [piece[2] for piece in pieces] == [timedelta(hours=1), timedelta(hours=2)]


def test_a_day_that_a_country_skipped_has_no_time() -> None:
    assert spans_in_utc([(0, 1440)], date(2011, 12, 30), ZoneInfo("Pacific/Apia")) == []
