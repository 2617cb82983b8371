"""Settings of the daily threshold (config/thresholds.yaml)."""

from typing import Annotated

from pydantic import Field, field_validator

from leadops.settings import Settings

Part = Annotated[float, Field(gt=0, lt=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Minutes = Annotated[float, Field(gt=0)]
Days = Annotated[int, Field(ge=1, le=3660)]


class Response(Settings):
    """How waiting lowers the chance that a lead becomes SQL; minutes of working time."""

    floor: float = Field(ge=0, lt=1)  # part of the chance that waiting does not take
    half_life_minutes: Minutes


class RollbackSettings(Settings):
    """When a change is taken back."""

    days: Days
    least_leads: int = Field(ge=1)
    lead_days: Days
    confidence: Part
    queue_times: float = Field(ge=1)
    days_in_a_row: int = Field(ge=1, le=30)
    rest_days: int = Field(ge=0)


class ThresholdSettings(Settings):
    """config/thresholds.yaml."""

    automatic: bool
    window_days: Days
    label_days: Days
    ripe_days: Days
    horizon_days: Days
    least_ripe: int = Field(ge=1)
    least_sqls: int = Field(ge=1)
    handling_minutes: Minutes
    share_of_time: Share
    backlog_days: Days
    backlog_share: float = Field(ge=0, lt=1)
    response: Response
    overdue_minutes: float = Field(ge=0)
    sla_minutes: list[Minutes] = Field(min_length=1)
    service_level: float = Field(ge=0, lt=1)
    extrapolate_points: int = Field(ge=0)  # points
    below: float = Field(ge=0, le=1)
    largest_step: int = Field(ge=0)  # points
    least_gain: float = Field(ge=0)
    confidence: Part
    replicates: int = Field(ge=100, le=10_000)
    seed: int = Field(ge=0)
    guard: RollbackSettings

    @field_validator("sla_minutes")
    @classmethod
    def _rising(cls, minutes: list[float]) -> list[float]:
        if minutes != sorted(set(minutes)):
            raise ValueError("the targets must rise, each named once")
        return minutes
