"""Quarters of the calendar year, written 2026-Q3, and of the company's year, written FY2026/27-Q2."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from leadops.errors import PermanentError

JANUARY = 1
#: How a quarter is written; a Param of Airflow and `read_quarter` take the same texts.
QUARTER_PATTERN = r"(?:2\d{3}|FY2\d{3}/\d{2})-Q[1-4]"


@dataclass(frozen=True, order=True)
class Quarter:
    """A quarter of a year; `starts` is the month in which that year begins."""

    year: int  # the calendar year in which it begins
    number: int  # 1 to 4
    starts: int = JANUARY  # month

    def __str__(self) -> str:
        if self.starts == JANUARY:
            return f"{self.year}-Q{self.number}"
        return f"FY{self.year}/{(self.year + 1) % 100:02d}-Q{self.number}"

    @property
    def first_day(self) -> date:
        """The first day of its first month."""
        months = self.starts - 1 + 3 * (self.number - 1)
        return date(self.year + months // 12, months % 12 + 1, 1)

    @property
    def last_day(self) -> date:
        """The last day of its last month."""
        return self.next().first_day - timedelta(days=1)

    def next(self) -> "Quarter":
        """Return the quarter after this one."""
        return Quarter(self.year + self.number // 4, self.number % 4 + 1, self.starts)

    def previous(self) -> "Quarter":
        """Return the quarter before this one."""
        return find_quarter(self.first_day - timedelta(days=1), starts=self.starts)


def find_quarter(day: date, *, starts: int) -> Quarter:
    """Return the quarter in which `day` lies, of years that begin in the month `starts`."""
    months = (day.month - starts) % 12
    return Quarter(day.year if day.month >= starts else day.year - 1, months // 3 + 1, starts)


def list_first_months(starts: int) -> list[int]:
    """Return the months in which quarters begin, in the order of the calendar."""
    return sorted((starts - 1 + 3 * number) % 12 + 1 for number in range(4))


def read_quarter(text: str, *, starts: int) -> Quarter:
    """Return the quarter that `text` names; raise PermanentError, one line, where it names none.

    2026-Q3 is the calendar's, which begins in July; FY2026/27-Q2 is of the company's year, which begins in
    the month `starts`. A quarter of the calendar that is one of the company's too is returned as that.
    """
    found = re.fullmatch(QUARTER_PATTERN, text.strip())
    if not found:
        raise PermanentError(f"a quarter must be given as {_show_examples(starts)}")
    year, number = text.strip().removeprefix("FY").split("-Q")
    if "/" not in year:
        quarter = Quarter(int(year), int(number))
        own = find_quarter(quarter.first_day, starts=starts)
        return own if own.first_day == quarter.first_day else quarter
    if starts == JANUARY:
        raise PermanentError(
            "the company's year is the calendar's (fiscal_year_starts in company.yaml is 1):"
            " a quarter must be given as 2026-Q3"
        )
    begin, end = year.split("/")
    if (int(begin) + 1) % 100 != int(end):
        raise PermanentError(f"FY{year} is not one year; a quarter must be given as {_show_examples(starts)}")
    return Quarter(int(begin), int(number), starts)


def recall_quarter(name: str, *, first_day: date) -> Quarter:
    """Return a quarter that is on record under `name`, whenever the company's year begins now."""
    year, number = name.removeprefix("FY").split("-Q")
    months = (first_day.month - 1 - 3 * (int(number) - 1)) % 12
    return Quarter(int(year[:4]), int(number), months + 1)


def _show_examples(starts: int) -> str:
    return "2026-Q3" if starts == JANUARY else "FY2026/27-Q2, or 2026-Q3 of the calendar"
