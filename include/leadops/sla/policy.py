"""The SLA policy (config/sla.yaml): targets by tier, working time, and what happens outside of it."""

import hashlib
from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from leadops.calendar.hours import Holidays, WorkingHours
from leadops.company import Company, ZoneName
from leadops.settings import Settings, load_config

Fraction = Annotated[float, Field(gt=0, le=1)]


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
