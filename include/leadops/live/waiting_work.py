"""What waits for a live lane, and the notifications by which it and others hear of work."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class LaneWork:
    """Which stages have work; `oldest_at` is when (UTC) the oldest event that waits was accepted."""

    has_events: bool
    has_leads: bool
    has_cycles: bool
    oldest_at: datetime | None

    def beyond(self, stages: Collection[str]) -> bool:
        """Whether there is work for a stage that is none of `stages`."""
        work = {"resolve": self.has_events, "score": self.has_leads, "assign": self.has_cycles}
        return any(has_work for stage, has_work in work.items() if stage not in stages)


def find_waiting_work(connection: Connection) -> LaneWork:
    """Return what waits; it reads the head of three inboxes."""
    with connection.transaction():
        return queries.one(connection, "find_waiting_work", LaneWork, lane=Lane.LIVE)


def listen(connection: Connection) -> None:
    """Let `connection` hear of new events; commits. Poolers that change sessions swallow that."""
    with connection.transaction():
        queries.run(connection, "listen")


def notify_outbox(connection: Connection) -> None:
    """Let the outbox workers know that there is something to send; commits."""
    with connection.transaction():
        queries.run(connection, "notify_outbox")
