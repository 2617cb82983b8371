"""Clears the acts of somebody erased, and deletes old ones; whether a machine did them stays.

A standing verdict stays as long as its event: without it the act would count, and its points come back.
"""

from dataclasses import asdict
from datetime import datetime

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.housekeeping.old_rows import OldRows
from leadops.machines.allow_acts import AllowedActs
from leadops.queries import Queries

queries = Queries(__file__)


def erase_acts(connection: Connection, person: ErasedPerson) -> None:
    """Take identifiers out of the names of mails and links, and out of reasons, of everybody's acts."""
    queries.run(connection, "clear_acts", pattern=person.pattern)
    queries.run(connection, "clear_verdicts", pattern=person.pattern)
    for allowed in queries.all(connection, "clear_allowed", AllowedActs, pattern=person.pattern):
        queries.run(connection, "allow_again", **asdict(allowed))


def purge_freed(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete verdicts that were freed before `before`; the act counts, and the ledger says why it does."""
    return queries.run(connection, "purge_freed", before=before, max_rows=max_rows)


def purge_acts_of_nobody(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete acts and verdicts from before `before` whose events were deleted, as those of nobody are."""
    deleted = queries.run(connection, "purge_lost_acts", before=before, max_rows=max_rows)
    return deleted + queries.run(
        connection, "purge_lost_verdicts", before=before, max_rows=max_rows - min(deleted, max_rows)
    )


OLD_ROWS = (OldRows("freed_acts", purge_freed), OldRows("anonymous_events", purge_acts_of_nobody))
