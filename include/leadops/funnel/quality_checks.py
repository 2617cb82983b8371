"""Checks built days: impossible orders, missing stages, gaps and sudden changes; and lists what was found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.calendar.local_days import day_bounds, day_of
from leadops.company import Company
from leadops.db import Connection
from leadops.funnel.built_days import list_unchecked_days, mark_checked
from leadops.funnel.funnel_settings import FunnelSettings, QualityCheckSettings
from leadops.funnel.volume_check import classify_volume
from leadops.locks import Lock, hold_lock
from leadops.made_up.made_up_past import MadeUpPast, find_past
from leadops.queries import Queries
from leadops.sla.sla_policy import SlaCalendar, SlaPolicy

queries = Queries(__file__)

WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class QualityCheckResult:
    """How many built days were checked, how many findings they have, and the first and last day with one."""

    days: int
    findings: int
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class QualityIssue:
    """Something that looks wrong about a day; `subject` identifies it among those of its kind and day."""

    kind: str
    subject: str
    facts: dict[str, Any]
    lead_id: int | None = None
    is_incident: bool = True  # False: it is only listed, because another check reports it


class QualityFinding(NamedTuple):
    """An issue on record; `is_open` while it is an incident."""

    dt: date
    kind: str
    subject: str
    lead_id: int | None
    facts: dict[str, Any]
    found_at: datetime
    is_open: bool


@dataclass(frozen=True)
class OrderFault:
    """A stage of the day that precedes its MQL (impossible_order) or has none (missing_stage)."""

    kind: str
    lead_id: int
    cycle: int
    stage: str
    occurred_at: datetime


@dataclass(frozen=True)
class DayWords:
    """The activities of one day whose word in one field of the CRM no setting names."""

    field: str
    activities: int
    unnamed: int
    words: int
    examples: list[str]


@dataclass(frozen=True)
class DayVolume:
    """New leads and stages reached between the bounds of one day."""

    start_at: datetime
    leads: int
    mqls: int
    sals: int
    sqls: int
    wons: int
    losts: int


def check_days(
    connection: Connection,
    *,
    company: Company,
    settings: FunnelSettings,
    policy: SlaPolicy,
    now: datetime,
) -> QualityCheckResult:
    """Check the days that were built since they were last checked; each day is a transaction of its own.

    Writes the findings of a day whole; one that is found again keeps its first time and whether it was
    acknowledged. A finding about a day more than `incident_days` ago is never an incident, so that imported
    history raises no alarm; nor is one about a simulated day, with which no other day is compared. `policy`
    says which days are working days.
    """
    calendar = SlaCalendar(policy)
    days = list_unchecked_days(connection)
    made_up = find_past(connection)
    connection.commit()
    count, days_found = 0, []
    for dt in days:
        with connection.transaction():
            hold_lock(connection, Lock.FUNNEL)
            issues = [
                *_find_order_faults(connection, dt, company),
                *_find_volume_changes(connection, dt, company, settings.quality_checks, calendar, made_up),
                *_find_unnamed_words(connection, dt, company),
            ]
            is_old = (day_of(now, company.zone) - dt).days > settings.quality_checks.incident_days
            is_old = is_old or (made_up is not None and dt <= made_up.last_day)
            open_until = now if is_old else now + settings.quality_checks.open_for
            _record_issues(connection, dt, issues, open_until=open_until, now=now)
        count += len(issues)
        if issues:
            days_found.append(dt)
    return QualityCheckResult(len(days), count, min(days_found, default=None), max(days_found, default=None))


def list_findings(connection: Connection, *, first: date, last: date, now: datetime) -> list[QualityFinding]:
    """Return the findings of the days from `first` to `last`, the newest day first."""
    return queries.all(
        connection, "list_findings", QualityFinding, first=first, last=last, now=now, only_open=False
    )


def list_open_findings(connection: Connection, *, now: datetime) -> list[QualityFinding]:
    """Return the findings of any day that are an incident at `now`, the newest day first."""
    return queries.all(
        connection, "list_findings", QualityFinding, first=None, last=None, now=now, only_open=True
    )


def settle_findings(connection: Connection, *, day: date | None, now: datetime) -> int:
    """Acknowledge the findings of `day` (None: of all days); return how many; commits."""
    with connection.transaction():
        return queries.run(connection, "settle_findings", dt=day, now=now)


def _find_order_faults(connection: Connection, dt: date, company: Company) -> Iterator[QualityIssue]:
    """Yield the stages of the day that precede their MQL, and those without an MQL."""
    day = day_bounds(dt, company.zone)
    for fault in queries.all(
        connection, "list_order_faults", OrderFault, dt=dt, start=day.start, until=day.until
    ):
        facts = {
            "lead_id": fault.lead_id,
            "cycle": fault.cycle,
            "stage": fault.stage,
            "occurred_at": fault.occurred_at.isoformat(),
        }
        subject = f"lead {fault.lead_id} cycle {fault.cycle} {fault.stage}"
        yield QualityIssue(fault.kind, subject, facts, fault.lead_id)


def _find_volume_changes(
    connection: Connection,
    dt: date,
    company: Company,
    settings: QualityCheckSettings,
    calendar: SlaCalendar,
    made_up: MadeUpPast | None,
) -> Iterator[QualityIssue]:
    """Yield the counts of the day that differ from those of the same weekdays.

    Working days are compared with working days, holidays with holidays, and days that happened not with
    those that are `made_up`.
    """
    is_working_day = bool(calendar.working_spans(dt))
    past = [dt - WEEK * number for number in range(settings.weeks, 0, -1)]
    if made_up and dt > made_up.last_day:
        past = [day for day in past if day > made_up.last_day]
    days = [*(other for other in past if bool(calendar.working_spans(other)) is is_working_day), dt]
    bounds = [day_bounds(day, company.zone) for day in days]
    volumes = queries.all(
        connection,
        "list_volumes",
        DayVolume,
        starts=[day.start for day in bounds],
        untils=[day.until for day in bounds],
    )
    for measure in ("leads", "mqls", "sals", "sqls", "wons", "losts"):
        counts = [getattr(volume, measure) for volume in volumes]
        issue = classify_volume(counts[-1], counts[:-1], settings=settings, is_working_day=is_working_day)
        if issue:
            yield QualityIssue(issue.kind, measure, issue.facts)


def _find_unnamed_words(connection: Connection, dt: date, company: Company) -> Iterator[QualityIssue]:
    """Yield the fields of the CRM that say words on that day which no setting names."""
    day = day_bounds(dt, company.zone)
    for found in queries.all(connection, "list_unnamed_words", DayWords, start=day.start, until=day.until):
        facts = {
            "words": found.words,
            "activities": found.unnamed,
            "of": found.activities,
            "examples": found.examples,
        }
        yield QualityIssue("unnamed_words", found.field, facts, is_incident=False)


def _record_issues(
    connection: Connection, dt: date, issues: Sequence[QualityIssue], *, open_until: datetime, now: datetime
) -> None:
    queries.run(
        connection,
        "replace_findings",
        dt=dt,
        kinds=[issue.kind for issue in issues],
        subjects=[issue.subject for issue in issues],
        lead_ids=[issue.lead_id for issue in issues],
        facts=[Jsonb(issue.facts) for issue in issues],
        ends=[open_until if issue.is_incident else now for issue in issues],
        now=now,
    )
    mark_checked(connection, dt)
