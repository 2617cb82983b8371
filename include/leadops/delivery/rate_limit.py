"""The rate limit of each target: one token bucket in the database, shared by all processes."""

from datetime import datetime, timedelta
from typing import NamedTuple

from leadops.db import Connection
from leadops.delivery.delivery_settings import TargetSettings
from leadops.queries import Queries

queries = Queries(__file__)


class Grant(NamedTuple):
    """The permits granted, and seconds until the next one is available."""

    granted: int
    wait_seconds: float


def acquire_permits(
    connection: Connection, target: str, settings: TargetSettings, *, wanted: int, now: datetime
) -> tuple[int, timedelta]:
    """Take up to `wanted` permits for HTTP calls to `target`; commits.

    Returns how many permits were granted and, with none, how long to wait for the next one.
    """
    with connection.transaction():
        grant = _acquire(connection, target, settings, wanted=wanted, now=now)
        if grant is None:  # the first call to this target
            queries.run(connection, "insert_target", target=target, burst=settings.burst, now=now)
            grant = _acquire(connection, target, settings, wanted=wanted, now=now)
    granted, wait_seconds = grant or Grant(0, 1.0)
    return granted, timedelta(seconds=wait_seconds)


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


def release_permits(connection: Connection, target: str, *, count: int) -> None:
    """Return `count` unused permits; commits."""
    with connection.transaction():
        queries.run(connection, "release", target=target, count=count)


def pause_target(connection: Connection, target: str, *, until: datetime, reason: str) -> None:
    """Grant no permit for `target` before `until`, in the caller's transaction; a longer pause stays."""
    queries.run(connection, "pause_target", target=target, until=until, reason=reason)
