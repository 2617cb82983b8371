"""The settings of alerts: config/alerts.yaml."""

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, TypeVar

from pydantic import Field, field_validator, model_validator

from leadops.incidents.finding import FindingStatus
from leadops.incidents.kinds import KINDS, PAGERDUTY_FAILING, SLACK_FAILING, Severity
from leadops.settings import Settings

MENTION = r"^(<!(here|channel|subteam\^[A-Z0-9]+)>|<@[A-Z0-9]+>)?$"


class AlertRoute(StrEnum):
    """Which channels get an incident."""

    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    BOTH = "both"


#: What says that a channel fails goes to the other one, whatever the settings say.
FIXED_ROUTES = {SLACK_FAILING: AlertRoute.BOTH, PAGERDUTY_FAILING: AlertRoute.SLACK}


class RefusalLimits(Settings):
    """When refusals are an incident: their number and their share of all in the window both reach a limit."""

    window_minutes: float = Field(gt=0, le=1440)
    min_count: int = Field(ge=1)
    min_share: float = Field(ge=0, le=1)
    ignored: frozenset[str]  # reasons that do not count

    @property
    def window(self) -> timedelta:
        """How far the refusals reach back."""
        return timedelta(minutes=self.window_minutes)

    def classify(self, refused: int, total: int) -> FindingStatus:
        """Return the status of `refused` of `total`; unknown from half of both limits on."""
        share = refused / total if total else 0.0
        if refused >= self.min_count and share >= self.min_share:
            return "firing"
        return "unknown" if 2 * refused >= self.min_count and 2 * share >= self.min_share else "ok"


class WordLimits(Settings):
    """When words of the CRM that no setting names are an incident: number and share both reach a limit."""

    window_hours: float = Field(gt=0, le=720)
    min_count: int = Field(ge=1)  # activities
    min_share: float = Field(gt=0, le=1)  # of all activities

    def classify(self, unnamed: int, total: int) -> FindingStatus:
        """Return the status of `unnamed` of `total` activities; unknown from half of both limits on."""
        share = unnamed / total if total else 0.0
        if unnamed >= self.min_count and share >= self.min_share:
            return "firing"
        return "unknown" if 2 * unnamed >= self.min_count and 2 * share >= self.min_share else "ok"


class ShareJumpLimits(Settings):
    """When a share that does not count is an incident: it jumps above the usual one."""

    window_hours: float = Field(gt=0, le=168)
    min_count: int = Field(ge=1)  # of what does not count
    min_jump: float = Field(gt=0, le=1)  # of all, above the share of the week before

    @property
    def window(self) -> timedelta:
        """How far what is counted reaches back."""
        return timedelta(hours=self.window_hours)

    def classify(self, part: int, total: int, *, usual: float | None) -> FindingStatus:
        """Return the status of `part` of `total`; unknown from half of both limits on.

        `usual` is the share of the week before; None: there was nothing, so nothing can jump.
        """
        if usual is None:
            return "ok"
        jump = (part / total if total else 0.0) - usual
        if part >= self.min_count and jump >= self.min_jump:
            return "firing"
        return "unknown" if 2 * part >= self.min_count and 2 * jump >= self.min_jump else "ok"


class QuietSiteLimits(Settings):
    """When a site counts as quiet: its hour beside the same hour of earlier weeks."""

    weeks: int = Field(ge=1, le=9)  # how many earlier weeks are looked at
    min_weeks: int = Field(ge=1)  # with fewer that can be compared there is no alert
    min_events: int = Field(ge=1)  # the median of these weeks, at least
    max_share: float = Field(gt=0, le=0.5)  # of the median

    @model_validator(mode="after")
    def _must_find_enough_weeks(self) -> "QuietSiteLimits":
        if self.min_weeks > self.weeks:
            raise ValueError("min_weeks must not be above weeks")
        return self


class SpaceLimits(Settings):
    """When a disk or the database is short of space: both limits are looked at, one is enough."""

    full_within_days: float = Field(gt=0)
    min_free_share: float = Field(ge=0, lt=0.5)

    def classify(self, free_share: float, days_left: float | None) -> FindingStatus:
        """Return the status of a place; unknown up to twice either limit. None: it does not fill."""
        days = float("inf") if days_left is None else days_left
        if free_share < self.min_free_share or days < self.full_within_days:
            return "firing"
        is_close = free_share < 2 * self.min_free_share or days < 2 * self.full_within_days
        return "unknown" if is_close else "ok"


Value = TypeVar("Value")


