"""What a target may be asked: a token bucket and the calls of its day, in the database for all processes."""

from datetime import datetime, timedelta
from typing import NamedTuple

from leadops.db import Connection
from leadops.delivery.daily_quota import find_allowance, note_closed, reserve_calls, settle_calls
from leadops.delivery.delivery_settings import TargetSettings
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__, topic="targets")


#: So long a worker waits for calls that others have reserved and may give back.
OTHERS_PAUSE = timedelta(seconds=1)


class Grant(NamedTuple):
    """The permits granted, and seconds until the next one is available."""

    granted: int
    wait_seconds: float


def acquire_permits(
    connection: Connection, target: str, settings: TargetSettings, lane: Lane, *, wanted: int, now: datetime
) -> tuple[int, timedelta]:
    """Take up to `wanted` permits for HTTP calls to `target` in `lane`; commits.

    Returns how many permits were granted and, with none, how long to wait for the next one. A day that has no
    call left for the live lane is on record as used up.
    """
    with connection.transaction():
        grant = _acquire(connection, target, settings, wanted=wanted, now=now)
        if grant is None:  # the first call to this target
            queries.run(connection, "insert_target", target=target, burst=settings.burst, now=now)
            grant = _acquire(connection, target, settings, wanted=wanted, now=now)
        granted, wait_seconds = grant or Grant(0, 1.0)
        wait = timedelta(seconds=wait_seconds)
        if not granted:
            return 0, wait
        # The target's row is locked now, so no other process takes the same calls of the day.
        left = find_allowance(connection, target, settings, lane, now=now)
        usable = granted if left.calls is None else min(granted, left.calls)
        if usable < granted:
            queries.run(connection, "release", target=target, count=granted - usable)
        if usable:
            reserve_calls(connection, target, usable, now=now)
            return usable, wait
        if left.reserved:
            return 0, OTHERS_PAUSE
        if lane is Lane.LIVE:
            note_closed(connection, target, until=left.ends_at)
    return 0, left.ends_at - now


def _acquire(
    connection: Connection, target: str, settings: TargetSettings, *, wanted: int, now: datetime
) -> Grant | None:
    return queries.first(
        connection,
        "acquire",
        Grant,
        target=target,
        wanted=wanted,
        rate=settings.calls_per_second,
        burst=settings.burst,
        now=now,
    )


def settle_permits(connection: Connection, target: str, *, granted: int, unused: int, now: datetime) -> None:
    """Return the `unused` of the permits `granted` at `now`; below zero, take that number more; commits."""
    with connection.transaction():
        if unused:
            queries.run(connection, "release", target=target, count=unused)
        settle_calls(connection, target, granted=granted, unused=unused, now=now)


def pause_target(connection: Connection, target: str, *, until: datetime, reason: str) -> None:
    """Grant no permit for `target` before `until`, in the caller's transaction; a longer pause stays."""
    queries.run(connection, "pause_target", target=target, until=until, reason=reason)
