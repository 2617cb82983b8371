from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadops.calendar.business_time import add_business_minutes, business_minutes
from leadops.calendar.working_hours import WEEKDAYS, Holidays, WorkingHours
from leadops.errors import ConfigError
from leadops.sla.sla_policy import OffHours, SlaCalendar
from tests.promises import promise_examples
from tests.shipped import SHIPPED

DEFAULT = SHIPPED.sla
WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday"]
#: Among them both kinds of clock change, one by half an hour, one at midnight, and a zone without any.
ZONES = [
    "Asia/Tokyo",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Kathmandu",
]
#: Around the clock changes of 2026 in those zones, a year's end and Japan's Golden Week.
SEASONS = [
    datetime(2026, month, day, tzinfo=UTC)
    for month, day in [(3, 6), (3, 27), (4, 3), (5, 1), (10, 3), (10, 23), (10, 30), (12, 30)]
]


def calendar_of(hours: list[str], zone: str = "Asia/Tokyo", **changes: Any) -> SlaCalendar:
    working = WorkingHours.model_validate({day: hours if day in WEEK else [] for day in WEEKDAYS})
    return SlaCalendar(DEFAULT.model_copy(update={"timezone": zone, "working_hours": working} | changes))


def make_holidays(country: str | None, extra: list[date]) -> Holidays:
    return Holidays(country=country, subdivision=None, extra=extra)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@st.composite
def calendars(draw: st.DrawFn) -> SlaCalendar:
    cuts = sorted(draw(st.sets(st.integers(0, 48), min_size=2, max_size=4)))
    spans = [
        f"{a // 2:02}:{a % 2 * 30:02}-{b // 2:02}:{b % 2 * 30:02}"
        for a, b in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    return calendar_of(
        spans,
        draw(st.sampled_from(ZONES)),
        holidays=Holidays(
            country=draw(st.sampled_from([None, "JP", "DE"])), subdivision=None, extra=[date(2026, 3, 9)]
        ),
        off_hours=OffHours(
            nights=draw(st.sampled_from(["pause", "handover"])),
            free_days=draw(st.sampled_from(["pause", "handover"])),
            handover_channel="#inside-sales",
            handover_playbook="docs/x.md",
        ),
    )


moments = st.builds(
    lambda season, seconds: season + timedelta(seconds=seconds),
    st.sampled_from(SEASONS),
    st.integers(0, 6 * 86_400),
)


def count_by_minute(start: datetime, end: datetime, calendar: SlaCalendar) -> int:
    """The definition itself: of whole minutes, those whose local time lies in a counted span."""
    total = 0
    while start < end:
        local = start.astimezone(calendar.zone)
        minute = local.hour * 60 + local.minute
        total += any(a <= minute < b for a, b in calendar.counted_spans(local.date()))
        start += timedelta(minutes=1)
    return total


@settings(deadline=None, max_examples=promise_examples(60))
@given(calendars(), st.sampled_from(SEASONS), st.integers(0, 4000), st.integers(0, 3000))
def test_it_counts_the_minutes_that_a_plain_count_finds(
    calendar: SlaCalendar, season: datetime, offset: int, length: int
) -> None:
    start = season + timedelta(minutes=offset)
    end = start + timedelta(minutes=length)
    assert business_minutes(start, end, calendar) == count_by_minute(start, end, calendar)


@settings(deadline=None)
@given(calendars(), moments, moments, moments)
def test_parts_add_up_to_the_whole(calendar: SlaCalendar, a: datetime, b: datetime, c: datetime) -> None:
    a, b, c = sorted((a, b, c))
    parts = business_minutes(a, b, calendar) + business_minutes(b, c, calendar)
    assert parts == pytest.approx(business_minutes(a, c, calendar), abs=1e-6)
    assert business_minutes(a, c, calendar) >= business_minutes(a, b, calendar) >= 0
    assert business_minutes(c, a, calendar) == 0


@settings(deadline=None)
@given(calendars(), moments, st.floats(0, 5000).map(lambda minutes: round(minutes, 3)))
def test_adding_and_counting_undo_each_other(calendar: SlaCalendar, start: datetime, minutes: float) -> None:
    end = add_business_minutes(start, minutes, calendar)
    assert business_minutes(start, end, calendar) == pytest.approx(minutes, abs=1e-6)
    if minutes:
        just_before = end - timedelta(milliseconds=1)
        assert business_minutes(start, just_before, calendar) < minutes, "it is the first such instant"


@settings(deadline=None)
@given(calendars(), moments, moments, st.integers(0, 3000), st.integers(0, 3000))
def test_later_starts_and_longer_targets_never_end_earlier(
    calendar: SlaCalendar, a: datetime, b: datetime, some: int, more: int
) -> None:
    a, b = sorted((a, b))
    assert add_business_minutes(a, some, calendar) <= add_business_minutes(b, some, calendar)
    assert add_business_minutes(a, some, calendar) <= add_business_minutes(a, some + more, calendar)


def test_a_night_pauses_the_clock() -> None:
    calendar = calendar_of(["09:00-18:00"])
    friday_evening = utc("2026-06-05T17:55:00+09:00")
    assert add_business_minutes(friday_evening, 10, calendar) == utc("2026-06-08T09:05:00+09:00")


def test_a_holiday_and_a_day_of_the_company_are_free() -> None:
    calendar = calendar_of(["09:00-18:00"], holidays=make_holidays("JP", [date(2026, 1, 2)]))
    new_years_eve = utc("2025-12-31T17:50:00+09:00")
    assert add_business_minutes(new_years_eve, 20, calendar) == utc("2026-01-05T09:10:00+09:00")


def test_handed_over_nights_count_and_are_not_staffed() -> None:
    rules = DEFAULT.off_hours.model_copy(update={"nights": "handover"})
    calendar = calendar_of(["09:00-18:00"], off_hours=rules)
    night, saturday = utc("2026-06-04T23:00:00+09:00"), utc("2026-06-06T11:00:00+09:00")
    assert add_business_minutes(night, 10, calendar) == night + timedelta(minutes=10)
    assert (calendar.is_staffed(night), calendar.is_counted(night)) == (False, True)
    assert (calendar.is_staffed(saturday), calendar.is_counted(saturday)) == (False, False)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_with_a_clock_change_has_its_true_length(day: str, hours: int) -> None:
    rules = DEFAULT.off_hours.model_copy(update={"free_days": "handover"})
    calendar = calendar_of(["09:00-18:00"], "Europe/Berlin", off_hours=rules)
    midnight = datetime.fromisoformat(day).replace(tzinfo=calendar.zone)
    assert business_minutes(midnight, midnight + timedelta(days=1), calendar) == hours * 60


def test_a_year_without_counted_time_is_refused() -> None:
    every_day = [date(2026, 1, 1) + timedelta(days=n) for n in range(800)]
    calendar = calendar_of(["09:00-18:00"], holidays=make_holidays(None, every_day))
    with pytest.raises(ConfigError, match="working_hours"):
        add_business_minutes(utc("2026-01-01T00:00:00Z"), 1, calendar)
