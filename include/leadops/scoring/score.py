"""Brings ledger and scores of the waiting leads in line with the rules: only differences are written."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from leadops.db import Connection, load_sql
from leadops.scoring.fade import fade_scored
from leadops.scoring.ledger import hold_ledger
from leadops.scoring.rule_sets import is_in_effect, note_rules, put_in_effect, read_rules
from leadops.scoring.rules import RuleSet
from leadops.scoring.wanted import sql_parameters

BACKFILL = 1

#: How much further a lane is searched for more of the same leads, in inbox rows for each lead of a chunk.
LOOK_AHEAD = 20


@dataclass(frozen=True)
class Scored:
    """What one transaction of scoring did."""

    leads: int  # leads looked at
    rows: int  # ledger rows written
    points: int  # their sum
    corrections: int  # of the rows, those that correct earlier ones
    remaining: bool  # the chunk was full, or the other lane was not looked at, so more may wait


#: Ledger rows after which the planner must be told: until it is, cutting them into calls takes twice
#: as long (measured with 660,000 rows: 7 s, told 4 s; telling takes 0.2 s).
MANY_ROWS = 50_000

NOTHING = Scored(leads=0, rows=0, points=0, corrections=0, remaining=False)


def score_leads(
    connection: Connection,
    *,
    rules: RuleSet,
    zone: ZoneInfo,
    now: datetime,
    limit_leads: int | None = None,
    lane: int | None = None,
    source: str = "",
) -> Scored:
    """Score up to `limit_leads` waiting leads (default: rules.chunk_leads) in one transaction.

    `lane` 0 is live, 1 backfill; None takes the live lane until it is empty, then the backfill. The new
    ledger rows carry the lane. Days of caps are those of `zone`; `now` (UTC) dates the rows. Call again while
    `remaining`. Two callers at once take turns. Rules that are not yet in effect are recorded first;
    those of a file `source` (rule_sets.name_source) that is behind in a rollout give way to the newer ones.
    Raises TransientError when another writer holds the ledger for too long.
    """
    with connection.transaction():
        if not _waiting(connection, lane) and is_in_effect(connection, rules=rules, zone=zone):
            note_rules(connection, rules=rules, zone=zone, now=now, source=source)
            return NOTHING
        hold_ledger(connection)
        rule_set_id = put_in_effect(connection, rules=rules, zone=zone, now=now, source=source)
        if not (lanes := _waiting(connection, lane)):
            return NOTHING
        limit = rules.chunk_leads if limit_leads is None else limit_leads
        rules, zone = read_rules(connection, rule_set_id, rules=rules, zone=zone)
        prepare(connection)
        taken = _one(
            connection,
            "take_leads",
            {"lane": lanes[0], "chunk_size": limit, "look_ahead": limit * LOOK_AHEAD},
        )[0]
        leads = compute_differences(connection, rules=rules, zone=zone)
        fade_scored(connection, rules=rules, zone=zone, fully=lanes[0] == BACKFILL)
        written, points, corrections = _one(connection, "count_differences")
        if written:
            values = {"now": now, "rule_set_id": rule_set_id, "lane": lanes[0]}
            connection.execute(load_sql("leadops.scoring", "append_ledger"), values)
            connection.execute(load_sql("leadops.scoring", "change_scores"), {"now": now})
        if written >= MANY_ROWS:
            connection.execute("analyze scoring.ledger")
    return Scored(
        leads=leads,
        rows=written,
        points=int(points),
        corrections=corrections,
        remaining=taken >= limit or len(lanes) > 1,
    )


def prepare(connection: Connection) -> None:
    """Make the working tables `touched`, `members` and `differences`, empty, for this transaction."""
    connection.execute("set local work_mem = '256MB'")
    connection.execute("set local hash_mem_multiplier = 1")  # of two large sides it hashes the narrow one
    connection.execute("set local jit = off")
    connection.execute("set local random_page_cost = 1.1")  # few leads are looked up, not searched for
    connection.execute(load_sql("leadops.scoring", "create_touched"))
    connection.execute(load_sql("leadops.scoring", "create_members"))
    connection.execute(load_sql("leadops.scoring", "create_differences"))
    connection.execute("truncate touched, members, differences")


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """See one state of the database, and leave nothing written; outside a transaction."""
    with connection.transaction() as transaction:
        connection.execute("set transaction isolation level repeatable read")
        yield
        raise psycopg.Rollback(transaction)


def compute_differences(connection: Connection, *, rules: RuleSet, zone: ZoneInfo) -> int:
    """Fill `differences` for the leads in `touched`; return how many leads these are."""
    connection.execute("analyze touched")
    connection.execute(load_sql("leadops.scoring", "list_members"))
    connection.execute("analyze members")
    connection.execute(load_sql("leadops.scoring", "compute_differences"), sql_parameters(rules, zone))
    return int(_one(connection, "count_touched")[0])


def _waiting(connection: Connection, lane: int | None) -> list[int]:
    """Return the lanes in which leads wait, of those asked for, live first."""
    lanes = (0, 1) if lane is None else (lane,)
    query = "select exists (select from scoring.inbox where lane = %s)"
    return [each for each in lanes if (connection.execute(query, [each]).fetchone() or [False])[0]]


def _one(connection: Connection, name: str, values: Mapping[str, Any] | None = None) -> tuple[Any, ...]:
    row = connection.execute(load_sql("leadops.scoring", name), values).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    return row
