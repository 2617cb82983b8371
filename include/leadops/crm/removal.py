"""Clears the CRM's mirror of somebody erased, and deletes old refused items.

What sales did stays, under a name that says nothing.
"""

from collections.abc import Collection
from datetime import datetime

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.housekeeping.old_rows import OldRows
from leadops.queries import Queries

queries = Queries(__file__)


def wait_for_poll(connection: Connection) -> None:
    """Wait for a poll that is storing a page; the next one knows the hashes on record."""
    with connection.transaction():
        queries.run(connection, "wait_for_poll")


def erase_crm(connection: Connection, person: ErasedPerson, *, kept_details: Collection[str]) -> None:
    """Rename the person's leads, and leave of the details of their activities only `kept_details`.

    These are what the KPI contract reads, so that stages decided again stay the same. Refused items about the
    person are deleted, and what others' activities say of them is cleared.
    """
    names = person.name_crm_ids()
    queries.run(
        connection,
        "rename_leads",
        crm_ids=list(names),
        names=list(names.values()),
        kept=sorted(kept_details),
        pattern=person.pattern,
    )
    queries.run(connection, "clear_details", pattern=person.pattern)
    queries.run(connection, "delete_merges", crm_ids=list(names))
    queries.run(connection, "delete_refused", crm_ids=list(names), pattern=person.pattern)


def purge_refused(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete items of the CRM that were refused before `before`."""
    return queries.run(connection, "purge_refused", before=before, max_rows=max_rows)


def remove_canary(connection: Connection, lead_id: int) -> None:
    """Delete the mirrored activities of a simulated visitor's lead, in the caller's transaction."""
    queries.run(connection, "remove_canary", lead_id=lead_id)


OLD_ROWS = (OldRows("crm_refused", purge_refused),)
