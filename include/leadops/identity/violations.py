"""What the guards have stopped, until a person has looked at it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="link_identifiers")


class GuardStop(NamedTuple):
    """A guard (emails, identifiers or merges) stopped an identifier, or a lead (kind `lead`, its id)."""

    guard: str
    kind: str
    value: str
    event_seq: int  # the first event that it stopped
    times: int


@dataclass(frozen=True)
class Violation:
    """An identifier seen with too many emails, or a lead (kind `lead`, its id) with too many identifiers."""

    guard: str  # emails, identifiers or merges
    kind: str
    value: str
    event_seq: int  # the first event that the guard stopped
    times: int
    seen_at: datetime  # the last time, UTC


def record_violations(connection: Connection, stops: Collection[GuardStop], *, now: datetime) -> None:
    """Put what the guards stopped at `now` (UTC) on record; what was stopped before counts up."""
    if not stops:
        return
    queries.run(
        connection,
        "record_violations",
        guards=[stop.guard for stop in stops],
        kinds=[stop.kind for stop in stops],
        identifiers=[stop.value for stop in stops],
        event_seqs=[stop.event_seq for stop in stops],
        times=[stop.times for stop in stops],
        now=now,
    )


def list_violations(connection: Connection) -> list[Violation]:
    """Return the open violations, newest first."""
    return queries.all(connection, "list_violations", Violation)


def settle_violations(connection: Connection, *, now: datetime) -> int:
    """Acknowledge everything that is open at `now` (UTC); return how many violations that settled."""
    return queries.run(connection, "settle_violations", now=now)
