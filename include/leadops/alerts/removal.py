"""Removes from alerts: what messages said of an erased person, and old incidents, messages and pages."""

from datetime import datetime

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.housekeeping.old_rows import OldRows
from leadops.incidents.incident import erase_facts
from leadops.incidents.removal import purge_incidents, purge_task_results
from leadops.queries import Queries

queries = Queries(__file__)


def erase_messages(connection: Connection, person: ErasedPerson) -> None:
    """Clear the facts of incidents, and let `notify` edit each message that shows them, ended ones too."""
    message_ids = erase_facts(connection, pattern=person.pattern)
    queries.run(connection, "show_again", message_ids=message_ids, pattern=person.pattern)


def purge_messages(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete messages from before `before` that are final and about no incident on record."""
    return queries.run(connection, "purge_messages", before=before, max_rows=max_rows)


def purge_pages(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete pages from before `before` that are over and about no incident on record."""
    return queries.run(connection, "purge_pages", before=before, max_rows=max_rows)


OLD_ROWS = (
    OldRows("incidents", purge_incidents),
    OldRows("incidents", purge_messages),
    OldRows("incidents", purge_pages),
    OldRows("task_results", purge_task_results),
)
