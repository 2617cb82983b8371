"""The SLA policy (config/sla.yaml): targets by tier, working time, and what happens outside of it."""

import hashlib
import re
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import holidays
from pydantic import BeforeValidator, Field, field_validator, model_validator

from leadops.company import Company, ZoneName
from leadops.settings import Settings, load_config

Fraction = Annotated[float, Field(gt=0, le=1)]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")

#: From and until, as minutes after local midnight by the clock on the wall (1440: the day's end).
Span = tuple[int, int]


def _parse_span(text: Any) -> Any:
    """Turn "09:00-18:00" into (540, 1080); raise ValueError when it is no such span."""
    if not isinstance(text, str):
        return text
    found = _SPAN.fullmatch(text)
    if not found:
        raise ValueError(f'{text!r} is no span of hours; write for example "09:00-18:00"')
    start = int(found[1]) * 60 + int(found[2])
    end = int(found[3]) * 60 + int(found[4]) if found[3] else 1440
    if end <= start:
        raise ValueError(
            f"{text!r} ends before it begins; a night shift is two spans, to 24:00 and from 00:00"
        )
    return start, end


Hours = list[Annotated[Span, BeforeValidator(_parse_span)]]


class Tier(Settings):
    """What is promised to a kind of lead; minutes of counted time."""

    name: str = Field(min_length=1)
    min_total: int | None = None  # raw points at the MQL; None: everybody
    first_contact_minutes: float = Field(gt=0)
    sal_minutes: float = Field(gt=0)

    def targets(self) -> dict[str, float]:
        """Return minutes by clock."""
        return {"first_contact": self.first_contact_minutes, "sal": self.sal_minutes}


class Median(Settings):
    """The promise about the median from MQL to taken-and-contacted."""

    target_minutes: float = Field(gt=0)
    window_days: float = Field(gt=0)
    min_leads: int = Field(ge=1)


class WarnAt(Settings):
    """The part of each target after which its clock is at risk."""

    first_contact: Fraction
    sal: Fraction
    median_to_sal: Fraction


class WorkingHours(Settings):
    """Spans of work by weekday, local time."""

    monday: Hours = Field(default=[])
    tuesday: Hours = Field(default=[])
    wednesday: Hours = Field(default=[])
    thursday: Hours = Field(default=[])
    friday: Hours = Field(default=[])
    saturday: Hours = Field(default=[])
    sunday: Hours = Field(default=[])

    @field_validator("*")
    @classmethod
    def _apart(cls, spans: list[Span]) -> list[Span]:
        ordered = sorted(spans)
        if any(later[0] < earlier[1] for earlier, later in pairwise(ordered)):
            raise ValueError("the spans of a day overlap; join them into one")
        return ordered

    @model_validator(mode="after")
    def _some(self) -> "WorkingHours":
        if not any(self.on(weekday) for weekday in range(7)):
            raise ValueError("no day has working hours; give at least one span")
        return self

    def on(self, weekday: int) -> list[Span]:
        """Return the spans of `weekday` (0 is Monday)."""
        spans: list[Span] = getattr(self, WEEKDAYS[weekday])
        return spans


class Holidays(Settings):
    """Which days nobody works."""

    country: str | None = None  # ISO 3166-1
    subdivision: str | None = None
    extra: list[date] = Field(default=[])

    @model_validator(mode="after")
    def _known(self) -> "Holidays":
        self.public()
        return self

    def public(self) -> holidays.HolidayBase | None:
        """Return the country's holidays, of any year asked for; None without a country."""
        if self.country is None:
            return None
        try:
            return holidays.country_holidays(self.country, subdiv=self.subdivision)
        except NotImplementedError as error:
            raise ValueError(
                f"the holidays package does not know this country or subdivision: {error}"
            ) from error


class OffHours(Settings):
    """What nights and free days do to a clock."""

    nights: Literal["pause", "handover"]
    free_days: Literal["pause", "handover"]
    handover_channel: str
    handover_playbook: str


class SlaPolicy(Settings):
    """config/sla.yaml."""

    timezone: ZoneName | None = None  # None: the company's
    tiers: list[Tier] = Field(min_length=1)
    median: Median
    warn_at: WarnAt
    feed_late_after_minutes: float = Field(gt=0)
    working_hours: WorkingHours
    holidays: Holidays
    off_hours: OffHours

    @field_validator("tiers")
    @classmethod
    def _covers_everybody(cls, tiers: list[Tier]) -> list[Tier]:
        if tiers[-1].min_total is not None:
            raise ValueError("the last tier must take everybody else: set its min_total to null")
        return tiers

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the working hours."""
        return ZoneInfo(self.timezone) if self.timezone else load_config("company", Company).zone

    @property
    def feed_late_after(self) -> timedelta:
        """The age of the feed's as_of from which on it is late."""
        return timedelta(minutes=self.feed_late_after_minutes)

    def tier_of(self, total: int) -> Tier:
        """Return the first tier whose minimum `total` raw points reach."""
        return next(tier for tier in self.tiers if tier.min_total is None or tier.min_total <= total)

    def fingerprint(self) -> str:
        """Return a hash of all that decides when a clock warns and runs out."""
        return hashlib.sha256(f"{self.model_dump_json()} {self.zone.key}".encode()).hexdigest()[:16]
