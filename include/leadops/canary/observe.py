"""Looks in the tables of the stages how far the visits have come, and notes each hop that is done."""

from datetime import datetime, timedelta

from leadops.canary.hops import HOPS
from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


def observe_hops(connection: Connection, *, now: datetime) -> int:
    """Note every hop that is done by now (UTC), in the caller's transaction; return how many."""
    seen = 0
    for _ in HOPS:  # a hop that is done lets the next one begin, which may be done too
        begin_hops(connection)
        found = queries.run(connection, "observe", now=now)
        if not found:
            break
        seen += found
    begin_hops(connection)
    return seen


def begin_hops(connection: Connection) -> None:
    """Note from when on each hop could begin, in the caller's transaction, where those before it are done."""
    queries.run(connection, "begin_hops")


def end_visits(connection: Connection, *, give_up_after: timedelta, now: datetime) -> int:
    """End the visits that are through, and those for which nobody waits longer than that; return how many."""
    return queries.run(connection, "end_visits", give_up_before=now - give_up_after, now=now)
