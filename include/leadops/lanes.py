"""The two lanes of everything that is sent: what happened now goes before what is worked through again."""

from enum import IntEnum


class Lane(IntEnum):
    """Which queue a score change or an effect waits in; the lower number goes first."""

    LIVE = 0
    BACKFILL = 1
