"""Deletes changes that were decided long ago, and settings that something else replaced."""

from datetime import datetime

from leadops.changes.change_record import delete_ended
from leadops.config.gated_settings import forget_former
from leadops.db import Connection
from leadops.housekeeping.old_rows import OldRows


def purge_changes(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete what ended before `before`; within the caller's transaction."""
    deleted = delete_ended(connection, before=before, max_rows=max_rows)
    return deleted + forget_former(connection, before=before, max_rows=max_rows - min(deleted, max_rows))


OLD_ROWS = (OldRows("changes", purge_changes),)
