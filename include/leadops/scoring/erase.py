"""Ends the scoring of somebody erased: the ledger stays, nothing is added."""

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.queries import Queries
from leadops.scoring.ledger import lock_ledger

queries = Queries(__file__)


def erase_scoring(connection: Connection, person: ErasedPerson) -> None:
    """Take the leads out of the inbox and of decay, in the caller's transaction; it holds the ledger then."""
    lock_ledger(connection)
    queries.run(connection, "delete_waiting", lead_ids=person.lead_ids)
    queries.run(connection, "delete_schedule", lead_ids=person.lead_ids)
