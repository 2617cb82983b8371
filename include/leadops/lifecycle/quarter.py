"""Quarters of the calendar year, written 2026-Q3."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from leadops.errors import PermanentError


@dataclass(frozen=True, order=True)
class Quarter:
    """A quarter of a year."""

    year: int
    number: int  # 1 to 4

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"

    @property
    def first_day(self) -> date:
        """The first day of its first month."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last_day(self) -> date:
        """The last day of its last month."""
        return self.next().first_day - timedelta(days=1)

    def next(self) -> "Quarter":
        """Return the quarter after this one."""
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    def previous(self) -> "Quarter":
        """Return the quarter before this one."""
        return find_quarter(self.first_day - timedelta(days=1))


def find_quarter(day: date) -> Quarter:
    """Return the quarter in which `day` lies."""
    return Quarter(day.year, (day.month + 2) // 3)


def read_quarter(text: str) -> Quarter:
    """Return the quarter that `text` names; raise PermanentError, one line, where it names none."""
    found = re.fullmatch(r"(2\d{3})-Q([1-4])", text.strip())
    if not found:
        raise PermanentError("a quarter must be given as 2026-Q3")
    return Quarter(int(found[1]), int(found[2]))
