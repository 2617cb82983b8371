"""Watches the SLA clocks: which are at risk, held, breached or met, by what is known at that time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.calendar.business_time import business_minutes
from leadops.db import Connection
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries
from leadops.sla.clock_states import ClockState
from leadops.sla.clocks import (
    apply_policy,
    cycle_arrays,
    start_clocks,
    stop_clocks,
    take_cycles,
    wake_routing,
    write_breaches,
)
from leadops.sla.median import watch_median
from leadops.sla.sla_policy import SlaCalendar, SlaPolicy

queries = Queries(__file__)


class FeedKnowledge(NamedTuple):
    """How fresh the CRM says its feed is, and up to when it is known what sales did (None: not at all)."""

    as_of: datetime | None = None
    known_until: datetime | None = None


class EvaluatedClock(NamedTuple):
    """A clock that is not simply running, after its evaluation."""

    lead_id: int
    cycle: int
    clock: str
    state: str
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    business_minutes: float | None
    target_minutes: float
    is_new: bool
    evidence: dict[str, Any]


class OpenClocks(NamedTuple):
    """The number of clocks in each state that is not final."""

    running: int
    at_risk: int
    held: int
    breached: int


@dataclass(frozen=True)
class SlaWatchResult:
    """How many clocks are running, at risk, held and breached now, and how many were met in this run."""

    running: int
    at_risk: int
    held: int
    breached: int
    met: int


def watch_clocks(connection: Connection, *, policy: SlaPolicy, now: datetime) -> SlaWatchResult:
    """Bring sla.clocks and sla.breaches in line with what sales did, in one transaction.

    A clock is declared breached only once the CRM feed is complete beyond its due time and shows no contact
    up to then. A contact that was in time and is in the feed by then never raises an alarm, however late it
    is learned. A clock that is due while the feed is late is held, and settled later with the true times. A
    contact that the CRM enters afterwards with an earlier time corrects the state. Leads whose clock has just
    run out go to routing's inbox, which moves them on. The cost grows with the cycles in sla.inbox and the
    open clocks that are past their warning. `now` is timezone-aware.
    """
    with connection.transaction():
        hold_lock(connection, Lock.SLA_WATCH)
        # Read what is known before the facts: facts that arrive in between only add to it.
        knowledge = queries.first(connection, "read_crm_knowledge", FeedKnowledge) or FeedKnowledge()
        late_before = now - policy.feed_late_after
        is_feed_late = knowledge.known_until is None or knowledge.known_until < late_before
        calendar = SlaCalendar(policy)
        queries.run(connection, "drop_reassigned_clocks")
        cycles = take_cycles(connection)
        start_clocks(connection, cycles, policy=policy, calendar=calendar)
        apply_policy(connection, policy=policy, calendar=calendar)
        stop_clocks(connection, cycles, calendar=calendar, now=now)
        clocks = queries.all(
            connection,
            "evaluate_clocks",
            EvaluatedClock,
            **cycle_arrays(cycles),
            now=now,
            known_until=knowledge.known_until,
            late_before=late_before,
        )
        met = _publish(connection, clocks, knowledge=knowledge, calendar=calendar, now=now)
        watch_median(connection, policy=policy, now=now, is_feed_late=is_feed_late)
        counts = queries.one(connection, "count_clocks", OpenClocks)
    return SlaWatchResult(*counts, met=met)


def _publish(
    connection: Connection,
    clocks: Sequence[EvaluatedClock],
    *,
    knowledge: FeedKnowledge,
    calendar: SlaCalendar,
    now: datetime,
) -> int:
    """Write the rows that alerts read and wake routing; return how many clocks were met in this run."""
    rows = []
    for clock in clocks:
        minutes = clock.business_minutes
        if minutes is None:
            minutes = business_minutes(clock.started_at, now, calendar)
        held = explain_hold(clock.due_at, knowledge) if clock.state == ClockState.HELD else {}
        rows.append(
            clock._asdict()
            | {"business_minutes": minutes, "evidence": Jsonb(clock.evidence | held), "now": now}
        )
    if rows:
        write_breaches(connection, rows)
    breached = [clock for clock in clocks if clock.is_new and clock.state == ClockState.BREACHED]
    wake_routing(connection, [clock.lead_id for clock in breached], [clock.cycle for clock in breached])
    return sum(clock.is_new and clock.state in (ClockState.MET, ClockState.MET_LATE) for clock in clocks)


def explain_hold(due_at: datetime, knowledge: FeedKnowledge) -> dict[str, str | None]:
    """Return the evidence of a clock that is due but held."""
    is_late = knowledge.known_until is None or knowledge.known_until < due_at
    return {
        "held_because": "feed_late" if is_late else "crm_id_unknown",
        "crm_as_of": knowledge.as_of.isoformat() if knowledge.as_of else None,
    }
