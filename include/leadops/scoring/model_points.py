"""Writes the points of a model into the ledger: only differences."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.lanes import Lane
from leadops.queries import Queries
from leadops.scoring.ledger import lock_ledger

queries = Queries(__file__)


class ModelTarget(NamedTuple):
    """The points that a lead should have from the model, and the probability (0 to 1) behind them."""

    lead_id: int
    points: int
    probability: float


class ModelPointsWritten(NamedTuple):
    """How many ledger rows were written, and the sum of their points."""

    rows: int
    points: int


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
