"""Ends the programmes of somebody erased."""

from datetime import datetime

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.queries import Queries

queries = Queries(__file__)


def erase_memberships(connection: Connection, person: ErasedPerson, *, now: datetime) -> None:
    """End what runs at `now` (UTC); memberships and sends name nobody, and stay for the counts."""
    queries.run(connection, "delete_waiting", lead_ids=person.lead_ids)
    queries.run(connection, "end_memberships", lead_ids=person.lead_ids, now=now)
