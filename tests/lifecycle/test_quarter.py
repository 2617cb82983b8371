from datetime import date

import pytest

from leadops.errors import PermanentError
from leadops.lifecycle.quarter import (
    Quarter,
    find_quarter,
    list_first_months,
    read_quarter,
    recall_quarter,
)


def test_days_of_quarters() -> None:
    assert find_quarter(date(2026, 3, 31), starts=1) == Quarter(2026, 1)
    assert find_quarter(date(2026, 4, 1), starts=1) == Quarter(2026, 2)
    last = read_quarter("2026-Q4", starts=1)
    assert (last.first_day, last.last_day) == (date(2026, 10, 1), date(2026, 12, 31))
    assert str(last.next()) == "2027-Q1"
    assert str(last.next().previous()) == "2026-Q4"


@pytest.mark.parametrize("text", ["2026Q3", "2026-Q5", "Q3", "", "2026-Q3-x", "1026-Q1"])
def test_what_is_no_quarter_is_said_in_one_line(text: str) -> None:
    with pytest.raises(PermanentError, match="2026-Q3"):
        read_quarter(text, starts=1)


@pytest.mark.parametrize(
    ("day", "starts", "name", "first", "last"),
    [
        (date(2026, 4, 1), 4, "FY2026/27-Q1", date(2026, 4, 1), date(2026, 6, 30)),
        (date(2026, 3, 31), 4, "FY2025/26-Q4", date(2026, 1, 1), date(2026, 3, 31)),
        (date(2026, 12, 31), 4, "FY2026/27-Q3", date(2026, 10, 1), date(2026, 12, 31)),
        (date(2028, 2, 29), 2, "FY2028/29-Q1", date(2028, 2, 1), date(2028, 4, 30)),
        (date(2028, 1, 31), 2, "FY2027/28-Q4", date(2027, 11, 1), date(2028, 1, 31)),
        (date(2026, 12, 1), 12, "FY2026/27-Q1", date(2026, 12, 1), date(2027, 2, 28)),
        (date(2026, 11, 30), 12, "FY2025/26-Q4", date(2026, 9, 1), date(2026, 11, 30)),
        (date(2099, 7, 1), 7, "FY2099/00-Q1", date(2099, 7, 1), date(2099, 9, 30)),
        (date(2026, 1, 1), 1, "2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
    ],
)
def test_quarters_of_a_year_that_begins_in_another_month(
    day: date, starts: int, name: str, first: date, last: date
) -> None:
    quarter = find_quarter(day, starts=starts)
    assert (str(quarter), quarter.first_day, quarter.last_day) == (name, first, last)
    assert read_quarter(name, starts=starts) == quarter
    assert recall_quarter(name, first_day=first) == quarter
    assert quarter.next().previous() == quarter


@pytest.mark.parametrize(
    ("text", "starts", "name"),
    [
        ("2026-Q3", 4, "FY2026/27-Q2"),  # the same three months
        ("2026-Q1", 4, "FY2025/26-Q4"),
        ("2026-Q1", 10, "FY2025/26-Q2"),
        ("2026-Q3", 2, "2026-Q3"),  # not a quarter of the company's
        (" FY2026/27-Q2 ", 2, "FY2026/27-Q2"),
    ],
)
def test_both_spellings_are_read(text: str, starts: int, name: str) -> None:
    assert str(read_quarter(text, starts=starts)) == name


@pytest.mark.parametrize(
    ("text", "starts", "says"),
    [
        ("FY2026/27-Q1", 1, "fiscal_year_starts in company.yaml is 1"),
        ("FY2026/28-Q1", 4, "FY2026/28 is not one year"),
        ("FY2026-Q1", 4, "given as FY2026/27-Q2, or 2026-Q3 of the calendar"),
        ("FY2026/27-Q5", 4, "given as FY2026/27-Q2"),
        ("fy2026/27-Q1", 4, "given as FY2026/27-Q2"),
    ],
)
def test_what_does_not_fit_the_year_is_said(text: str, starts: int, says: str) -> None:
    with pytest.raises(PermanentError, match=says):
        read_quarter(text, starts=starts)


def test_months_in_which_quarters_begin() -> None:
    assert list_first_months(1) == list_first_months(4) == [1, 4, 7, 10]
    assert list_first_months(2) == [2, 5, 8, 11]
    assert list_first_months(12) == [3, 6, 9, 12]
