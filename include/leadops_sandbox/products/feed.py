"""When a change can be read in a feed: after the index has it, and later still for what commits late.

A transaction stamps its rows when it begins and shows them when it ends; a search index lags behind. Both
give rows that appear with a stamp older than what a reader has seen already.
"""

import zlib
from datetime import datetime, timedelta

from leadops_sandbox.products.table import ProductSettings


def visible_at(key: str, stamp: datetime, settings: ProductSettings) -> datetime:
    """Return from when on the change of `key` stamped `stamp` is in the feed.

    Which changes are late follows from `key` and `stamp` alone, so each reader sees the same.
    """
    lag = settings.feed_lag_seconds
    if is_late(key, stamp, share=settings.feed_late_share):
        lag += settings.feed_late_seconds
    return stamp + timedelta(seconds=lag)


def is_late(key: str, stamp: datetime, *, share: float) -> bool:
    """Return whether the change of `key` at `stamp` is one of the `share` that commits late."""
    return zlib.crc32(f"{key} {stamp.isoformat()}".encode()) < share * 2**32
