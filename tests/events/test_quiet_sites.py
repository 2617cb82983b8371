"""Which hours are compared, and when a site counts as quiet."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from leadops.events.quiet_sites import choose_hours, classify_hour, find_usual
from tests.shipped import SHIPPED

LIMITS = SHIPPED.alerts.quiet_sites
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Calendar:
    """Days of a zone with given holidays."""

    def __init__(self, zone: str, *holidays: str) -> None:
        self.zone = ZoneInfo(zone)
        self._holidays = {date.fromisoformat(day) for day in holidays}

    def is_holiday(self, day: date) -> bool:
        return day in self._holidays


def starts(until: str, calendar: Calendar, *, counted_from: datetime = LONG_AGO, weeks: int = 4) -> list[str]:
    hours = choose_hours(
        datetime.fromisoformat(until), counted_from=counted_from, calendar=calendar, weeks=weeks
    )
    return [f"{start.astimezone(UTC):%m-%d %H:%M}" for start in hours.earlier]


def test_the_same_hour_is_that_of_local_clocks() -> None:
    # Berlin puts its clocks forward on 2026-03-29: 10:00 is 08:00 UTC after it and 09:00 UTC before it.
    found = starts("2026-04-07T09:00:00+00:00", Calendar("Europe/Berlin"))
    assert found == ["03-31 08:00", "03-24 09:00", "03-17 09:00", "03-10 09:00"]


def test_holidays_are_left_out_and_a_holiday_is_compared_with_nothing() -> None:
    # 16:00 UTC on the 30th is 01:00 on the 31st in Tokyo.
    calendar = Calendar("Asia/Tokyo", "2026-07-24", "2026-07-09", "2026-07-31")
    assert starts("2026-07-30T17:00:00+00:00", calendar) == []
    tokyo = Calendar("Asia/Tokyo", "2026-07-24", "2026-07-09")
    assert starts("2026-07-30T17:00:00+00:00", tokyo) == ["07-16 16:00", "07-09 16:00", "07-02 16:00"]


def test_weeks_before_counting_began_are_left_out() -> None:
    calendar = Calendar("UTC")
    since = datetime(2026, 7, 16, 16, 0, tzinfo=UTC)
    assert starts("2026-07-30T17:00:00+00:00", calendar, counted_from=since) == ["07-23 16:00", "07-16 16:00"]


@pytest.mark.parametrize(
    ("earlier", "usual"),
    [
        ([100, 100, 100], None),  # three weeks are not enough
        ([10, 20, 20, 900], 20.0),
        ([10, 19, 20, 900], None),  # the median is 19.5
        ([0, 0, 30, 40, 50], 30.0),  # two outages do not matter
        ([0, 0, 0, 40, 50], None),
    ],
)
def test_the_usual_number_is_a_median_of_enough_events(earlier: list[int], usual: float | None) -> None:
    assert find_usual(earlier, LIMITS) == usual


@pytest.mark.parametrize(
    ("events", "usual", "status"),
    [
        (0, 20.0, "firing"),
        (1, 20.0, "firing"),
        (2, 20.0, "unknown"),
        (3, 20.0, "unknown"),
        (4, 20.0, "ok"),
        (0, None, "unknown"),
        (24, 250.0, "firing"),
        (25, 250.0, "unknown"),
    ],
)
def test_below_a_tenth_is_quiet_and_from_a_fifth_on_it_is_not(
    events: int, usual: float | None, status: str
) -> None:
    assert classify_hour(events, usual, LIMITS) == status
