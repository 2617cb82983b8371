"""What the database says of the work under way: a few milliseconds, however much lies in the tables."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import AsyncConnection
from leadops.delivery.delivery_settings import REQUIRED_TARGETS
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__)

#: What is counted row by row is counted up to this.
MAX_ROWS = 10_000
#: How long something takes is measured at what arrived within this time.
RECENT = timedelta(minutes=15)
#: A live lane says at least this often that it works.
LIVE_RECENT = timedelta(minutes=1)
#: Names of tasks that are read: a label has as many values at most.
MAX_NAMES = 500


@dataclass(frozen=True)
class HopWait:
    """What waits before a hop in a lane, and since when (UTC; None: nothing waits, or it has no time)."""

    hop: str
    lane: int
    items: int
    oldest_at: datetime | None


@dataclass(frozen=True)
class OutboxWait:
    """Effects of the outbox that wait for a target in a lane, and since when (UTC)."""

    target: str
    lane: int
    items: int
    oldest_at: datetime | None


@dataclass(frozen=True)
class HopSpan:
    """How many seconds a hop took lately: the median, and 95 of 100 at most."""

    hop: str
    median: float
    high: float


@dataclass(frozen=True)
class Quarantined:
    """Refused events or forms that wait for a person, by reason."""

    kind: str
    reason: str
    items: int


@dataclass(frozen=True)
class TargetUse:
    """Whether a target is paused or its day used up, the calls of 24 hours, and what it rejected."""

    target: str
    is_paused: bool
    day_limit: int | None
    is_used_up: bool
    day_calls: int
    dead_letters: int


@dataclass(frozen=True)
class CallOutcome:
    """How many calls to a target ended like this, since the beginning."""

    target: str
    outcome: str
    calls: int


@dataclass(frozen=True)
class OpenIncidents:
    """Open incidents of a kind."""

    kind: str
    items: int


@dataclass(frozen=True)
class Success:
    """When (UTC) a DAG, or a task (`dag.task`), last succeeded, and how often it has."""

    name: str
    succeeded_at: datetime
    beats: int


@dataclass(frozen=True)
class LiveState:
    """How many live lanes work, the longest way of an event to its points, when a lane last worked (UTC)."""

    working: int
    lag_seconds: float | None
    worked_at: datetime | None


@dataclass(frozen=True)
class CanaryHop:
    """A hop of the canary: how long the last one took, when (UTC), and since when the oldest one waits."""

    hop: str
    seconds: float | None
    done_at: datetime | None
    waits_since: datetime | None


@dataclass(frozen=True)
class FeedState:
    """Up to when (UTC) a feed of the CRM is read."""

    feed: str
    complete_until: datetime


@dataclass(frozen=True)
class DatabaseState:
    """All of it, as of `read_at` (UTC)."""

    read_at: datetime
    newest_event_at: datetime | None
    waits: list[HopWait]
    spans: list[HopSpan]
    outbox: list[OutboxWait]
    outbox_spans: list[HopSpan]
    quarantined: list[Quarantined]
    targets: list[TargetUse]
    outcomes: list[CallOutcome]
    is_on_hold: bool
    incidents: list[OpenIncidents]
    successes: list[Success]
    feeds: list[FeedState]
    live: LiveState
    canary: list[CanaryHop]


async def read_database_state(connection: AsyncConnection, *, now: datetime) -> DatabaseState:
    """Return the state of the database at `now` (UTC): counts and times, nothing about any person."""
    since = now - RECENT
    return DatabaseState(
        read_at=now,
        newest_event_at=await queries.value_async(connection, "find_newest_event"),
        waits=await queries.all_async(connection, "list_waits", HopWait, lanes=list(Lane), max_rows=MAX_ROWS),
        spans=await queries.all_async(connection, "list_spans", HopSpan, since=since),
        outbox=await queries.all_async(
            connection,
            "list_outbox",
            OutboxWait,
            targets=list(REQUIRED_TARGETS),
            lanes=list(Lane),
            max_rows=MAX_ROWS,
        ),
        outbox_spans=await queries.all_async(connection, "list_outbox_spans", HopSpan, since=since),
        quarantined=await queries.all_async(connection, "list_quarantined", Quarantined, max_rows=MAX_ROWS),
        targets=await queries.all_async(connection, "list_targets", TargetUse, now=now, max_rows=MAX_ROWS),
        outcomes=await queries.all_async(connection, "list_outcomes", CallOutcome),
        is_on_hold=await queries.value_async(connection, "is_on_hold"),
        incidents=await queries.all_async(connection, "list_open_incidents", OpenIncidents),
        successes=await queries.all_async(connection, "list_successes", Success, max_names=MAX_NAMES),
        feeds=await queries.all_async(connection, "list_feeds", FeedState),
        live=await queries.one_async(connection, "read_live_lanes", LiveState, since=now - LIVE_RECENT),
        canary=await queries.all_async(connection, "list_canary_hops", CanaryHop),
    )
