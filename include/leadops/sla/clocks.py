"""Starts the clocks of a cycle, keeps them in line with the policy, and stops them at what sales did."""

from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.calendar.counted import add_business_minutes, business_minutes
from leadops.db import Connection, load_sql
from leadops.sla.calendar import Calendar
from leadops.sla.policy import SlaPolicy


class Cycle(NamedTuple):
    """A cycle of a lead: its MQL with the raw points of that time."""

    lead_id: int
    cycle: int
    started_at: datetime
    total: int
    campaign: str | None
    first_contact_minutes: float | None = None  # target in force at the MQL, in place of the policy's


def start_clocks(
    connection: Connection, cycles: list[Cycle], *, policy: SlaPolicy, calendar: Calendar
) -> None:
    """Start the clocks of `cycles` that do not run yet."""
    fingerprint = policy.fingerprint()
    rows = [
        _plan(cycle, clock, policy=policy, calendar=calendar, fingerprint=fingerprint)
        for cycle in cycles
        for clock in policy.tier_of(cycle.total).targets()
    ]
    if rows:
        connection.cursor().executemany(load_sql("leadops.sla", "insert_clock"), rows)


def follow_policy(connection: Connection, *, policy: SlaPolicy, calendar: Calendar) -> None:
    """Work out again when the clocks warn and run out that were planned by another policy."""
    fingerprint = policy.fingerprint()
    found = connection.execute(load_sql("leadops.sla", "select_other_policy"), {"policy": fingerprint})
    rows = [
        _plan(Cycle(*cycle), clock, policy=policy, calendar=calendar, fingerprint=fingerprint)
        for clock, *cycle in found
    ]
    if rows:
        connection.cursor().executemany(load_sql("leadops.sla", "reset_clock"), rows)


def stop_clocks(connection: Connection, cycles: list[Cycle], *, calendar: Calendar) -> None:
    """Stop the clocks of `cycles` at the first time known by now; an earlier one than before replaces it."""
    stops = connection.execute(load_sql("leadops.sla", "select_stops"), keys(cycles)).fetchall()
    rows = [
        {
            "clock_id": clock_id,
            "stopped_at": stopped_at,
            "stopped_by": stopped_by,
            "business_minutes": business_minutes(started_at, stopped_at, calendar),
        }
        for clock_id, started_at, stopped_at, stopped_by in stops
    ]
    if rows:
        connection.cursor().executemany(load_sql("leadops.sla", "stop_clock"), rows)


def keys(cycles: list[Cycle]) -> dict[str, Any]:
    """Return the two arrays by which SQL finds `cycles`."""
    return {"leads": [c.lead_id for c in cycles], "cycles": [c.cycle for c in cycles]}


def _plan(
    cycle: Cycle, clock: str, *, policy: SlaPolicy, calendar: Calendar, fingerprint: str
) -> dict[str, Any]:
    """Return the row of a clock: when it warns and runs out, and what its alerts will need to say."""
    tier = policy.tier_of(cycle.total)
    target = tier.targets()[clock]
    if clock == "first_contact" and tier.min_total is None and cycle.first_contact_minutes is not None:
        target = cycle.first_contact_minutes
    warn_after = target * float(getattr(policy.warn_at, clock))
    evidence: dict[str, Any] = {"tier": tier.name}
    if cycle.campaign is not None:
        evidence["campaign"] = cycle.campaign
    if not calendar.is_staffed(cycle.started_at) and calendar.is_counted(cycle.started_at):
        evidence["handed_over"] = {
            "channel": policy.off_hours.handover_channel,
            "playbook": policy.off_hours.handover_playbook,
        }
    return {
        "lead_id": cycle.lead_id,
        "cycle": cycle.cycle,
        "clock": clock,
        "started_at": cycle.started_at,
        "warn_at": add_business_minutes(cycle.started_at, warn_after, calendar),
        "due_at": add_business_minutes(cycle.started_at, target, calendar),
        "target_minutes": target,
        "policy": fingerprint,
        "evidence": Jsonb(evidence),
    }
