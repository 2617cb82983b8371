"""Forgets what exports said of somebody erased."""

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.queries import Queries

queries = Queries(__file__, topic="import_tables")


def erase_attributes(connection: Connection, person: ErasedPerson) -> None:
    """Delete the attributes of the leads."""
    queries.run(connection, "delete_attributes", lead_ids=person.lead_ids)
