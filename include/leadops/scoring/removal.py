"""Removes a person from scoring: the ledger stays, nothing is added. Of a simulated visitor nothing stays."""

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.queries import Queries
from leadops.scoring.ledger import lock_ledger
from leadops.scoring.rollbacks import forget_bounds

queries = Queries(__file__)


def erase_scoring(connection: Connection, person: ErasedPerson) -> None:
    """Take the leads out of the inbox and of decay, in the caller's transaction; it holds the ledger then."""
    lock_ledger(connection)
    queries.run(connection, "delete_waiting", lead_ids=person.lead_ids)
    queries.run(connection, "delete_schedule", lead_ids=person.lead_ids)
    forget_bounds(connection, person.lead_ids)


def remove_canary(connection: Connection, lead_id: int) -> None:
    """Delete the points of a simulated visitor, in the caller's transaction; it holds the ledger then."""
    lock_ledger(connection)
    queries.run(connection, "remove_canary", lead_id=lead_id)
    queries.run(connection, "delete_schedule", lead_ids=[lead_id])
