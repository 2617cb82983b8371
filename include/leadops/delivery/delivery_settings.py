"""The settings of delivery: config/delivery.yaml."""

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from pydantic import Field, field_validator

from leadops.company import check_zone
from leadops.errors import ConfigError
from leadops.settings import Settings

#: The systems that operations always go to; rules may name others.
REQUIRED_TARGETS = ("ma", "crm")
#: The most deltas that a call may have; a product may take fewer.
BULK_LIMIT = 1000
#: For so long a batch of unknown outcome is sent again under its key; after that the scores are read back.
#: For so long, too, a 409 means that an earlier try is still in progress.
TRUSTED_MEMORY = timedelta(minutes=15)


#: As `day_ends`: the day of the quota is always the last 24 hours.
ROLLING = "rolling"


class Recreate(StrEnum):
    """After which new points a lead that is gone from the MA is made there again, with all its points."""

    NEVER = "never"
    FORM_OR_MQL = "form_or_mql"
    ANY = "any"


class TargetSettings(Settings):
    """How one other system is spoken to."""

    calls_per_second: float = Field(gt=0)
    burst: int = Field(ge=1)  # calls
    key_memory_hours: float = Field(gt=0)
    batch_size: int = Field(ge=1, le=BULK_LIMIT)  # deltas in a bulk call
    connections: int = Field(ge=1, le=16)
    daily_calls: int | None = Field(ge=1)
    day_ends: str  # a time zone, or ROLLING
    live_reserve: float = Field(ge=0, lt=1)  # of a day's calls, for the live lane alone
    calls_at_once: int | None = Field(ge=1)

    @field_validator("day_ends")
    @classmethod
    def _must_be_a_zone(cls, day_ends: str) -> str:
        if day_ends != ROLLING:
            check_zone(day_ends)
        return day_ends

    @property
    def key_memory(self) -> timedelta:
        """For how long the target remembers an idempotency key."""
        return timedelta(hours=self.key_memory_hours)


class AuditSettings(Settings):
    """How far the nightly comparison of the MA with the ledger may correct the MA by itself."""

    renamed: ClassVar[dict[str, str]] = {"heal_leads": "max_corrections", "gone_leads": "max_missing"}

    max_corrections: int = Field(ge=0)  # leads in one night; more differ: none is corrected
    max_missing: int = Field(ge=0)  # leads that may go from the MA in a day; beyond, none counts as gone


class DeliverySettings(Settings):
    """config/delivery.yaml."""

    renamed: ClassVar[dict[str, str]] = {"keep_days": "calls, under tables in retention.yaml"}

    targets: dict[str, TargetSettings]
    shards: int = Field(ge=1, le=16)  # tasks that push to the MA at once
    longest_backoff_seconds: float = Field(gt=0)
    credentials_pause_seconds: float = Field(gt=0)
    recreate: Recreate
    audit: AuditSettings

    @field_validator("targets")
    @classmethod
    def _must_have_both(cls, targets: dict[str, TargetSettings]) -> dict[str, TargetSettings]:
        if missing := [name for name in REQUIRED_TARGETS if name not in targets]:
            raise ValueError(f"{' and '.join(missing)} must stay: leadops sends to both")
        return targets

    def find_target(self, name: str) -> TargetSettings:
        """Return the settings of a target; raise ConfigError when there are none."""
        if name not in self.targets:
            raise ConfigError(f"no target {name!r} in delivery.yaml: name one of {', '.join(self.targets)}")
        return self.targets[name]

    def count_slices(self, target: str) -> int:
        """Return into how many slices the leads of `target` are divided: one a connection of all shards."""
        return self.shards * self.find_target(target).connections

    def backoff(self, attempts: int) -> timedelta:
        """Return the pause after `attempts` failed tries: 1 s doubled each time, up to the longest."""
        return timedelta(seconds=min(2.0 ** min(attempts - 1, 30), self.longest_backoff_seconds))
