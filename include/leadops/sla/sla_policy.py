"""The SLA policy (config/sla.yaml): targets by tier, working hours, and what happens outside of them."""

import hashlib
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator

from leadops.calendar.working_hours import Holidays, WorkingHours
from leadops.company import InCompanyZone
from leadops.settings import Settings

Fraction = Annotated[float, Field(gt=0, le=1)]


class SlaTier(Settings):
    """The targets for a tier of leads, in counted minutes."""

    name: str = Field(min_length=1)
    min_total: int | None = None  # raw points at the MQL; None: everybody
    first_contact_minutes: float = Field(gt=0)
    sal_minutes: float = Field(gt=0)

    def targets(self) -> dict[str, float]:
        """Return the target minutes by clock."""
        return {"first_contact": self.first_contact_minutes, "sal": self.sal_minutes}


class MedianTarget(Settings):
    """The target for the median from MQL to accepted and contacted, in counted minutes."""

    target_minutes: float = Field(gt=0)
    window_days: float = Field(gt=0)
    min_leads: int = Field(ge=1)


class WarningShares(Settings):
    """The share of each target after which its clock is at risk."""

    first_contact: Fraction
    sal: Fraction
    median_to_sal: Fraction


class OffHours(Settings):
    """What happens to clocks at night and on free days."""

    nights: Literal["pause", "handover"]
    free_days: Literal["pause", "handover"]
    handover_channel: str
    handover_playbook: str


class SlaPolicy(InCompanyZone):
    """config/sla.yaml."""

    tiers: list[SlaTier] = Field(min_length=1)
    median: MedianTarget
    warn_at: WarningShares
    feed_late_after_minutes: float = Field(gt=0)
    working_hours: WorkingHours
    holidays: Holidays
    off_hours: OffHours

    @field_validator("tiers")
    @classmethod
    def _covers_everybody(cls, tiers: list[SlaTier]) -> list[SlaTier]:
        if tiers[-1].min_total is not None:
            raise ValueError("the last tier must take all other leads: set its min_total to null")
        return tiers

    @property
    def feed_late_after(self) -> timedelta:
        """The age of the feed's as_of beyond which the feed is late."""
        return timedelta(minutes=self.feed_late_after_minutes)

    def tier_of(self, total: int) -> SlaTier:
        """Return the first tier whose `min_total` is at most `total` raw points."""
        return next(tier for tier in self.tiers if tier.min_total is None or tier.min_total <= total)

    def fingerprint(self) -> str:
        """Return a hash of everything that decides when a clock warns and is due."""
        return hashlib.sha256(f"{self.model_dump_json()} {self.zone.key}".encode()).hexdigest()[:16]
