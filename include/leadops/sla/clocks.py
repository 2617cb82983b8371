"""Starts the clocks of a cycle, keeps them in line with the policy, and stops them at what sales did."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.calendar.business_time import add_business_minutes, business_minutes
from leadops.db import Connection
from leadops.lifecycle.publish import CycleKey
from leadops.queries import Queries
from leadops.sla.clock_states import SlaClock
from leadops.sla.sla_policy import SlaCalendar, SlaPolicy

queries = Queries(__file__)


class SlaCycle(NamedTuple):
    """A cycle of a lead: its MQL with the raw points of that time."""

    lead_id: int
    cycle: int
    started_at: datetime
    total: int  # raw points
    campaign: str | None
    is_backfill: bool = False
    first_contact_minutes: float | None = None  # chosen by the daily threshold; replaces the policy's target


class OutdatedClock(NamedTuple):
    """An open clock that was planned by another policy."""

    clock: str
    lead_id: int
    cycle: int


class ClockStop(NamedTuple):
    """When and why a clock stops."""

    clock_id: int
    started_at: datetime
    stopped_at: datetime
    stopped_by: str


def take_cycles(connection: Connection) -> list[SlaCycle]:
    """Empty the inbox and return its cycles; those of a backfill are left out, they start no clocks."""
    keys = queries.all(connection, "take_inbox", CycleKey)
    return [cycle for cycle in _describe_cycles(connection, keys) if not cycle.is_backfill]


def start_clocks(
    connection: Connection, cycles: Sequence[SlaCycle], *, policy: SlaPolicy, calendar: SlaCalendar
) -> None:
    """Start the clocks of `cycles` that do not run yet."""
    fingerprint = policy.fingerprint()
    rows = [
        plan_clock(cycle, clock, policy=policy, calendar=calendar, fingerprint=fingerprint)
        for cycle in cycles
        for clock in policy.tier_of(cycle.total).targets()
    ]
    if rows:
        queries.run_many(connection, "insert_clock", rows)


def apply_policy(connection: Connection, *, policy: SlaPolicy, calendar: SlaCalendar) -> None:
    """Plan the open clocks again that were planned by another policy."""
    fingerprint = policy.fingerprint()
    outdated = queries.all(connection, "list_outdated_clocks", OutdatedClock, policy=fingerprint)
    keys = list({CycleKey(clock.lead_id, clock.cycle) for clock in outdated})
    cycles = {(cycle.lead_id, cycle.cycle): cycle for cycle in _describe_cycles(connection, keys)}
    rows = [
        plan_clock(
            cycles[clock.lead_id, clock.cycle],
            clock.clock,
            policy=policy,
            calendar=calendar,
            fingerprint=fingerprint,
        )
        for clock in outdated
        if (clock.lead_id, clock.cycle) in cycles
    ]
    if rows:
        queries.run_many(connection, "reset_clock", rows)


def stop_clocks(
    connection: Connection, cycles: Sequence[SlaCycle], *, calendar: SlaCalendar, now: datetime
) -> None:
    """Stop the clocks of `cycles` at the earliest time known now; an earlier time replaces a later one.

    Where what stopped a clock does not count any more (the contract or the CRM was corrected), the clock runs
    on if it is not due yet. One that was due by `now` stays as it was: the past alarms nobody.
    """
    queries.run(connection, "reopen_clocks", **cycle_arrays(cycles), now=now)
    stops = queries.all(connection, "list_stops", ClockStop, **cycle_arrays(cycles))
    rows = [
        {
            "clock_id": stop.clock_id,
            "stopped_at": stop.stopped_at,
            "stopped_by": stop.stopped_by,
            "business_minutes": business_minutes(stop.started_at, stop.stopped_at, calendar),
        }
        for stop in stops
    ]
    if rows:
        queries.run_many(connection, "stop_clock", rows)


def find_contact_dues(
    connection: Connection, keys: Sequence[CycleKey], *, policy: SlaPolicy
) -> dict[CycleKey, datetime]:
    """Return until when (UTC) sales has to contact the leads of these cycles, as far as they have a clock."""
    calendar, fingerprint = SlaCalendar(policy), policy.fingerprint()
    return {
        CycleKey(cycle.lead_id, cycle.cycle): plan_clock(
            cycle, SlaClock.FIRST_CONTACT, policy=policy, calendar=calendar, fingerprint=fingerprint
        )["due_at"]
        for cycle in _describe_cycles(connection, keys)
        if not cycle.is_backfill
    }


def cycle_arrays(cycles: Sequence[SlaCycle | CycleKey]) -> dict[str, list[int]]:
    """Return the two parallel arrays by which SQL finds `cycles`."""
    return {
        "leads": [cycle.lead_id for cycle in cycles],
        "cycles": [cycle.cycle for cycle in cycles],
    }


def plan_clock(
    cycle: SlaCycle, clock: str, *, policy: SlaPolicy, calendar: SlaCalendar, fingerprint: str
) -> dict[str, Any]:
    """Return the row of a clock: when it warns and is due, and the evidence that its alerts show."""
    tier = policy.tier_of(cycle.total)
    target = tier.targets()[clock]
    is_chosen = clock == SlaClock.FIRST_CONTACT and tier.min_total is None
    if is_chosen and cycle.first_contact_minutes is not None:
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


def _describe_cycles(connection: Connection, keys: Sequence[CycleKey]) -> list[SlaCycle]:
    return queries.all(connection, "describe_cycles", SlaCycle, **cycle_arrays(keys)) if keys else []


def write_breaches(connection: Connection, breaches: Iterable[Mapping[str, object]]) -> None:
    """Write rows of sla.breaches; a clock that was met without ever having warned gets none."""
    queries.run_many(connection, "upsert_breach", breaches)


def wake_routing(connection: Connection, leads: Sequence[int], cycles: Sequence[int]) -> None:
    """Let routing move on the leads whose clock has just run out; `leads` and `cycles` are parallel."""
    queries.run(connection, "wake_routing", leads=list(leads), cycles=list(cycles))
