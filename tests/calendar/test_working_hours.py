"""Working hours and holidays as settings write them."""

from datetime import date

import pytest
from pydantic import ValidationError

from leadops.calendar.working_hours import WEEKDAYS, Holidays, WorkingHours, parse_span


def hours_of(days: dict[str, list[str]]) -> WorkingHours:
    return WorkingHours.model_validate({weekday: days.get(weekday, []) for weekday in WEEKDAYS})


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("09:00-18:00", (540, 1080)),
        ("00:00-00:01", (0, 1)),
        ("00:00-24:00", (0, 1440)),
        ("22:30-24:00", (1350, 1440)),
        ("23:58-23:59", (1438, 1439)),
    ],
)
def test_a_span_is_minutes_after_midnight(text: str, span: tuple[int, int]) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("9:00-18:00", "not a span"),
        ("09:00-18:60", "not a span"),
        ("24:00-24:00", "not a span"),
        ("09:00-24:01", "not a span"),
        ("09:00-18:00 ", "not a span"),
        ("18:00-09:00", "ends before it begins"),
        ("09:00-09:00", "ends before it begins"),
    ],
)
def test_other_texts_are_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_span(text)


def test_spans_are_ordered_and_may_touch() -> None:
    hours = hours_of({"monday": ["13:00-18:00", "09:00-13:00"]})
    assert hours.on(0) == [(540, 780), (780, 1080)]
    assert [hours.on(day) for day in range(1, 7)] == [[]] * 6


def test_overlapping_spans_are_refused() -> None:
    with pytest.raises(ValidationError, match="overlap"):
        hours_of({"monday": ["09:00-13:01", "13:00-18:00"]})


@pytest.mark.parametrize("weekday", range(7))
def test_one_span_on_any_day_is_enough(weekday: int) -> None:
    hours = hours_of({WEEKDAYS[weekday]: ["09:00-10:00"]})
    assert [bool(hours.on(day)) for day in range(7)] == [day == weekday for day in range(7)]


def test_holidays_are_those_of_the_country() -> None:
    public = Holidays(country="JP", subdivision=None, extra=[]).public()
    assert public is not None
    assert date(2026, 7, 20) in public  # Marine Day
    assert date(2026, 7, 21) not in public
    assert Holidays(country=None, subdivision=None, extra=[]).public() is None


def test_holidays_are_those_of_the_subdivision() -> None:
    epiphany = date(2026, 1, 6)
    for subdivision, is_free in (("BY", True), ("BE", False), (None, False)):
        public = Holidays(country="DE", subdivision=subdivision, extra=[]).public()
        assert public is not None
        assert (epiphany in public) is is_free
