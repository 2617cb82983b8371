"""Clears the findings of the funnel of somebody erased; every count stays."""

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.queries import Queries

queries = Queries(__file__, topic="quality_checks")


def erase_findings(connection: Connection, person: ErasedPerson) -> None:
    """Clear what the findings about the leads quote."""
    queries.run(connection, "clear_findings", lead_ids=person.lead_ids, pattern=person.pattern)
