"""The canary and the live lane on the page Now: what each hop took last, how far the lane is behind."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.canary.read_day import read_span
from leadops.dashboard.now_hops import Status, find_status
from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="now")

#: So far back visits are looked at; the slowest hop takes an hour and more.
SPAN = timedelta(hours=6)
#: A lane says at least this often that it works.
LANE_RECENT = timedelta(minutes=1)


@dataclass(frozen=True)
class CanaryHopState:
    """A hop: what the newest visit took or, if that is longer, for how long one waits there; in seconds.

    `usual` is the median of the last hours, `last_at` (UTC) when a visit last came through.
    """

    name: str
    status: Status
    seconds: float | None
    is_waiting: bool
    usual: float | None
    last_at: datetime | None
    limit: float


@dataclass(frozen=True)
class LaneState:
    """How many lanes work, and the longest way of an event to its points (seconds; None: none came)."""

    working: int
    lag_seconds: float | None
    worked_at: datetime
    problem: str | None


def read_canary(connection: Connection, *, now: datetime) -> list[CanaryHopState]:
    """Return the hops of the visits of the last hours; empty where there are none."""
    hops = []
    for hop in read_span(connection, start=now - SPAN, until=now, now=now):
        is_waiting = hop.waiting is not None and hop.waiting > (hop.newest or 0)
        seconds = hop.waiting if is_waiting else hop.newest
        status = find_status(seconds, hop.limit_seconds)
        hops.append(
            CanaryHopState(hop.hop, status, seconds, is_waiting, hop.median, hop.last_at, hop.limit_seconds)
        )
    return hops


def read_lanes(connection: Connection, *, now: datetime) -> LaneState | None:
    """Return the state of the live lanes; None where none ever worked."""
    return queries.first(connection, "read_lanes", LaneState, since=now - LANE_RECENT)
