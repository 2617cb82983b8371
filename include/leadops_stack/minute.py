"""What happened in the last minute, read from the leadops database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class Minute:
    """The counts of one minute."""

    events_in: int
    deltas_pushed: int
    oldest_pending_seconds: float  # age of the oldest event, delta or effect that is not settled yet
    open_incidents: int

    def text(self, now: datetime) -> str:
        """Return the line that the terminal shows; `now` in any zone."""
        return (
            f"{now:%H:%M:%S}  events in {self.events_in}, deltas pushed {self.deltas_pushed},"
            f" oldest pending {self.oldest_pending_seconds:.0f} s, open incidents {self.open_incidents}"
        )


def read_minute(connection: Connection, *, now: datetime) -> Minute:
    """Return the counts of the sixty seconds before `now` (UTC)."""
    return queries.one(connection, "read_minute", Minute, now=now, since=now - timedelta(minutes=1))


def read_first_push(connection: Connection, *, since: datetime) -> datetime | None:
    """Return when the MA first took points after `since`, None when it has not yet."""
    moment: datetime | None = queries.value(connection, "read_first_push", since=since)
    return moment
