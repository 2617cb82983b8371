"""How many events each site sends: counted once, five minutes at a time, for the checks that compare hours.

The site is the host of the event's page. What senders state is not proof: an outsider may name any site, so
only the busiest are counted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)

#: Arrivals are counted this long after their five minutes: by then each has committed or failed.
SETTLED_AFTER = timedelta(minutes=1)
#: Of more sites than this in five minutes, only the busiest are counted.
MAX_SITES = 50
#: One call counts at most this much time and about this many events: a long backlog takes a few minutes.
MAX_STEP = timedelta(days=1)
MAX_EVENTS = 500_000
#: Counts older than this are deleted, and older events are never counted.
KEPT = timedelta(weeks=10)
#: The counts of a time that is further behind than this say nothing about now.
CURRENT = timedelta(minutes=15)


@dataclass(frozen=True)
class CountedTime:
    """From when until when arrivals are counted; UTC, both at whole five minutes."""

    counted_from: datetime
    counted_until: datetime

    def is_current(self, now: datetime) -> bool:
        """Return whether the counts reach up to the last minutes."""
        return now - self.counted_until <= CURRENT


@dataclass(frozen=True)
class CountingStep:
    """The next time to count; `until` is not after `since` where nothing is left."""

    since: datetime
    until: datetime


def count_traffic(connection: Connection, *, now: datetime, max_events: int = MAX_EVENTS) -> CountedTime:
    """Count the arrivals up to the last whole five minutes; return what is counted.

    Of a backlog, one call counts about `max_events`, but at least five minutes.
    Runs in the caller's transaction, which holds Lock.INCIDENTS. Events from history and from the quarantine
    do not count. The cost follows the events that arrived since the last call.
    """
    queries.run(connection, "start_counting", earliest=now - KEPT, now=now)
    step = queries.one(
        connection,
        "find_step",
        CountingStep,
        longest=MAX_STEP,
        max_events=max_events,
        settled_before=now - SETTLED_AFTER,
    )
    if step.until > step.since:
        queries.run(connection, "count_arrivals", since=step.since, until=step.until, max_sites=MAX_SITES)
        queries.run(connection, "note_counted", until=step.until)
        queries.run(connection, "delete_old_counts", before=now - KEPT)
    return queries.one(connection, "read_counted_time", CountedTime)
