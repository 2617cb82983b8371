"""Clears lifecycle of somebody erased: every stage stays, its evidence names nobody."""

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson, PersonIdentifier
from leadops.queries import Queries

queries = Queries(__file__)


def list_linked_ids(connection: Connection, lead_ids: list[int]) -> list[PersonIdentifier]:
    """Return every id that the leads ever had in the CRM."""
    return queries.all(connection, "list_linked_ids", PersonIdentifier, lead_ids=lead_ids)


def erase_lifecycle(connection: Connection, person: ErasedPerson) -> None:
    """Rename the person's leads of the CRM, and clear the evidence of their stages."""
    names = person.name_crm_ids()
    queries.run(connection, "rename_links", crm_ids=list(names), names=list(names.values()))
    queries.run(connection, "clear_transitions", lead_ids=person.lead_ids, pattern=person.pattern)
    queries.run(connection, "clear_imported", lead_ids=person.lead_ids, pattern=person.pattern)
    queries.run(connection, "delete_unlinked", lead_ids=person.lead_ids)


def remove_canary(connection: Connection, lead_id: int) -> None:
    """Delete what sales did with a simulated visitor's lead, in the caller's transaction."""
    queries.run(connection, "remove_canary", lead_id=lead_id)
