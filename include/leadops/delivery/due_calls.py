"""Which calls a round takes: fresh ones, and a few of those that failed before."""

from typing import Any

from leadops.db import Connection, load_sql

#: Failed calls in a round that has fresh ones: enough to find out that the target is well again, too few for
#: calls that always fail to keep the others from being made.
RETRIES_BESIDE_FRESH = 2

#: Failed calls in a round that has nothing else.
RETRIES_ALONE = 10


def claim(
    connection: Connection, statement: str, values: dict[str, Any], *, limit: int
) -> list[tuple[Any, ...]]:
    """Lock up to `limit` rows of `statement` that nobody else has, until the caller's transaction ends.

    Fresh ones come first, then a few of those that failed and are due again.
    """
    query = load_sql("leadops.delivery", statement)
    fresh = connection.execute(
        query, values | {"retry": False, "most": max(limit - RETRIES_BESIDE_FRESH, 1)}
    ).fetchall()
    room = min(limit - len(fresh), RETRIES_BESIDE_FRESH if fresh else RETRIES_ALONE)
    failed = connection.execute(query, values | {"retry": True, "most": room}).fetchall()
    return fresh + failed
