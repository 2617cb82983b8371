"""Finds or makes the lead of an email at once, for a caller that cannot wait for the resolver."""

from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from leadops.db import Connection, load_sql
from leadops.errors import TransientError

#: The second time sees what the other has made; a third is needed only if that was undone meanwhile.
TRIES = 5


def claim_lead(connection: Connection, *, email: str, event_seq: int, now: datetime) -> int:
    """Return the lead_id of `email`, in any writing; a new lead is made, with `event_seq` as its evidence.

    Runs in the caller's transaction (READ COMMITTED, one email a transaction) and is safe beside the resolver
    and other claims: of two at once, the second waits for the first to commit and gets the same lead. The
    event stays in identity's inbox; asking for the lead in the MA is the caller's part. `now` (UTC) dates the
    lead. Raises TransientError when others keep making and undoing the same lead.
    """
    for _ in range(TRIES):
        row = connection.execute(_query(), _values(email, event_seq, now)).fetchone()
        if row:
            return int(row[0])
    raise TransientError("a lead is being made and undone at once; try again")


async def claim_lead_async(
    connection: AsyncConnection[tuple[Any, ...]], *, email: str, event_seq: int, now: datetime
) -> int:
    """Do what `claim_lead` does, on an async connection."""
    for _ in range(TRIES):
        row = await (await connection.execute(_query(), _values(email, event_seq, now))).fetchone()
        if row:
            return int(row[0])
    raise TransientError("a lead is being made and undone at once; try again")


def _query() -> Any:
    return load_sql("leadops.identity", "claim_lead")


def _values(email: str, event_seq: int, now: datetime) -> dict[str, Any]:
    return {"email": email, "event_seq": event_seq, "now": now}
