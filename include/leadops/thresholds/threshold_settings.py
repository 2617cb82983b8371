"""Settings of the daily threshold (config/thresholds.yaml)."""

from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from leadops.settings import Settings

Part = Annotated[float, Field(gt=0, lt=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Minutes = Annotated[float, Field(gt=0)]
Days = Annotated[int, Field(ge=1, le=3660)]


class ResponseDecay(Settings):
    """How waiting lowers the probability that a lead becomes SQL; minutes of working time."""

    floor: float = Field(ge=0, lt=1)  # share of the probability that waiting never takes
    half_life_minutes: Minutes


class RollbackSettings(Settings):
    """When a change is rolled back."""

    renamed: ClassVar[dict[str, str]] = {"least_leads": "min_leads"}

    days: Days
    min_leads: int = Field(ge=1)
    lead_days: Days
    confidence: Part
    queue_times: float = Field(ge=1)
    days_in_a_row: int = Field(ge=1, le=30)
    rest_days: int = Field(ge=0)


class ThresholdSettings(Settings):
    """config/thresholds.yaml."""

    renamed: ClassVar[dict[str, str]] = {
        "ripe_days": "mature_days",
        "least_ripe": "min_mature",
        "least_sqls": "min_sqls",
        "largest_step": "max_step",
        "least_gain": "min_gain",
        "guard": "rollback",
    }

    automatic: bool
    window_days: Days
    label_days: Days
    mature_days: Days
    horizon_days: Days
    min_mature: int = Field(ge=1)
    min_sqls: int = Field(ge=1)
    handling_minutes: Minutes
    share_of_time: Share
    backlog_days: Days
    backlog_share: float = Field(ge=0, lt=1)
    response: ResponseDecay
    overdue_minutes: float = Field(ge=0)
    sla_minutes: list[Minutes] = Field(min_length=1)
    service_level: float = Field(ge=0, lt=1)
    service_confidence: float = Field(ge=0.5, lt=1)
    extrapolate_points: int = Field(ge=0)  # points
    below: float = Field(ge=0, le=1)
    max_step: int = Field(ge=0)  # points
    min_gain: float = Field(ge=0)
    confidence: Part
    replicates: int = Field(ge=100, le=10_000)
    seed: int = Field(ge=0)
    rollback: RollbackSettings

    @field_validator("sla_minutes")
    @classmethod
    def _rising(cls, minutes: list[float]) -> list[float]:
        if minutes != sorted(set(minutes)):
            raise ValueError("list the targets in ascending order, each once")
        return minutes
