"""Clears what operators noted of somebody erased, and by which records other systems know them."""

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.queries import Queries

queries = Queries(__file__)


def erase_consent(connection: Connection, person: ErasedPerson) -> None:
    """Delete the person's statements and records; take identifiers out of reasons given for others."""
    queries.run(connection, "delete_statements", lead_ids=person.lead_ids)
    queries.run(connection, "clear_reasons", pattern=person.pattern)
    queries.run(connection, "delete_records", lead_ids=person.lead_ids)
    queries.run(connection, "delete_waiting", lead_ids=person.lead_ids, crm_ids=list(person.name_crm_ids()))


def remove_canary(connection: Connection, lead_id: int) -> None:
    """Delete by which records other systems know a simulated visitor, in the caller's transaction."""
    queries.run(connection, "delete_records", lead_ids=[lead_id])
    queries.run(connection, "delete_waiting", lead_ids=[lead_id], crm_ids=[])
