"""Keeps the owners that leads have in the CRM, where the assignment was lost when the database went back."""

from collections.abc import Sequence
from datetime import datetime

from leadops.db import Connection
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries

queries = Queries(__file__)


def adopt_owners(connection: Connection, owners: Sequence[tuple[int, str]], *, now: datetime) -> list[int]:
    """Give each lead to the salesperson who has it in the CRM; return the leads for which that is news.

    `owners` are (lead_id, rep_id). In the caller's transaction. Only a salesperson who never had the lead's
    latest cycle, as far as is known here, comes from a lost assignment: whom routing knows, it may have moved
    the lead on from. Open notices about the lead are dropped.
    """
    hold_lock(connection, Lock.ROUTING)
    adopted: list[int] = queries.values(
        connection,
        "adopt_owners",
        lead_ids=[lead_id for lead_id, _ in owners],
        rep_ids=[rep_id for _, rep_id in owners],
        now=now,
    )
    if adopted:
        queries.run(connection, "drop_notices", lead_ids=adopted, now=now)
    return adopted
