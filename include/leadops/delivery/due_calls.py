"""Chooses which calls a round makes: new ones, and a few of those that failed before."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

Call = TypeVar("Call")

#: So long a call that another process claimed may still be sent by it; after that, the process was killed.
TAKEOVER_PAUSE = timedelta(minutes=1)

#: Failed calls in a round that also has new ones: enough to notice that the target has recovered, too few for
#: calls that always fail to hold up the others.
RETRIES_BESIDE_NEW = 2

#: Failed calls in a round that has nothing else.
RETRIES_ALONE = 10


def limit_new(limit: int) -> int:
    """Return how many new calls a round of `limit` calls makes at most."""
    return max(limit - RETRIES_BESIDE_NEW, 1)


def lock_due(lock: Callable[[bool, int], list[Call]], *, limit: int) -> list[Call]:
    """Return up to `limit` due calls, locked until the caller's transaction ends: new ones, then retries.

    `lock(is_retry, max_rows)` locks the due calls of one kind that no other process holds.
    """
    new = lock(False, limit_new(limit))
    max_retries = min(limit - len(new), RETRIES_BESIDE_NEW if new else RETRIES_ALONE)
    return new + lock(True, max_retries)
