"""Removes a person from scoring: the ledger stays, nothing is added."""

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.queries import Queries
from leadops.scoring.ledger import lock_ledger
from leadops.scoring.rollbacks import forget_bounds

queries = Queries(__file__, topic="scoring_inbox")


def erase_scoring(connection: Connection, person: ErasedPerson) -> None:
    """Take the leads out of the inbox and of decay, in the caller's transaction; it holds the ledger then."""
    lock_ledger(connection)
    queries.run(connection, "delete_waiting", lead_ids=person.lead_ids)
    queries.run(connection, "delete_schedule", lead_ids=person.lead_ids)
    forget_bounds(connection, person.lead_ids)
