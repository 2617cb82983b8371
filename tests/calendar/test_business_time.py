"""Business time at its bounds, against values worked out by hand."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from leadops.calendar.business_time import add_business_minutes, business_minutes
from leadops.calendar.local_time import spans_in_utc
from leadops.errors import ConfigError

NINE_TO_SIX = ((540, 1080),)
WITH_LUNCH = ((540, 720), (780, 1080))
WHOLE_DAY = ((0, 1440),)
TOKYO, UTC_ZONE = ZoneInfo("Asia/Tokyo"), ZoneInfo("UTC")


@dataclass
class Week:
    """A calendar of working days (0 is Monday) with the same spans each, and days off."""

    spans: tuple[tuple[int, int], ...] = NINE_TO_SIX
    zone: ZoneInfo = TOKYO
    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    off: tuple[date, ...] = ()

    def counted(self, day: date) -> list[tuple[datetime, datetime]]:
        is_free = day.weekday() not in self.days or day in self.off
        return [] if is_free else spans_in_utc(self.spans, day, self.zone)


EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)


def tokyo(text: str) -> datetime:
    """A time of the week of Monday, 2026-06-01: "1 17:00" is 17:00 of that Monday in Tokyo."""
    day, clock = text.split()
    hours, minutes, seconds = (*map(float, clock.split(":")), 0.0)[:3]
    local = datetime(2026, 6, int(day), tzinfo=TOKYO)
    return local + timedelta(hours=hours, minutes=minutes, seconds=seconds)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("1 17:00", 60, "1 18:00"),  # ends with the day, not with the beginning of the next
        ("1 17:00", 60.1, "2 09:00:06"),
        ("1 17:00", 61, "2 09:01"),
        ("1 17:59", 1, "1 18:00"),
        ("1 09:00", 540, "1 18:00"),  # a whole day
        ("1 09:00", 541, "2 09:01"),
        ("1 09:00", 1, "1 09:01"),  # exactly at the beginning
        ("1 08:59", 1, "1 09:01"),  # before it
        ("1 18:00", 1, "2 09:01"),  # exactly at the end
        ("1 17:59:30", 1, "2 09:00:30"),
        ("5 18:00", 1, "8 09:01"),  # over a weekend
        ("5 17:00", 60, "5 18:00"),
        ("6 12:00", 540, "8 18:00"),  # from a Saturday
        ("1 18:00", 2700, "8 18:00"),  # a whole week
    ],
)
def test_a_target_is_due_at_the_first_instant_by_which_its_minutes_have_passed(
    start: str, minutes: float, end: str
) -> None:
    assert add_business_minutes(tokyo(start), minutes, Week()) == tokyo(end)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("1 11:59", 1, "1 12:00"),  # ends with the morning
        ("1 11:59", 2, "1 13:01"),
        ("1 12:00", 1, "1 13:01"),
        ("1 12:30", 300, "1 18:00"),
        ("1 09:00", 180, "1 12:00"),
        ("1 09:00", 480, "1 18:00"),
        ("1 09:00", 481, "2 09:01"),
    ],
)
def test_a_break_pauses(start: str, minutes: float, end: str) -> None:
    assert add_business_minutes(tokyo(start), minutes, Week(WITH_LUNCH)) == tokyo(end)


def test_the_day_is_that_of_the_calendar_not_of_the_machine() -> None:
    # Monday 22:00 in Honolulu is Tuesday 08:00 UTC.
    honolulu = ZoneInfo("Pacific/Honolulu")
    evening = Week(((1320, 1440),), honolulu, days=(0,))
    start = datetime(2026, 6, 1, 22, tzinfo=honolulu)
    assert add_business_minutes(start, 60, evening) == start + timedelta(hours=1)


@pytest.mark.parametrize("minutes", [0, -5])
def test_no_minutes_are_over_at_once_even_at_night(minutes: float) -> None:
    due = add_business_minutes(tokyo("1 23:00"), minutes, Week())
    assert due == tokyo("1 23:00")
    assert due.tzinfo is UTC


def test_a_holiday_is_skipped_and_its_eve_ends_as_usual() -> None:
    week = Week(off=(date(2026, 6, 2),))
    assert add_business_minutes(tokyo("1 17:00"), 60, week) == tokyo("1 18:00")
    assert add_business_minutes(tokyo("1 17:00"), 61, week) == tokyo("3 09:01")
    assert business_minutes(tokyo("1 17:00"), tokyo("3 10:00"), week) == 120
    assert business_minutes(tokyo("2 00:00"), tokyo("3 09:00"), week) == 0


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("1 17:00", "1 18:00", 60),
        ("1 17:00", "1 19:00", 60),
        ("1 18:00", "2 09:00", 0),
        ("1 17:59", "2 09:01", 2),
        ("1 08:00", "1 09:00", 0),
        ("1 08:00", "1 09:00:30", 0.5),
        ("1 17:59:30", "1 18:00:30", 0.5),
        ("1 10:00", "1 10:00", 0),
        ("1 11:00", "1 10:00", 0),
        ("5 18:00", "8 09:00", 0),
        ("1 00:00", "8 00:00", 2700),
    ],
)
def test_minutes_between_two_times(start: str, end: str, minutes: float) -> None:
    assert business_minutes(tokyo(start), tokyo(end), Week()) == minutes


def test_a_day_that_ends_at_midnight_goes_on_with_the_next() -> None:
    calendar = Week(WHOLE_DAY, days=EVERY_DAY)
    assert add_business_minutes(tokyo("1 23:30"), 30, calendar) == tokyo("2 00:00")
    assert add_business_minutes(tokyo("1 23:30"), 60, calendar) == tokyo("2 00:30")
    assert business_minutes(tokyo("1 23:30"), tokyo("2 00:30"), calendar) == 60


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_minutes_count_as_they_pass_when_the_clock_changes() -> None:
    night = Week(((0, 360),), ZoneInfo("Europe/Berlin"), EVERY_DAY)
    # 29 March: 02:00 to 03:00 does not exist. Midnight is 23:00 UTC, 06:00 is 04:00 UTC.
    assert business_minutes(utc("2026-03-28T23:00"), utc("2026-03-29T23:00"), night) == 300 + 60
    assert add_business_minutes(utc("2026-03-28T23:00"), 120, night) == utc("2026-03-29T01:00")
    assert add_business_minutes(utc("2026-03-28T23:00"), 300, night) == utc("2026-03-29T04:00")
    assert add_business_minutes(utc("2026-03-28T23:00"), 301, night) == utc("2026-03-29T22:01")
    # 25 October: 02:00 to 03:00 comes twice. Midnight is 22:00 UTC, 06:00 is 05:00 UTC.
    assert business_minutes(utc("2026-10-24T22:00"), utc("2026-10-25T22:00"), night) == 420
    assert add_business_minutes(utc("2026-10-24T22:00"), 420, night) == utc("2026-10-25T05:00")
    assert add_business_minutes(utc("2026-10-24T22:00"), 421, night) == utc("2026-10-25T23:01")


def test_a_clock_set_back_over_midnight_is_counted_on_both_days() -> None:
    # St John's, 2010-11-07: at 00:01 (02:31 UTC) it became 23:01 of the day before.
    evening = Week(((1380, 1440),), ZoneInfo("America/St_Johns"), EVERY_DAY)
    assert business_minutes(utc("2010-11-07T02:30"), utc("2010-11-07T03:30"), evening) == 59
    morning = Week(((0, 60),), ZoneInfo("America/St_Johns"), EVERY_DAY)
    assert business_minutes(utc("2010-11-07T02:00"), utc("2010-11-07T02:45"), morning) == 1


@dataclass
class OneDay:
    """A calendar in which a single UTC day counts."""

    day: date
    zone: ZoneInfo = UTC_ZONE

    def counted(self, day: date) -> list[tuple[datetime, datetime]]:
        return spans_in_utc(WHOLE_DAY, day, self.zone) if day == self.day else []


def test_a_rest_of_a_year_is_waited_for_and_a_longer_one_is_refused() -> None:
    start = utc("2026-01-01T12:00")
    reached = OneDay(start.date() + timedelta(days=366))
    assert add_business_minutes(start, 1, reached) == utc("2027-01-02T00:01")
    with pytest.raises(ConfigError, match="no counted time within a year"):
        add_business_minutes(start, 1, OneDay(start.date() + timedelta(days=367)))


def test_time_that_counts_begins_the_search_for_the_next_again() -> None:
    class Yearly(OneDay):
        def counted(self, day: date) -> list[tuple[datetime, datetime]]:
            return spans_in_utc(((0, 60),), day, self.zone) if day.toordinal() % 366 == 0 else []

    start = utc("2026-01-01T12:00")
    first = add_business_minutes(start, 1, Yearly(start.date()))
    assert add_business_minutes(start, 121, Yearly(start.date())) == first + timedelta(days=732)


@pytest.mark.parametrize(("days", "is_found"), [(367, True), (368, False)])
def test_between_two_days_that_count_366_may_lie_that_do_not(days: int, is_found: bool) -> None:
    start = utc("2026-01-01T00:00")

    class Twice(OneDay):
        def counted(self, day: date) -> list[tuple[datetime, datetime]]:
            counts = (day - self.day).days in (0, days)
            return spans_in_utc(((0, 60),), day, self.zone) if counts else []

    calendar = Twice(start.date())
    if is_found:
        assert add_business_minutes(start, 61, calendar) == start + timedelta(days=days, minutes=1)
    else:
        with pytest.raises(ConfigError, match="no counted time within a year"):
            add_business_minutes(start, 61, calendar)
