"""The rate of each target, one token bucket in the database, so that it holds across processes."""

from datetime import datetime, timedelta

from leadops.db import Connection, load_sql
from leadops.delivery.delivery_settings import TargetSettings


def acquire(
    connection: Connection, target: str, settings: TargetSettings, *, wanted: int, now: datetime
) -> tuple[int, timedelta]:
    """Take up to `wanted` permits for HTTP calls to `target`; commits.

    Returns how many were had and, when none, how long until the target may be asked again.
    """
    values = {
        "target": target,
        "wanted": wanted,
        "rate": settings.calls_per_second,
        "burst": settings.burst,
        "now": now,
    }
    with connection.transaction():
        taken = connection.execute(load_sql("leadops.delivery", "take_permits"), values).fetchone()
        if taken is None:  # the first call ever to this target
            connection.execute(load_sql("leadops.delivery", "insert_target"), values)
            taken = connection.execute(load_sql("leadops.delivery", "take_permits"), values).fetchone()
    granted, wait = taken or (0, 1.0)
    return granted, timedelta(seconds=wait)


def release(connection: Connection, target: str, *, count: int) -> None:
    """Return permits that turned out not to be needed; commits."""
    with connection.transaction():
        connection.execute(
            "update delivery.targets set tokens = tokens + %s where target = %s", [count, target]
        )


def pause_target(connection: Connection, target: str, *, until: datetime, reason: str) -> None:
    """Let nobody call `target` before `until`, in the caller's transaction; a longer pause stays."""
    connection.execute(
        load_sql("leadops.delivery", "pause_target"), {"target": target, "until": until, "reason": reason}
    )
