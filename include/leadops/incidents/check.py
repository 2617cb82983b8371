"""What a check is: one question to the tables, answered with findings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from leadops.db import Connection
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.finding import CheckFinding, IncidentKey


@dataclass(frozen=True)
class CdpReading:
    """The CDP's answer: its lag in minutes at `as_of` (UTC); without a lag, the `reason` of its silence."""

    minutes_lag: float | None = None
    as_of: datetime | None = None
    reason: str = ""


class HolidayCalendar(Protocol):
    """The company's days: their zone, and which of them are holidays."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone of its local days."""

    def is_holiday(self, day: date) -> bool:
        """Return whether the local `day` is a holiday; a weekend is not one."""


@dataclass(frozen=True)
class CheckInput:
    """What a check may use besides the tables; `cdp` is None where the CDP was not asked.

    `open_now` has the open incidents of the check's own kinds.
    """

    settings: AlertSettings
    now: datetime
    calendar: HolidayCalendar
    open_now: frozenset[IncidentKey] = frozenset()
    cdp: CdpReading | None = None


@dataclass(frozen=True)
class Check:
    """One question to the tables.

    `run` returns findings of `kinds` only. With `resolves_missing`, an open incident of these kinds that
    `run` does not find any more is resolved; without it, `run` itself says what is ok again. A check whose
    incidents may be many compares in its own SQL and sets `reads_open` to False: `open_now` is empty then.
    """

    name: str
    kinds: tuple[str, ...]
    run: Callable[[Connection, CheckInput], list[CheckFinding]]
    resolves_missing: bool = True
    reads_open: bool = True
