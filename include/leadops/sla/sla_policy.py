"""The SLA policy (config/sla.yaml): targets by tier, working hours, what happens outside of them."""

import hashlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from leadops.calendar.local_time import spans_in_utc
from leadops.calendar.working_hours import Holidays, Span, WorkingHours
from leadops.company import InCompanyZone
from leadops.settings import Settings

Fraction = Annotated[float, Field(gt=0, le=1)]
WHOLE_DAY: list[Span] = [(0, 1440)]


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


class SlaCalendar:
    """Which instants count, and which are staffed by the salespeople themselves; computes each day once."""

    def __init__(self, policy: SlaPolicy) -> None:
        self.zone: ZoneInfo = policy.zone
        self._policy = policy
        self._public = policy.holidays.public()
        self._extra = frozenset(policy.holidays.extra)
        self._counted: dict[date, list[tuple[datetime, datetime]]] = {}

    def is_holiday(self, day: date) -> bool:
        """Return whether the local `day` is a public holiday or one of the company's own days off."""
        return day in self._extra or (self._public is not None and day in self._public)

    def working_spans(self, day: date) -> list[Span]:
        """Return when salespeople work on the local `day`; empty on holidays."""
        if self.is_holiday(day):
            return []
        return self._policy.working_hours.on(day.weekday())

    def counted_spans(self, day: date) -> list[Span]:
        """Return when clocks run on the local `day`: working hours, and hours that are handed over."""
        working = self.working_spans(day)
        rule = self._policy.off_hours.nights if working else self._policy.off_hours.free_days
        return WHOLE_DAY if rule == "handover" else working

    def counted(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return `counted_spans` as pairs of UTC instants, in order."""
        if day not in self._counted:
            self._counted[day] = spans_in_utc(self.counted_spans(day), day, self.zone)
        return self._counted[day]

    def is_staffed(self, moment: datetime) -> bool:
        """Return whether salespeople work at `moment`."""
        return self._lies_in(moment, self.working_spans)

    def is_counted(self, moment: datetime) -> bool:
        """Return whether clocks run at `moment`."""
        return self._lies_in(moment, self.counted_spans)

    def _lies_in(self, moment: datetime, spans: Callable[[date], list[Span]]) -> bool:
        local = moment.astimezone(self.zone)
        minutes = local.hour * 60 + local.minute
        return any(start <= minutes < end for start, end in spans(local.date()))
