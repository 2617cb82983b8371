"""Clears the acts of somebody erased; whether a machine did them stays."""

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.queries import Queries

queries = Queries(__file__)


def erase_acts(connection: Connection, person: ErasedPerson) -> None:
    """Take identifiers out of the names of mails and links, and out of reasons."""
    queries.run(connection, "clear_acts", lead_ids=person.lead_ids, pattern=person.pattern)
    queries.run(connection, "clear_verdicts", lead_ids=person.lead_ids, pattern=person.pattern)
