"""Deletes settled calls."""

from leadops.delivery.batches import purge_batches
from leadops.delivery.daily_quota import purge_call_counts
from leadops.delivery.outbox import purge_effects
from leadops.housekeeping.old_rows import OldRows

OLD_ROWS = (
    OldRows("calls", purge_batches),
    OldRows("calls", purge_effects),
    OldRows("calls", purge_call_counts),
)
