"""When each watched DAG, task or system last succeeded; a heartbeat resolves the incidents before it."""

from collections.abc import Sequence
from datetime import datetime

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


def beat(connection: Connection, name: str, *, now: datetime) -> None:
    """Note that `name`, such as a dag_id, succeeded at `now`; in the caller's transaction."""
    queries.run(connection, "record_heartbeat", name=name, now=now)


def find_last_beat(connection: Connection, name: str) -> datetime | None:
    """Return when `name` last succeeded (UTC), or None if it never has."""
    last: datetime | None = queries.value(connection, "find_heartbeat", name=name)
    return last


def count_beats(connection: Connection, names: Sequence[str], *, since: datetime) -> int:
    """Return how many of `names` last succeeded at `since` or later."""
    number: int = queries.value(connection, "count_heartbeats", names=list(names), since=since)
    return number
