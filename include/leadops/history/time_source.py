"""Where a time comes from: a column in one of several formats, a constant, or a running number."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from leadops.company import ZoneName
from leadops.history.value_source import RowCells
from leadops.normalization.blank_values import is_blank
from leadops.settings import Settings
from leadops.tabular.cells import read_number
from leadops.tabular.file_row import BadRowError
from leadops.tabular.times import check_time_format, parse_time, to_utc

#: No CRM is older; what lies before is a default of some software (1900-01-00, 1601, 0001).
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)


class DerivedTime(Settings):
    """A synthetic time that keeps an order: `start` plus a step for each number since `first`.

    The number is that of `column`, or with `row_number` the row's own: in a CSV the line on which it begins.
    """

    column: str | None = None
    row_number: bool = False
    first: int  # the number that gets `start`
    start: datetime
    step_minutes: float = Field(gt=0)

    @model_validator(mode="after")
    def _check(self) -> "DerivedTime":
        if (self.column is None) != self.row_number:
            raise ValueError("give either column or row_number: true")
        return self


class TimeSource(Settings):
    """One of `column` (with `format`), `constant` and `derived`. A mapping may name just the column."""

    column: str | None = None
    #: iso, unix, unix_ms, excel, or patterns of strptime; the first that fits counts.
    format: list[str] = Field(default_factory=lambda: ["iso"])
    zone: ZoneName | None = None  # of times that name none; else the company's
    constant: date | datetime | None = None
    derived: DerivedTime | None = None

    @model_validator(mode="before")
    @classmethod
    def _accept_column(cls, value: object) -> object:
        if isinstance(value, dict) and isinstance(value.get("format"), str):
            return {**value, "format": [value["format"]]}
        return {"column": value} if isinstance(value, str) else value

    @field_validator("format")
    @classmethod
    def _check_formats(cls, formats: list[str]) -> list[str]:
        if not formats:
            raise ValueError("give at least one format")
        for each in formats:
            check_time_format(each)
        return formats

    @model_validator(mode="after")
    def _check(self) -> "TimeSource":
        if sum(each is not None for each in (self.column, self.constant, self.derived)) != 1:
            raise ValueError("give exactly one of column, constant and derived")
        return self

    @property
    def columns(self) -> list[str]:
        """The columns it reads."""
        if self.derived:
            return [self.derived.column] if self.derived.column else []
        return [self.column] if self.column else []

    @property
    def name(self) -> str:
        """Its column, as an error names it."""
        return ", ".join(self.columns) or ("row_number" if self.derived else "constant")

    @property
    def made_up(self) -> Literal["constant", "derived"] | None:
        """How the time was derived where the file does not have it."""
        if self.column:
            return None
        return "constant" if self.constant else "derived"

    def read(self, cells: RowCells, *, zone: tzinfo, now: datetime) -> datetime | None:
        """Return the time in UTC, None where the cell is null; `zone` is the company's.

        Raises BadRowError where it is not a time, is before 1970 or after `now`.
        """
        moment = self._find(cells, self.own_zone(zone))
        if moment is None:
            return None
        name = self.name
        if moment < EARLIEST:
            raise BadRowError(f"{name}: is before 1970", moment.date())
        if moment > now:
            raise BadRowError(f"{name}: is in the future", moment.date())
        return moment

    def own_zone(self, zone: tzinfo) -> tzinfo:
        """Return the zone of its days: its own, else the company's, `zone`."""
        return ZoneInfo(self.zone) if self.zone else zone

    def _find(self, cells: RowCells, zone: tzinfo) -> datetime | None:
        if self.constant is not None:
            return to_utc(self.constant, zone)
        cell = cells.get(self.columns[0]) if self.columns else cells.number
        if is_blank(cell):
            return None
        try:
            if self.derived:
                steps = int(read_number(cell, self.name)) - self.derived.first
                return to_utc(self.derived.start, zone) + steps * timedelta(minutes=self.derived.step_minutes)
            if isinstance(cell, date):
                return to_utc(cell, zone)
        except (ValueError, OverflowError, OSError):
            raise self._not_a_time(cell) from None
        for each in self.format:
            with suppress(ValueError):
                return parse_time(str(cell), each, zone=zone)
        raise self._not_a_time(cell)

    def _not_a_time(self, cell: object) -> BadRowError:
        return BadRowError(f"{self.name}: is not a time in {' or '.join(self.format)}", cell)
