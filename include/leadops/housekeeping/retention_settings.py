"""The settings of retention: config/retention.yaml."""

from typing import Annotated

from pydantic import Field, model_validator

from leadops.settings import Settings

#: Days; null: for good.
Days = Annotated[int, Field(ge=1)] | None


class AirflowRetention(Settings):
    """How long Airflow's runs and their logs are kept."""

    days: int = Field(ge=1)  # runs that succeeded
    failed_days: int = Field(ge=1)  # all others

    @model_validator(mode="after")
    def _must_keep_failed_longer(self) -> "AirflowRetention":
        if self.failed_days < self.days:
            raise ValueError("failed_days must not be below days")
        return self


class TableRetention(Settings):
    """How long rows are kept after they ended."""

    calls: Days
    quarantine: Days
    quarantined_forms: Days
    form_refusals: Days
    refused_calls: Days
    crm_refused: Days
    incidents: Days
    task_results: Days
    notices: Days
    changes: Days
    freed_acts: Days
    canary: Days
    anonymous_events: Annotated[int, Field(ge=30)] | None


class RetentionSettings(Settings):
    """config/retention.yaml."""

    airflow: AirflowRetention
    tables: TableRetention
