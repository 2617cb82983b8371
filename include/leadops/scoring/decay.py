"""The night: what behaviour lost of its worth by the end of a day is taken from the ledger, once."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from leadops.calendar.local_days import is_over
from leadops.db import Connection, load_sql
from leadops.errors import PermanentError
from leadops.scoring.fade import compute_fades, read_through
from leadops.scoring.ledger import hold_ledger
from leadops.scoring.rule_sets import put_in_effect, read_rules
from leadops.scoring.rules import RuleSet
from leadops.scoring.score import prepare, snapshot

#: Leads in one transaction: few enough that what happens now is scored in between.
CHUNK_LEADS = 20_000

#: Ledger rows of decay go behind the live ones.
BACKFILL = 1


@dataclass(frozen=True)
class Decayed:
    """What one transaction of decay did, or would do."""

    leads: int  # leads looked at
    rows: int  # ledger rows written, one a lead
    points: int  # their sum, under 0 unless behaviour was corrected
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
) -> Decayed:
    """Let the behaviour of up to `chunk_leads` leads fade to the end of the local `day`, in one transaction.

    Only leads are looked at whose points may change; of each only the difference is written, in the low lane.
    A night left out, done twice or out of order makes no difference: a day before the last changes nothing.
    From the first call on who is scored is scored as of `day`. Call again while `remaining`. `now` is UTC.
    Raises PermanentError for a day that is not over, TransientError when the ledger is held for too long.
    """
    check_is_over(day, zone, now)
    with connection.transaction():
        hold_ledger(connection)
        rule_set_id = put_in_effect(connection, rules=rules, zone=zone, now=now, source=source)
        rules, zone = read_rules(connection, rule_set_id, rules=rules, zone=zone)
        connection.execute(load_sql("leadops.scoring", "move_decayed"), {"day": day})
        done = _fade_due(
            connection, rules=rules, zone=zone, through=read_through(connection), chunk_leads=chunk_leads
        )
        if done.rows:
            values = {"now": now, "rule_set_id": rule_set_id, "lane": BACKFILL}
            connection.execute(load_sql("leadops.scoring", "append_ledger"), values)
            connection.execute(load_sql("leadops.scoring", "change_scores"), {"now": now})
        connection.execute(load_sql("leadops.scoring", "keep_fades"))
    return done


def preview_decay(
    connection: Connection,
    *,
    rules: RuleSet,
    zone: ZoneInfo,
    day: date,
    now: datetime,
    chunk_leads: int = CHUNK_LEADS,
) -> Decayed:
    """Return what decaying to the end of `day` would do to all leads that are due; nothing is written.

    Call it outside a transaction. Raises PermanentError for a day that is not over.
    """
    check_is_over(day, zone, now)
    total = Decayed(leads=0, rows=0, points=0, remaining=False)
    with snapshot(connection):
        through, after = max(day, read_through(connection)), 0
        while True:
            done = _fade_due(
                connection, rules=rules, zone=zone, through=through, chunk_leads=chunk_leads, after=after
            )
            total = Decayed(
                leads=total.leads + done.leads,
                rows=total.rows + done.rows,
                points=total.points + done.points,
                remaining=False,
            )
            (last,) = connection.execute("select max(lead_id) from touched").fetchone() or (None,)
            if not done.remaining or last is None:
                return total
            after = last


def check_is_over(day: date, zone: ZoneInfo, now: datetime) -> None:
    """Raise PermanentError unless the local `day` had ended by `now`."""
    if not is_over(day, zone, now=now):
        raise PermanentError(f"{day} is not over yet in {zone.key}; give a day that is")


def _fade_due(
    connection: Connection,
    *,
    rules: RuleSet,
    zone: ZoneInfo,
    through: date,
    chunk_leads: int,
    after: int | None = None,
) -> Decayed:
    """Fill `differences` and `fades` for the leads due by `through`; given `after`, by lead_id from there."""
    prepare(connection)
    statement = "touch_due" if after is None else "touch_due_after"
    values = {"through": through, "chunk_size": chunk_leads, "after": after}
    leads = connection.execute(load_sql("leadops.scoring", statement), values).rowcount
    compute_fades(connection, rules=rules, zone=zone, through=through)
    found = connection.execute("select count(*), coalesce(sum(points), 0) from differences").fetchone()
    rows, points = found or (0, 0)
    return Decayed(leads=leads, rows=rows, points=int(points), remaining=leads >= chunk_leads)
