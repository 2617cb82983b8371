"""Watches the SLA clocks: which are at risk, held, run out or met, by what is known and when it is known."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from psycopg.types.json import Jsonb

from leadops.calendar.counted import business_minutes
from leadops.db import Connection, load_sql
from leadops.sla.calendar import Calendar
from leadops.sla.clocks import Cycle, follow_policy, keys, start_clocks, stop_clocks
from leadops.sla.median import watch_median
from leadops.sla.policy import SlaPolicy

#: Any constant: two watches at once wait for each other on it.
WATCH_LOCK = 7_302_005


#: What judge_clocks.sql returns.
COLUMNS = (
    "lead_id",
    "cycle",
    "clock",
    "state",
    "started_at",
    "due_at",
    "stopped_at",
    "business_minutes",
    "target_minutes",
    "is_new",
    "evidence",
)


class Known(NamedTuple):
    """What is known of the CRM at `now`: how fresh it says it is, and up to when we know what sales did."""

    now: datetime
    as_of: datetime | None
    known_until: datetime | None
    late_before: datetime

    def why_held(self, due_at: datetime) -> dict[str, str | None]:
        """Return the evidence for a clock that is due but not judged."""
        is_late = self.known_until is None or self.known_until < due_at
        return {
            "held_because": "feed_late" if is_late else "crm_id_unknown",
            "crm_as_of": self.as_of.isoformat() if self.as_of else None,
        }


@dataclass(frozen=True)
class Watched:
    """How many clocks are running, at risk, held and breached now, and how many were met in this run."""

    running: int
    at_risk: int
    held: int
    breached: int
    met: int


def watch_clocks(connection: Connection, *, policy: SlaPolicy, now: datetime) -> Watched:
    """Bring sla.clocks and sla.breaches in line with what sales did, in one transaction.

    A clock is declared breached only when the CRM feed is complete beyond its due time and shows no contact
    up to then: a contact that was in time, and is in the feed by then, never raises an alarm, however late it
    is learned. A clock that is due while the feed is late is held, and settled with the true times. A contact
    that the CRM enters afterwards with an earlier time corrects the verdict. Leads whose clock has just run
    out go to routing's inbox, which lets them move on. The cost grows with the cycles
    in sla.inbox and the clocks that are past their warning and still open.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [WATCH_LOCK])
        # What is known must be read before the facts: facts that come in between only add to it.
        found = connection.execute(load_sql("leadops.sla", "read_knowledge")).fetchone()
        as_of, known_until = found or (None, None)
        late_before = now - policy.feed_late_after
        is_feed_late = known_until is None or known_until < late_before
        calendar = Calendar(policy)
        connection.execute(load_sql("leadops.sla", "drop_regrouped"))
        cycles = [Cycle(*row) for row in connection.execute(load_sql("leadops.sla", "take_cycles"))]
        start_clocks(connection, cycles, policy=policy, calendar=calendar)
        follow_policy(connection, policy=policy, calendar=calendar)
        stop_clocks(connection, cycles, calendar=calendar)
        known = Known(now, as_of, known_until, late_before)
        settled = _judge(connection, known, cycles, calendar=calendar)
        watch_median(connection, policy=policy, now=now, is_feed_late=is_feed_late)
        counts = connection.execute(load_sql("leadops.sla", "count_clocks")).fetchone() or (0, 0, 0, 0)
    running, at_risk, held, breached = counts
    return Watched(running, at_risk, held, breached, met=settled)


def _judge(connection: Connection, known: Known, cycles: list[Cycle], *, calendar: Calendar) -> int:
    """Give every clock its state and write the rows that alerts read; return how many clocks were met now."""
    rows, met = [], 0
    for row in connection.execute(load_sql("leadops.sla", "judge_clocks"), known._asdict() | keys(cycles)):
        breach = dict(zip(COLUMNS, row, strict=True)) | {"now": known.now}
        if breach["business_minutes"] is None:
            breach["business_minutes"] = business_minutes(breach["started_at"], known.now, calendar)
        evidence = breach["evidence"] | (
            known.why_held(breach["due_at"]) if breach["state"] == "held" else {}
        )
        rows.append(breach | {"evidence": Jsonb(evidence)})
        met += breach["is_new"] and breach["state"] in ("met", "met_late")
    if rows:
        connection.cursor().executemany(load_sql("leadops.sla", "upsert_breach"), rows)
    late = [breach for breach in rows if breach["is_new"] and breach["state"] == "breached"]
    connection.execute(
        load_sql("leadops.sla", "wake_routing"),
        {"leads": [breach["lead_id"] for breach in late], "cycles": [breach["cycle"] for breach in late]},
    )
    return met
