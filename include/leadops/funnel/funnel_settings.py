"""The settings of the funnel: config/funnel.yaml."""

import hashlib
from datetime import timedelta
from typing import ClassVar

from pydantic import Field, field_validator

from leadops.company import Company
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.settings import Settings
from leadops.sla.sla_policy import SlaPolicy


class QualityCheckSettings(Settings):
    """When a day looks wrong."""

    weeks: int = Field(ge=1, le=26)  # same weekdays
    min_weeks: int = Field(ge=2)  # same weekdays
    gap_from: float = Field(ge=1)  # leads or stages a day
    z: float = Field(gt=0)  # robust standard deviations
    open_days: float = Field(gt=0)  # days
    incident_days: int = Field(ge=0)  # days

    @property
    def open_for(self) -> timedelta:
        """How long a finding stays an incident by itself."""
        return timedelta(days=self.open_days)


class FunnelSettings(Settings):
    """config/funnel.yaml."""

    renamed: ClassVar[dict[str, str]] = {"gates": "quality_checks"}

    campaigns: dict[str, str]  # old name → name now
    lead_time_days: int = Field(ge=1)  # days
    rate_within_days: float = Field(gt=0)  # days
    min_leads: int = Field(ge=2)  # MQLs
    response_days: int = Field(ge=1)  # days
    dirty_days_at_most: int = Field(ge=0)  # days
    quality_checks: QualityCheckSettings

    @field_validator("campaigns")
    @classmethod
    def _end_somewhere(cls, campaigns: dict[str, str]) -> dict[str, str]:
        for name in campaigns:
            seen, now = {name}, campaigns[name]
            while now in campaigns:
                if now in seen:
                    raise ValueError(f"{name!r} is renamed in a circle; one of its names must be the last")
                seen.add(now)
                now = campaigns[now]
        return campaigns

    def current_names(self) -> dict[str, str]:
        """Return every old name with the last one that it was given."""
        return {name: self._last(name) for name in self.campaigns}

    def _last(self, name: str) -> str:
        while name in self.campaigns:
            name = self.campaigns[name]
        return name

    @property
    def looks_back(self) -> int:
        """How many days a day's figures look back at most."""
        return max(self.lead_time_days, self.response_days)


def fingerprint_settings(
    settings: FunnelSettings,
    *,
    company: Company,
    contract: KpiContract,
    policy: SlaPolicy,
    build_version: str,
) -> str:
    """Return a hash of `build_version` and of all settings that decide what a built day contains."""
    parts = [
        build_version,
        company.timezone,
        policy.zone.key,
        settings.model_dump_json(exclude={"dirty_days_at_most", "quality_checks"}),
        policy.model_dump_json(include={"working_hours", "holidays", "feed_late_after_minutes"}),
        str([(span.version.version, str(span.since)) for span in contract.spans()]),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
