"""Ends the SLA clocks of somebody erased."""

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.queries import Queries

queries = Queries(__file__, topic="clocks")


def erase_clocks(connection: Connection, person: ErasedPerson) -> None:
    """Delete the clocks that are not settled, so that nobody is alarmed; the others stay as they are."""
    queries.run(connection, "delete_waiting", lead_ids=person.lead_ids)
    queries.run(connection, "delete_clocks", lead_ids=person.lead_ids)
    queries.run(connection, "delete_breaches", lead_ids=person.lead_ids)
    queries.run(connection, "clear_clocks", lead_ids=person.lead_ids, pattern=person.pattern)
    queries.run(connection, "clear_breaches", lead_ids=person.lead_ids, pattern=person.pattern)
