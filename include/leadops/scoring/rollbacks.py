"""Takes back points that the ledger awarded, as far as they are still in force.

A rollback writes no points itself. It records how much may be left of an act or a fact by a rule, whoever it
belongs to by then, and scoring writes the corrections, as for everything else that it compares. So a kill, a
repetition or a later scoring neither brings the points back nor takes them a second time.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class RollbackScope:
    """Which rows of the ledger are asked about; what is None does not matter."""

    last_row: int  # the newest row of the ledger when it was asked
    rule: str | None = None
    since: datetime | None = None  # when the rows were written, UTC; from here
    until: datetime | None = None  # until before here
    batch_id: int | None = None
    ledger_seqs: list[int] | None = field(default=None, repr=False)  # the rows of the batch

    def __str__(self) -> str:
        """Return it in words."""
        parts = [f"rule {self.rule}"] if self.rule else []
        if self.since and self.until:
            parts.append(f"points of {self.since:%Y-%m-%d %H:%M:%S} to {self.until:%Y-%m-%d %H:%M:%S} UTC")
        if self.batch_id is not None:
            parts.append(f"batch {self.batch_id}")
        return ", ".join(parts)

    def as_content(self) -> dict[str, Any]:
        """Return it as JSON; read_scope reads it back."""
        moments = {name: at.isoformat() for name in ("since", "until") if (at := getattr(self, name))}
        return asdict(self) | moments

    def parameters(self) -> dict[str, object]:
        """Return it as the parameters of a statement."""
        return {name: getattr(self, name) for name in ("last_row", "rule", "since", "until", "ledger_seqs")}


class RollbackSums(NamedTuple):
    """What a rollback is about, and what of it is in force."""

    rows: int  # rows of the ledger that no rollback covered
    leads: int  # leads that had points of them which are in force
    points_taken: int  # in force, to be taken back
    points_given: int  # that some rows took, to be given back


class OtherRows(NamedTuple):
    """Rows of decay or of the model in the scope, which stay."""

    kind: str
    rows: int
    points: int


@dataclass(frozen=True)
class Rollback:
    """A rollback on record; times in UTC."""

    rollback_id: int
    scope: dict[str, Any]
    reason: str
    asked_by: str
    applied_at: datetime
    rows: int
    leads: int
    points_taken: int
    points_given: int


class CorrectedLead(NamedTuple):
    """A lead of whose points some were covered, and when the first of these were written (UTC)."""

    lead_id: int
    since: datetime


def read_scope(content: dict[str, Any]) -> RollbackScope:
    """Return the scope that `as_content` wrote."""
    moments = {name: content[name] and datetime.fromisoformat(content[name]) for name in ("since", "until")}
    return RollbackScope(**content | moments)


def find_last_row(connection: Connection) -> int:
    """Return the number of the newest row of the ledger, 0 for an empty one."""
    return int(queries.value(connection, "find_last_row"))


def count_others(connection: Connection, scope: RollbackScope) -> list[OtherRows]:
    """Return what else the scope holds: decay and the model write their rows again, so they stay."""
    return queries.all(connection, "count_others", OtherRows, **scope.parameters())


def roll_back(
    connection: Connection, scope: RollbackScope, *, reason: str, asked_by: str, now: datetime
) -> Rollback:
    """Record that the points of `scope` are taken back, and put their leads into the backfill lane.

    Within the caller's transaction, which holds the ledger (lock_ledger) unless it is taken back. `now` is
    UTC. Raises PermanentError where nothing of it is in force.
    """
    queries.run(connection, "create_rows")
    queries.run(connection, "create_sums")
    queries.run(connection, "create_units")
    queries.run(connection, "clear")
    queries.run(connection, "select_rows", **scope.parameters())
    queries.run(connection, "analyze_rows")
    queries.run(connection, "sum_moves")
    queries.run(connection, "analyze_sums")
    queries.run(connection, "form_units")
    sums = queries.one(connection, "sum_up", RollbackSums)
    if not sums.leads:
        raise PermanentError(f"nothing of {scope} is in force: there is nothing to take back")
    rollback_id: int = queries.value(
        connection,
        "insert_rollback",
        scope=Jsonb(scope.as_content() | {"ledger_seqs": None}),
        reason=reason,
        asked_by=asked_by,
        now=now,
        **sums._asdict(),
    )
    queries.run(connection, "cover_rows", rollback_id=rollback_id)
    queries.run(connection, "bound_events", rollback_id=rollback_id)
    queries.run(connection, "bound_facts", rollback_id=rollback_id)
    queries.run(connection, "enqueue_leads", lane=Lane.BACKFILL)
    queries.run(connection, "analyze_tables")
    return find_rollback(connection, rollback_id)


def find_rollback(connection: Connection, rollback_id: int) -> Rollback:
    """Return a rollback; raise PermanentError where there is no such one."""
    found = _list(connection, rollback_id=rollback_id, max_rows=1)
    if not found:
        raise PermanentError(f"there is no rollback {rollback_id}; see leadops rollback --list")
    return found[0]


def list_rollbacks(connection: Connection, *, max_rows: int) -> list[Rollback]:
    """Return the rollbacks, the newest first."""
    return _list(connection, rollback_id=None, max_rows=max_rows)


def list_corrected(connection: Connection, rollback_id: int) -> list[CorrectedLead]:
    """Return the leads whose points a rollback covers."""
    return queries.all(connection, "list_corrected", CorrectedLead, rollback_id=rollback_id)


def forget_bounds(connection: Connection, lead_ids: Sequence[int]) -> None:
    """Forget what was taken back of the facts of erased leads, which are not scored any more."""
    queries.run(connection, "delete_bounds", lead_ids=list(lead_ids))


def _list(connection: Connection, *, rollback_id: int | None, max_rows: int) -> list[Rollback]:
    return queries.all(connection, "list_rollbacks", Rollback, rollback_id=rollback_id, max_rows=max_rows)
