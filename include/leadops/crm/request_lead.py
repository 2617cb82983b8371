"""Requests leads in the CRM through the outbox, by the function of the database that forms use too."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class LeadRequest:
    """A lead that the CRM shall create for one cycle; `idempotency_key` is what the CRM knows it by."""

    lead_id: int
    cycle: int
    email: str
    company: str
    source: str
    idempotency_key: str
    lane: Lane = Lane.LIVE


def request_leads(connection: Connection, requests: Sequence[LeadRequest], *, now: datetime) -> int:
    """Enqueue `requests` in the caller's transaction, each lead and cycle once; return how many are new."""
    if not requests:
        return 0
    rows = Jsonb([asdict(request) for request in requests])
    outbox_ids = queries.values(connection, "request_leads", requests=rows, now=now)
    return sum(outbox_id is not None for outbox_id in outbox_ids)
