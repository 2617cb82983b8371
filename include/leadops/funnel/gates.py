"""Judges built days: what cannot be, what is missing, what changed suddenly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from leadops.calendar.local_days import day_bounds, day_of
from leadops.company import Company
from leadops.db import Connection, load_sql
from leadops.funnel.build import lock_funnel
from leadops.funnel.funnel_settings import FunnelSettings, GateSettings
from leadops.sla.sla_calendar import SlaCalendar
from leadops.sla.sla_policy import SlaPolicy

#: The median absolute deviation of a normal distribution times this is its standard deviation.
MAD_TO_SD = 1.4826

WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Gated:
    """How many built days were judged, and how many findings they have, from which day to which."""

    days: int
    findings: int
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Found:
    """Something that looks wrong about a day; `subject` tells it from others of its gate and day."""

    gate: str
    subject: str
    facts: dict[str, Any]
    lead_id: int | None = None


def judge_days(
    connection: Connection,
    *,
    company: Company,
    settings: FunnelSettings,
    policy: SlaPolicy,
    now: datetime,
) -> Gated:
    """Judge the days that were built since they were last judged; each day in a transaction of its own.

    Writes analytics.gate_findings of a day whole; what is found again keeps when it was first found and
    whether somebody settled it. Those about days longer ago than `incident_days` are never an incident: the
    past that an import brings alarms nobody. `policy` says which days are worked on.
    """
    calendar = SlaCalendar(policy)
    days = [dt for (dt,) in connection.execute(_sql("list_ungated")).fetchall()]
    connection.commit()
    count, days_found = 0, []
    for dt in days:
        with connection.transaction():
            lock_funnel(connection)
            found = [
                *_find_orders(connection, dt, company),
                *_find_changes(connection, dt, company, settings.gates, calendar),
            ]
            is_old = (day_of(now, company.zone) - dt).days > settings.gates.incident_days
            open_until = now if is_old else now + settings.gates.open_for
            _write(connection, dt, found, open_until=open_until, now=now)
        count += len(found)
        if found:
            days_found.append(dt)
    return Gated(len(days), count, min(days_found, default=None), max(days_found, default=None))


def judge_volume(
    count: int, others: Sequence[int], *, settings: GateSettings, is_working_day: bool
) -> tuple[str, dict[str, Any]] | None:
    """Compare a day's `count` with those of the same weekdays before it, the oldest first.

    Returns the gate ('gap' or 'volume') and its facts, or None when nothing is wrong or too little is known:
    weeks before the first count are no weeks. The standard deviation is that of the middle (the median
    absolute deviation), but never less than that of a Poisson count, the root of the median.
    """
    first = next((number for number, other in enumerate(others) if other), len(others))
    known = others[first:]
    if len(known) < settings.min_weeks:
        return None
    usual = median(known)
    usual = int(usual) if usual == int(usual) else usual  # 1, not 1.0
    facts = {"count": count, "usual": usual}
    if count == 0 and is_working_day and min(known) > 0 and usual >= settings.gap_from:
        return "gap", facts
    spread = MAD_TO_SD * median(abs(other - usual) for other in known)
    z = (count - usual) / max(spread, max(usual, 1) ** 0.5)
    if z >= settings.z or (z <= -settings.z and is_working_day):
        return "volume", facts | {"z": round(z, 1)}
    return None


def _find_orders(connection: Connection, dt: date, company: Company) -> Iterator[Found]:
    """Yield the stages of the day that precede their MQL, and those that have none."""
    day = day_bounds(dt, company.zone)
    for gate, lead_id, cycle, stage, occurred_at in connection.execute(
        _sql("list_orders"), {"dt": dt, "start": day.start, "until": day.until}
    ).fetchall():
        facts = {"lead_id": lead_id, "cycle": cycle, "stage": stage, "occurred_at": occurred_at.isoformat()}
        yield Found(gate, f"lead {lead_id} cycle {cycle} {stage}", facts, lead_id)


def _find_changes(
    connection: Connection, dt: date, company: Company, settings: GateSettings, calendar: SlaCalendar
) -> Iterator[Found]:
    """Yield the counts of the day that differ from those of the same weekdays, holidays among themselves."""
    is_working_day = bool(calendar.working_spans(dt))
    past = [dt - WEEK * number for number in range(settings.weeks, 0, -1)]
    days = [*(other for other in past if bool(calendar.working_spans(other)) is is_working_day), dt]
    bounds = [day_bounds(each, company.zone) for each in days]
    rows = connection.execute(
        _sql("list_volumes"),
        {"starts": [each.start for each in bounds], "untils": [each.until for each in bounds]},
    ).fetchall()
    for number, measure in enumerate(("leads", "mqls", "sals", "sqls", "wons", "losts"), start=1):
        counts = [row[number] for row in rows]
        verdict = judge_volume(counts[-1], counts[:-1], settings=settings, is_working_day=is_working_day)
        if verdict:
            yield Found(verdict[0], measure, verdict[1])


def _write(
    connection: Connection, dt: date, found: Sequence[Found], *, open_until: datetime, now: datetime
) -> None:
    values = {
        "dt": dt,
        "gates": [each.gate for each in found],
        "subjects": [each.subject for each in found],
        "lead_ids": [each.lead_id for each in found],
        "facts": [Jsonb(each.facts) for each in found],
        "now": now,
        "open_until": open_until,
    }
    connection.execute(_sql("write_findings"), values)
    connection.execute(_sql("note_gated"), values)


def _sql(name: str) -> LiteralString:
    return load_sql("leadops.funnel", name)