class WatchdogSettings(Settings):
    """When the watchdog steps in for check_alerts, which cannot report that no task runs."""

    dags: tuple[str, ...] = Field(min_length=1)  # the DAGs of every minute
    stopped_after_seconds: float = Field(ge=70)  # without a finished task of these DAGs
    queued_after_seconds: float = Field(ge=30)  # the same task in the queue, and nothing finishes
    alerts_after_seconds: float = Field(ge=70)  # without a success of check_alerts
    database_after_seconds: float = Field(gt=0)  # without an answer of the database


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
    live_stopped_minutes: float = Field(ge=1)  # without a live lane that works, where there was one
    opt_out_minutes: float = Field(gt=0)  # age of an opt-out that another system has not taken
    crm_feed_minutes: float = Field(gt=0)  # opens above
    crm_feed_clear_minutes: float = Field(ge=0)  # ends at or below
    crm_refused_hours: float = Field(gt=0)  # how long a refused item counts
    crm_words: WordLimits
    leads_gone_hours: float = Field(gt=0)  # how long a lead that is gone from the MA counts
    refused_events: RefusalLimits
    quarantine_days: float = Field(gt=0)  # age of the oldest refused event that waits
    quiet_sites: QuietSiteLimits
    refused_forms: RefusalLimits
    spam_forms: RefusalLimits  # of the refused forms, those that look like spam
    quarantined_forms: int = Field(ge=1)  # signed forms that wait, at least
    stopped_after_minutes: dict[str, float | None]  # by DAG; null: never
    watchdog: WatchdogSettings
    claims_flood: RefusalLimits
    machine_share: ShareJumpLimits
    own_network_share: ShareJumpLimits
    space: SpaceLimits
    database_limit_gib: float | None = Field(gt=0)
    clear_after_minutes: float = Field(ge=0)  # how long good news must last
    escalate_after_minutes: dict[str, float | None]  # null: never

    channels: dict[Severity, AlertRoute]
    channels_by_kind: dict[str, AlertRoute]
    channel_failing_minutes: float = Field(gt=0)
    max_pages_per_run: int = Field(ge=1)  # events for PagerDuty in one run

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

    @field_validator("escalate_after_minutes", "channels_by_kind")
    @classmethod
    def _must_be_kinds(cls, by_kind: dict[str, Value]) -> dict[str, Value]:
        if unknown := sorted(set(by_kind) - set(KINDS)):
            raise ValueError(f"no such kind: {', '.join(unknown)}; the kinds are {', '.join(KINDS)}")
        return by_kind

    @field_validator("channels")
    @classmethod
    def _must_route_all(cls, channels: dict[Severity, AlertRoute]) -> dict[Severity, AlertRoute]:
        if missing := sorted({"critical", "warning"} - set(channels)):
            raise ValueError(f"say where incidents go that are {' and '.join(missing)}")
        return channels

    @field_validator("channels_by_kind")
    @classmethod
    def _must_leave_fixed(cls, by_kind: dict[str, AlertRoute]) -> dict[str, AlertRoute]:
        if fixed := sorted(set(by_kind) & set(FIXED_ROUTES)):
            raise ValueError(f"{fixed[0]} always goes to {FIXED_ROUTES[fixed[0]]}; remove it here")
        return by_kind

    @model_validator(mode="after")
    def _must_close_below(self) -> "AlertSettings":
        for name in ("cdp_lag", "crm_feed"):
            if getattr(self, f"{name}_clear_minutes") > getattr(self, f"{name}_minutes"):
                raise ValueError(f"{name}_clear_minutes must not be above {name}_minutes")
        return self

    @property
    def database_limit(self) -> int | None:
        """How many bytes the database may have, or None."""
        return None if self.database_limit_gib is None else int(self.database_limit_gib * 1024**3)

    def escalation(self, kind: str) -> timedelta | None:
        """Return the time from opening to escalation of `kind`, or None where it never escalates."""
        minutes = self.escalate_after_minutes.get(kind, KINDS[kind].escalate_after)
        return None if minutes is None else timedelta(minutes=minutes)

    def route(self, kind: str) -> AlertRoute:
        """Return which channels get the incidents of `kind`, where PagerDuty is on."""
        by_severity = self.channels[KINDS[kind].severity]
        return FIXED_ROUTES.get(kind) or self.channels_by_kind.get(kind, by_severity)

    def list_paged_kinds(self, *, only: bool = False) -> list[str]:
        """Return the kinds that go to PagerDuty; with `only` those that go nowhere else."""
        wanted = {AlertRoute.PAGERDUTY} if only else {AlertRoute.PAGERDUTY, AlertRoute.BOTH}
        return [kind for kind in KINDS if self.route(kind) in wanted]
