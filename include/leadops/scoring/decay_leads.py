"""The night: what behaviour lost of its worth by the end of a day is taken from the ledger, once."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from leadops.calendar.local_days import is_over
from leadops.db import Connection, snapshot
from leadops.errors import PermanentError
from leadops.lanes import Lane
from leadops.scoring.active_rules import activate_rules, read_rules
from leadops.scoring.decay import (
    compute_decay,
    move_decayed_until,
    read_decayed_until,
    touch_due,
    update_schedule,
)
from leadops.scoring.differences import count_differences, find_last_touched, prepare_tables
from leadops.scoring.ledger import append_differences, lock_ledger
from leadops.scoring.scoring_rules import RuleSet

#: Leads in one transaction: few enough that what happens now is scored in between.
CHUNK_LEADS = 20_000


@dataclass(frozen=True)
class DecayResult:
    """What one transaction of decay did, or would do."""

    leads: int  # leads looked at
    rows: int  # ledger rows written, one a lead
    points: int  # their sum, below 0 unless behaviour was corrected
    remaining: bool  # the chunk was full, so more may be due


def decay_leads(
    connection: Connection,
    *,
    rules: RuleSet,
    zone: ZoneInfo,
    day: date,
    now: datetime,
    source: str = "",
    chunk_leads: int = CHUNK_LEADS,
) -> DecayResult:
    """Let the behaviour of up to `chunk_leads` leads decay to the end of the local `day`, in one transaction.

    Only leads whose points may change are looked at; of each only the difference is written, in the backfill
    lane. A night left out, run twice or out of order makes no difference: a day before the last changes
    nothing. From the first call on, leads that are scored decay to `day` at once. Call again while
    `remaining`. `now` is UTC. Raises PermanentError for a day that is not over, TransientError when the
    ledger is held for too long.
    """
    check_is_over(day, zone, now)
    with connection.transaction():
        lock_ledger(connection)
        rule_set_id = activate_rules(connection, rules=rules, zone=zone, now=now, source=source)
        rules, zone = read_rules(connection, rule_set_id, rules=rules, zone=zone)
        decayed_until = move_decayed_until(connection, day)
        result = _decay_due(
            connection, rules=rules, zone=zone, decayed_until=decayed_until, chunk_leads=chunk_leads
        )
        if result.rows:
            append_differences(connection, rule_set_id=rule_set_id, lane=Lane.BACKFILL, now=now)
        update_schedule(connection)
    return result


def preview_decay(
    connection: Connection,
    *,
    rules: RuleSet,
    zone: ZoneInfo,
    day: date,
    now: datetime,
    chunk_leads: int = CHUNK_LEADS,
) -> DecayResult:
    """Return what decaying to the end of `day` would do to all leads that are due; nothing is written.

    Call it outside a transaction. Raises PermanentError for a day that is not over.
    """
    check_is_over(day, zone, now)
    leads = rows = points = 0
    with snapshot(connection):
        decayed_until = max(day, read_decayed_until(connection))
        after: int | None = 0
        while after is not None:
            result = _decay_due(
                connection,
                rules=rules,
                zone=zone,
                decayed_until=decayed_until,
                chunk_leads=chunk_leads,
                after=after,
            )
            leads, rows, points = leads + result.leads, rows + result.rows, points + result.points
            after = find_last_touched(connection) if result.remaining else None
    return DecayResult(leads=leads, rows=rows, points=points, remaining=False)


def check_is_over(day: date, zone: ZoneInfo, now: datetime) -> None:
    """Raise PermanentError unless the local `day` had ended by `now`."""
    if not is_over(day, zone, now=now):
        raise PermanentError(f"{day} is not over yet in {zone.key}; give an earlier day")


def _decay_due(
    connection: Connection,
    *,
    rules: RuleSet,
    zone: ZoneInfo,
    decayed_until: date,
    chunk_leads: int,
    after: int | None = None,
) -> DecayResult:
    """Fill `differences` and `decay_amounts` for a chunk of the leads that are due by `decayed_until`."""
    prepare_tables(connection)
    leads = touch_due(connection, decayed_until=decayed_until, chunk_leads=chunk_leads, after=after)
    compute_decay(connection, rules=rules, zone=zone, decayed_until=decayed_until)
    totals = count_differences(connection)
    return DecayResult(leads=leads, rows=totals.rows, points=totals.points, remaining=leads >= chunk_leads)
