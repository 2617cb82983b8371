"""The days that a report is about: a quarter, or from one day to another."""

from dataclasses import dataclass
from datetime import date

from leadops.errors import PermanentError
from leadops.lifecycle.quarter import find_quarter, read_quarter


@dataclass(frozen=True)
class ReportPeriod:
    """Whole local days, both ends included."""

    first_day: date
    last_day: date
    year_starts: int  # month in which the company's year begins
    note: str = ""  # what a reader should know of the figures, such as that they are made up

    def __str__(self) -> str:
        return f"{self._name()} ({self.note})" if self.note else self._name()

    def _name(self) -> str:
        quarter = find_quarter(self.first_day, starts=self.year_starts)
        whole = (quarter.first_day, quarter.last_day) == (self.first_day, self.last_day)
        return str(quarter) if whole else f"{self.first_day} – {self.last_day}"


def choose_period(
    *, quarter: str | None, first: date | None, last: date | None, today: date, year_starts: int
) -> ReportPeriod:
    """Return the days of `quarter` (2026-Q3), or from `first` to `last`; else the last one before `today`.

    Quarters are those of the company's year, which begins in the month `year_starts`.
    Raises PermanentError, one line, for a quarter together with days, only one end, or a wrong order.
    """
    if quarter and (first or last):
        raise PermanentError("give a quarter or the days from and to, not both")
    if first and last:
        if last < first:
            raise PermanentError("the day `to` must not lie before the day `from`")
        return ReportPeriod(first, last, year_starts)
    if first or last:
        raise PermanentError("give both days, from and to, such as 2026-07-01 and 2026-07-31")
    wanted = (
        read_quarter(quarter, starts=year_starts)
        if quarter
        else find_quarter(today, starts=year_starts).previous()
    )
    return ReportPeriod(wanted.first_day, wanted.last_day, year_starts)


def parse_param_day(text: str | None) -> date | None:
    """Return the day in a Param of a run, None if it is empty; raise PermanentError for anything else."""
    if not text:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise PermanentError("a day must be given as 2026-07-31") from error
