"""Writes the ledger: points of rules, points of a model, and points that are written off.

Whoever appends holds its lock until commit, so that seq is the order of commits.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import psycopg

from leadops.db import Connection
from leadops.errors import PermanentError, TransientError
from leadops.lanes import Lane
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries

queries = Queries(__file__)

#: Rows after which the planner may need new statistics: without them, cutting the rows into calls takes twice
#: as long (measured with 660,000 rows: 7 s, with statistics 4 s; collecting these takes 0.2 s). It needs them
#: where the ledger has doubled since the last time.
MANY_ROWS = 50_000


class ModelTarget(NamedTuple):
    """The points that a lead should have from the model, and the probability (0 to 1) behind them."""

    lead_id: int
    points: int
    probability: float


class ModelPointsWritten(NamedTuple):
    """How many ledger rows were written, and the sum of their points."""

    rows: int
    points: int


def lock_ledger(connection: Connection) -> None:
    """Hold the ledger for the rest of the transaction; raise TransientError when that takes too long."""
    try:
        hold_lock(connection, Lock.LEDGER)
    except psycopg.errors.LockNotAvailable as error:
        raise TransientError("another run is writing points and did not finish in time") from error


def append_differences(connection: Connection, *, rule_set_id: int, lane: Lane, now: datetime) -> int:
    """Append the rows of the table `differences` to the ledger, and add them to the scores; return how many.

    The caller holds the ledger. `now` (UTC) dates the rows, `lane` is that of the round. In the live lane a
    row is live if it derives from what came live; others go to the backfill lane, except what takes points
    back or decays, which goes with its reason. A rollback always goes to the backfill lane.
    """
    rows = queries.run(connection, "append", rule_set_id=rule_set_id, is_live=lane == Lane.LIVE, now=now)
    queries.run(connection, "change_scores", now=now)
    if rows >= MANY_ROWS and queries.value(connection, "has_doubled"):
        queries.run(connection, "analyze_ledger")
    return rows


def write_off(connection: Connection, *, ledger_seq: int, reason: str, now: datetime) -> bool:
    """Take the points of ledger row `ledger_seq` back without a call to the MA, and correct the lead's score.

    For points that will never reach the MA: ledger, score and MA agree again. Scoring never awards them
    again, and does not take them back a second time when they are no longer due. Returns False if the row was
    written off before. `now` is UTC. Raises PermanentError if there is no such row, or it is a write-off.
    """
    with connection.transaction():
        lock_ledger(connection)
        if queries.value(connection, "read_kind", ledger_seq=ledger_seq) in (None, "write_off"):
            raise PermanentError(f"ledger row {ledger_seq} cannot be written off: it holds no points")
        return queries.run(connection, "write_off", ledger_seq=ledger_seq, reason=reason, now=now) == 1


def stage_model_targets(connection: Connection, targets: Iterable[ModelTarget]) -> None:
    """Copy the targets into a temporary table of the caller's transaction, before the ledger is locked."""
    queries.run(connection, "create_model_targets")
    queries.run(connection, "clear_model_targets")
    queries.copy(connection, "copy_model_targets", targets)
    queries.run(connection, "analyze_model_targets")


def append_model_points(
    connection: Connection, *, after: int, up_to: int, model_id: int, now: datetime
) -> ModelPointsWritten:
    """Bring the model points of the leads with `after` < id <= `up_to` in line with the staged targets.

    A lead without a target loses its points. `now` (UTC) dates the rows. The caller's transaction holds the
    ledger (lock_ledger); it is taken here where it does not. Raises TransientError when another writer holds
    it for too long.
    """
    lock_ledger(connection)
    return queries.one(
        connection,
        "append_model_points",
        ModelPointsWritten,
        after=after,
        up_to=up_to,
        model_id=model_id,
        lane=Lane.BACKFILL,
        now=now,
    )


def withdraw_model_points(connection: Connection, *, now: datetime) -> int:
    """Take the model's points from those leads in `touched` that count for nothing; return how many.

    The caller holds the ledger. `now` (UTC) dates the rows.
    """
    return queries.run(connection, "withdraw_model_points", lane=Lane.BACKFILL, now=now)
