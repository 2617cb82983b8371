"""Finds or makes the lead of an email at once, for a caller that cannot wait for the resolver."""

from datetime import datetime

from leadops.db import Connection, load_sql
from leadops.errors import PermanentError


def claim_lead(connection: Connection, *, email: str, event_seq: int, now: datetime) -> int:
    """Return the lead_id of `email`, in any writing; a new lead is made, with `event_seq` as its evidence.

    Of a person with several leads it is the oldest.

    Runs in the caller's transaction (READ COMMITTED, one email a transaction) and is safe beside the resolver
    and other claims: of two at once, the second waits for the first to commit and gets the same lead. The
    event stays in identity's inbox; asking for the lead in the MA is the caller's part. `now` (UTC) dates the
    lead. Statements that accept an event call the same function of the database, identity.claim_lead. Raises
    PermanentError when there is no such event.
    """
    values = {"email": email, "event_seq": event_seq, "now": now}
    row = connection.execute(load_sql("leadops.identity", "claim_lead"), values).fetchone()
    if row is None:
        raise PermanentError(f"there is no event {event_seq}, so it is no evidence for a lead")
    return int(row[0])
