"""Clears the facts of reports of somebody erased; pictures show no person."""

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.queries import Queries

queries = Queries(__file__, topic="make_report")


def erase_reports(connection: Connection, person: ErasedPerson) -> None:
    """Clear the sentences and facts that name the person."""
    queries.run(connection, "clear_reports", pattern=person.pattern)
