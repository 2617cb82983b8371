"""Moves the places of leads in routing when people are merged or split."""

from collections.abc import Sequence
from datetime import datetime

from leadops.db import Connection
from leadops.queries import Queries
from leadops.routing.pending import InboxCycle
from leadops.routing.publish_assignments import publish_moves

queries = Queries(__file__)


def move_places(connection: Connection, arrived: Sequence[InboxCycle], *, now: datetime) -> None:
    """Move the places of those leads that `arrived` because they were merged or split.

    A place goes to the person to whom its lead belongs now. Of each cycle a person keeps the place of their
    oldest lead, else that of the lead that became MQL first; the other places are set aside, and come back
    when the leads are split. Nobody gets a new owner. The place of an MQL that was taken back is removed, and
    messages about it that were sent are replaced.
    Runs in the caller's transaction; `now` is UTC.
    """
    merges = [(cycle.lead_id, cycle.merge_number) for cycle in arrived if cycle.merge_number is not None]
    if not merges:
        return
    leads = sorted({lead_id for lead_id, _ in merges})
    queries.run(connection, "decide_moves", leads=leads)
    _record_moves(connection)
    removed = queries.values(connection, "list_removed_places")
    queries.run(connection, "withdraw_notices")
    queries.run(connection, "drop_moves")
    publish_moves(
        connection, leads, removed=removed, merge_number=max(number for _, number in merges), now=now
    )


def _record_moves(connection: Connection) -> None:
    queries.run(connection, "remove_places")
    queries.run(connection, "remove_set_aside")
    queries.run(connection, "insert_places")
    queries.run(connection, "insert_set_aside")
    queries.run(connection, "insert_person_accounts")
    queries.run(connection, "delete_person_accounts")
