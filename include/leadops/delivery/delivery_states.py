"""How many batches of score changes and effects of the outbox are in each state, by target."""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="calls")


@dataclass(frozen=True)
class CallCount:
    """Calls of one kind in one state; `operation` is that of effects, and `score changes` of batches."""

    target: str
    operation: str
    state: str
    calls: int
    deltas: int | None  # of batches: the score changes in them
    oldest_at: datetime  # when the oldest of them was made; of settled ones: settled
    attempts: int  # of the one that was tried most often


def count_open_calls(connection: Connection) -> list[CallCount]:
    """Return what waits or is being sent, by target, operation and state."""
    return queries.all(connection, "count_open", CallCount)


def count_settled_calls(connection: Connection, *, since: datetime) -> list[CallCount]:
    """Return what was settled at `since` (UTC) or later, by target, operation and state."""
    return queries.all(connection, "count_settled", CallCount, since=since)
