"""Removes from routing: places and messages of an erased person, and old Slack messages to salespeople."""

from datetime import datetime

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.housekeeping.old_rows import OldRows
from leadops.queries import Queries

queries = Queries(__file__)


def erase_routing(connection: Connection, person: ErasedPerson, *, now: datetime) -> None:
    """Close the leads' places and clear why they went where; who had them, and when, stays.

    A message that was posted waits for `notify_reps`, which replaces its text; one that was not is dropped.
    """
    leads = person.lead_ids
    queries.run(connection, "close_places", lead_ids=leads)
    queries.run(connection, "delete_waiting", lead_ids=leads)
    queries.run(connection, "clear_assignments", lead_ids=leads, pattern=person.pattern)
    queries.run(connection, "replace_notices", lead_ids=leads, now=now)


def purge_notices(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete notices that were sent or dropped before `before`; the assignments stay."""
    return queries.run(connection, "purge_notices", before=before, max_rows=max_rows)


OLD_ROWS = (OldRows("notices", purge_notices),)
