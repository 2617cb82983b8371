"""The two lanes of everything that is sent: what happened now goes before what is worked through again."""

from datetime import timedelta
from enum import IntEnum

#: How long points are news: what changed rules, a merge or a model give for older ones wakes nobody.
NEWS_FOR = timedelta(days=1)


class Lane(IntEnum):
    """Which queue a score change or an effect waits in; the lower number goes first."""

    LIVE = 0
    BACKFILL = 1
