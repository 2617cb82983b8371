"""The settings of the funnel: config/funnel.yaml."""

import hashlib
from datetime import timedelta
from typing import ClassVar

from pydantic import Field, field_validator

from leadops.company import Company
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.normalization.dimension_keys import make_dimension_key
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

    @field_validator("campaigns")
    @classmethod
    def _are_names(cls, campaigns: dict[str, str]) -> dict[str, str]:
        for name in [*campaigns, *campaigns.values()]:
            if make_dimension_key(name, fold_case=False) is None:
                raise ValueError(f"{name!r} names no campaign")
        return campaigns

    def current_names(self, *, fold_case: bool) -> dict[str, str]:
        """Return the key of every old name with that of the last name that it was given.

        With `fold_case` names that differ only in case are one (company.yaml).
        """
        names: dict[str, str] = {}
        for old, new in self.campaigns.items():
            sent, current = (make_dimension_key(name, fold_case=fold_case) for name in (old, new))
            if sent and current and sent != current:
                names[sent] = current
        return {name: _find_last(name, names) for name in names}

    @property
    def looks_back(self) -> int:
        """How many days a day's figures look back at most."""
        return max(self.lead_time_days, self.response_days)


def _find_last(name: str, names: dict[str, str]) -> str:
    """Return the last name of `name`; two names that are renamed to each other as keys end at one of them."""
    seen = {name}
    while name in names and names[name] not in seen:
        name = names[name]
        seen.add(name)
    return name


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
        str(company.fold_case),
        policy.zone.key,
        settings.model_dump_json(exclude={"dirty_days_at_most", "quality_checks"}),
        policy.model_dump_json(include={"working_hours", "holidays", "feed_late_after_minutes"}),
        str([(span.version.version, str(span.since)) for span in contract.spans()]),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
