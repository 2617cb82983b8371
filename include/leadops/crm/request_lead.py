"""Requests leads in the CRM through the outbox: the one place that forms and MQLs use for it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from leadops.db import AsyncConnection, Connection
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
    return queries.run(connection, "insert_requests", requests=_rows(requests), now=now)


async def request_lead_async(connection: AsyncConnection, request: LeadRequest, *, now: datetime) -> None:
    """Enqueue one request, as `request_leads`, on a connection of an event loop."""
    await queries.run_async(connection, "insert_requests", requests=_rows([request]), now=now)


def _rows(requests: Sequence[LeadRequest]) -> Jsonb:
    return Jsonb([asdict(request) for request in requests])
