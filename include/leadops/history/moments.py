"""Where a time comes from: a column in one of several formats, a constant, or a running number."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from leadops.company import ZoneName
from leadops.history.cells import BadRow, Cells, read_number
from leadops.settings import Settings

#: Formats that are no pattern of strptime; excel: days since 1899-12-30.
WORDS = ("iso", "unix", "unix_ms", "excel")
EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - days are counted on a wall
#: No CRM is older; what lies before is a default of some software (1900-01-00, 1601, 0001).
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
#: What a pattern must say for a day to be known.
_DAY = ({"%Y", "%y", "%c", "%x", "%G"}, {"%m", "%b", "%B", "%j", "%c", "%x", "%V"})


class Derived(Settings):
    """A made-up time that keeps an order: `start` plus a step for each number since `first`."""

    column: str
    first: int  # the number that gets `start`
    start: datetime
    step_minutes: float = Field(gt=0)


class Moment(Settings):
    """One of `column` (with `format`), `constant` and `derived`. A mapping may name just the column."""

    column: str | None = None
    #: iso, unix, unix_ms, excel, or patterns of strptime; the first that fits counts.
    format: list[str] = Field(default_factory=lambda: ["iso"])
    zone: ZoneName | None = None  # of times that name none; else the company's
    constant: date | datetime | None = None
    derived: Derived | None = None

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
            _check_format(each)
        return formats

    @model_validator(mode="after")
    def _check(self) -> "Moment":
        if sum(each is not None for each in (self.column, self.constant, self.derived)) != 1:
            raise ValueError("give exactly one of column, constant and derived")
        return self

    @property
    def columns(self) -> list[str]:
        """The columns it reads."""
        if self.derived:
            return [self.derived.column]
        return [self.column] if self.column else []

    @property
    def made_up(self) -> Literal["constant", "derived"] | None:
        """How the time was made where the file does not have it."""
        if self.column:
            return None
        return "constant" if self.constant else "derived"

    def read(self, cells: Cells, *, zone: tzinfo, now: datetime) -> datetime | None:
        """Return the time in UTC, None where the cell is null; `zone` is the company's.

        Raises BadRow where it is no time, lies before 1970 or after `now`.
        """
        moment = self._find(cells, self.own_zone(zone))
        if moment is None:
            return None
        name = ", ".join(self.columns) or "constant"
        if moment < EARLIEST:
            raise BadRow(f"{name}: lies before 1970", moment.date())
        if moment > now:
            raise BadRow(f"{name}: lies in the future", moment.date())
        return moment

    def own_zone(self, zone: tzinfo) -> tzinfo:
        """Return the zone of its days: its own, else the company's, `zone`."""
        return ZoneInfo(self.zone) if self.zone else zone

    def _find(self, cells: Cells, zone: tzinfo) -> datetime | None:
        if self.constant is not None:
            return _settle(self.constant, zone)
        cell = cells.get(self.columns[0])
        if cell is None:
            return None
        try:
            if self.derived:
                steps = int(read_number(cell, self.derived.column)) - self.derived.first
                return _settle(self.derived.start, zone) + steps * timedelta(
                    minutes=self.derived.step_minutes
                )
            if isinstance(cell, date):
                return _settle(cell, zone)
            for each in self.format:
                if (found := _parse(str(cell), each, zone)) is not None:
                    return found
        except (ValueError, OverflowError, OSError):
            pass
        raise BadRow(f"{self.columns[0]}: is no time in {' or '.join(self.format)}", cell)


def _parse(text: str, pattern: str, zone: tzinfo) -> datetime | None:
    try:
        if pattern in ("unix", "unix_ms"):
            return datetime.fromtimestamp(float(text) / (1 if pattern == "unix" else 1000), UTC)
        if pattern == "excel":
            return _settle(EXCEL_EPOCH + timedelta(days=float(text)), zone)
        if pattern == "iso":
            return _settle(datetime.fromisoformat(text), zone)
        return _settle(datetime.strptime(text, pattern), zone)  # noqa: DTZ007 - the zone follows
    except (ValueError, OverflowError, OSError):
        return None


def _settle(moment: date | datetime, zone: tzinfo) -> datetime:
    """Return `moment` in UTC; a day is its midnight, a time without a zone is in `zone`."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _check_format(pattern: str) -> None:
    if pattern in WORDS:
        return
    told = {pattern[place : place + 2] for place, sign in enumerate(pattern) if sign == "%"}
    if not all(told & needed for needed in _DAY):
        raise ValueError(
            f"{pattern!r} does not say the day; write {', '.join(WORDS)} or a pattern such as %d-%m-%Y %H:%M"
        )
    example: Any = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    try:
        datetime.strptime(example.strftime(pattern), pattern)  # noqa: DTZ007 - only whether it can be read
    except ValueError as error:
        raise ValueError(f"{pattern!r} is no pattern of strptime: {error}") from error
