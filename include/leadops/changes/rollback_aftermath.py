"""What has followed since the points were given that a rollback takes back: it stays as it is."""

from collections.abc import Sequence
from typing import NamedTuple

from leadops.db import Connection
from leadops.queries import Queries
from leadops.scoring.rollbacks import CorrectedLead

queries = Queries(__file__)


class Aftermath(NamedTuple):
    """One kind of what has followed: mql, clock, message, enrolment or crm."""

    what: str
    number: int
    leads: int
    examples: list[int]  # the first leads, by number


class RollbackProgress(NamedTuple):
    """How far a rollback is carried out."""

    waiting: int  # leads of it that wait to be scored
    rows: int  # corrections that scoring wrote
    points: int  # their sum
    undelivered: int  # of these, those that the MA does not have yet


def list_aftermath(connection: Connection, leads: Sequence[CorrectedLead]) -> list[Aftermath]:
    """Return what followed for these leads, or for the persons they are, since each got its first points."""
    return queries.all(
        connection,
        "list_aftermath",
        Aftermath,
        lead_ids=[lead.lead_id for lead in leads],
        since=[lead.since for lead in leads],
    )


def read_progress(connection: Connection, rollback_id: int) -> RollbackProgress:
    """Return how far the rollback `rollback_id` is."""
    return queries.one(connection, "read_progress", RollbackProgress, rollback_id=rollback_id)
