"""Records that this database holds a simulated company's past, so that whoever shows numbers can say so."""

from dataclasses import dataclass
from datetime import date, datetime

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class MadeUpPast:
    """The simulated past in a database."""

    first_day: date
    last_day: date
    seed: int
    begun_at: datetime
    finished_at: datetime | None  # None: not all of it is in

    def describe(self) -> str:
        """Return the line with which commands and reports mark what they show."""
        return f"simulated company: what happened from {self.first_day} to {self.last_day} is invented"


def begin_past(
    connection: Connection, *, first_day: date, last_day: date, seed: int, now: datetime
) -> MadeUpPast:
    """Record that a simulated past of these days is about to come in; commits.

    Returns the past on record: one that has begun before keeps its days and its seed. Raises PermanentError
    if `first_day` is after `last_day`.
    """
    if first_day > last_day:
        raise PermanentError(f"the past ends on {last_day}, before it begins on {first_day}")
    with connection.transaction():
        queries.run(connection, "begin_past", first_day=first_day, last_day=last_day, seed=seed, now=now)
        return queries.one(connection, "find_past", MadeUpPast)


def find_past(connection: Connection) -> MadeUpPast | None:
    """Return the simulated past in this database, None if it holds none."""
    return queries.first(connection, "find_past", MadeUpPast)


def is_made_up(connection: Connection) -> bool:
    """Return whether this database holds a simulated past, finished or not."""
    return find_past(connection) is not None


def finish_past(connection: Connection, *, now: datetime) -> bool:
    """Record that all of the past is in; return whether that is new; commits.

    Raises PermanentError if none has begun.
    """
    with connection.transaction():
        if find_past(connection) is None:
            raise PermanentError("no simulated past has begun")
        return queries.run(connection, "finish_past", now=now) == 1
