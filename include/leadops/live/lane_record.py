"""What lanes put on record: that they work, how much they did, how far they are behind, what fails."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)

#: A lane that has not said for so long that it works is forgotten, unless it was the last one.
FORGET_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class LaneReport:
    """What a lane did since its last report; `lag_seconds`: the longest way of an event to its points."""

    is_on: bool
    rounds: int = 0
    events: int = 0
    leads: int = 0
    lag_seconds: float | None = None
    problem: str | None = None  # None: every stage works


def record_lane(
    connection: Connection, name: str, report: LaneReport, *, started_at: datetime, now: datetime
) -> None:
    """Put on record that lane `name` works, or that a stage of it fails; commits. Times in UTC."""
    with connection.transaction():
        queries.run(
            connection,
            "record_lane",
            name=name,
            is_on=report.is_on,
            rounds=report.rounds,
            events=report.events,
            leads=report.leads,
            lag_seconds=report.lag_seconds,
            problem=report.problem,
            started_at=started_at,
            now=now,
        )
        queries.run(connection, "forget_lanes", name=name, before=now - FORGET_AFTER)
