"""Appends what changed in the marts since the last time to mart.versions, in the order of commits."""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.locks import Lock, hold_lock
from leadops.marts.mart_contract import read_contract
from leadops.queries import Queries

queries = Queries(__file__)

#: Notes that one transaction takes: a kill loses nothing, and repeats as many.
CHUNK = 10_000
#: Marts with the rows of another one, whose notes are theirs too.
ALSO_NOTED = {"leads": ("addresses",)}


@dataclass(frozen=True)
class _NotedRows:
    """The rows of a mart that may have changed; `notes` counts how often they were noted."""

    mart: str
    ids: list[int]
    noted_at: list[datetime]
    notes: int


def publish_changes(connection: Connection, *, now: datetime, max_rows: int = CHUNK) -> int:
    """Take every note of the inbox, append the versions that differ, and return how many; commits.

    A transaction takes up to `max_rows` notes. What is noted while this runs may stay for the next time.
    """
    appended = 0
    while True:
        with connection.transaction():
            hold_lock(connection, Lock.MARTS)
            noted = queries.all(connection, "take_noted", _NotedRows, max_rows=max_rows)
            for rows in noted:
                for mart in (rows.mart, *ALSO_NOTED.get(rows.mart, ())):
                    appended += _append(connection, mart, rows, now=now)
        if sum(rows.notes for rows in noted) < max_rows:
            return appended


def _append(connection: Connection, mart: str, rows: _NotedRows, *, now: datetime) -> int:
    """Append the versions of a mart that differ; of a personal one, forget those that they follow."""
    meta = read_contract().marts[mart].meta
    appended = queries.run(
        connection,
        "append_versions",
        mart=mart,
        ids=rows.ids,
        noted_at=rows.noted_at,
        kept=[*meta.key, "happened_at"] if meta.personal else None,
        now=now,
    )
    if appended and meta.personal:
        queries.run(connection, "forget_followed", mart=mart, ids=rows.ids)
    return appended
