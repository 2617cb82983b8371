"""The settings of alerts: config/alerts.yaml."""

from datetime import timedelta
from typing import ClassVar

from pydantic import Field, field_validator, model_validator

from leadops.incidents.kinds import KINDS
from leadops.settings import Settings

MENTION = r"^(<!(here|channel|subteam\^[A-Z0-9]+)>|<@[A-Z0-9]+>)?$"


class AlertSettings(Settings):
    """config/alerts.yaml: when a problem becomes an incident, and how on-call is notified."""

    renamed: ClassVar[dict[str, str]] = {
        "tell_past_minutes": "suppress_below_minutes",
        "tell_at_most": "max_calls_per_run",
    }

    cdp_lag_minutes: float = Field(gt=0)  # opens above
    cdp_lag_clear_minutes: float = Field(ge=0)  # ends at or below
    cdp_unreachable_minutes: float = Field(ge=0)  # age of the last good answer
    backlog_minutes: float = Field(gt=0)  # age of the oldest live change not delivered
    outbox_minutes: float = Field(gt=0)  # age of the oldest live effect (lead, task, owner) not delivered
    clear_after_minutes: float = Field(ge=0)  # how long good news must last
    escalate_after_minutes: dict[str, float | None]  # null: never

    channel: str = Field(pattern=r"^[CGD][A-Z0-9]+$")  # a Slack channel id
    mention: str = Field(pattern=MENTION)  # in Slack's own notation
    digest_above: int = Field(ge=1)  # incidents
    digest_hours: float = Field(gt=0)
    digest_names: int = Field(ge=1)  # incidents
    suppress_below_minutes: float = Field(ge=0)
    update_every_minutes: float = Field(ge=0)
    max_calls_per_run: int = Field(ge=1)  # calls in one run
    seconds_between_calls: float = Field(ge=0, le=60)
    longest_wait_seconds: float = Field(ge=0, le=600)
    look_up_after_seconds: float = Field(ge=0)

    runbook_base_url: str = Field(pattern=r"^(https?://\S+[^/\s])?$")
    airflow_base_url: str = Field(pattern=r"^(https?://\S+[^/\s])?$")

    @field_validator("escalate_after_minutes")
    @classmethod
    def _must_be_kinds(cls, minutes: dict[str, float | None]) -> dict[str, float | None]:
        if unknown := sorted(set(minutes) - set(KINDS)):
            raise ValueError(f"no such kind: {', '.join(unknown)}; the kinds are {', '.join(KINDS)}")
        return minutes

    @model_validator(mode="after")
    def _must_close_below(self) -> "AlertSettings":
        if self.cdp_lag_clear_minutes > self.cdp_lag_minutes:
            raise ValueError("cdp_lag_clear_minutes must not be above cdp_lag_minutes")
        return self

    def escalation(self, kind: str) -> timedelta | None:
        """Return the time from opening to escalation of `kind`, or None where it never escalates."""
        minutes = self.escalate_after_minutes.get(kind, KINDS[kind].escalate_after)
        return None if minutes is None else timedelta(minutes=minutes)
