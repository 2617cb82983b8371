"""Sends batches of deltas: claimed by row lock, sent under the stored key, then settled."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from leadops.clients.ma import MaClient
from leadops.clients.transport import Outcome
from leadops.db import Connection, load_sql
from leadops.delivery.due_calls import claim


@dataclass(frozen=True)
class Batch:
    """A claimed batch: its row is locked by our transaction until it is settled."""

    batch_id: int
    key: str
    deltas: int
    body: str
    attempts: int
    created_at: datetime

    def rows(self) -> list[dict[str, Any]]:
        """Return the updates of the body: deltaId, leadId, delta, reason."""
        content = orjson.loads(self.body)
        return [content] if self.deltas == 1 else list(content["updates"])


def ledger_seq(delta_id: str) -> int:
    """Return the ledger row that a deltaId names ("<installation>-<seq>")."""
    return int(delta_id.rsplit("-", 1)[1])


def count_idle_batches(connection: Connection, *, target: str, lane: int, limit: int) -> int:
    """Count, up to `limit`, the open batches that nobody is sending now."""
    values = {"target": target, "lane": lane, "most": limit}
    with connection.transaction():
        found = connection.execute(load_sql("leadops.delivery", "count_idle_batches"), values).fetchone()
    return int(found[0]) if found else 0


def claim_batches(
    connection: Connection, *, target: str, lane: int, limit: int, now: datetime
) -> list[Batch]:
    """Lock up to `limit` due batches that nobody else has, until the caller's transaction ends."""
    rows = claim(connection, "claim_batches", {"target": target, "lane": lane, "now": now}, limit=limit)
    return [Batch(*row) for row in rows]


def send_batch(client: MaClient, batch: Batch) -> Outcome:
    """Send the stored body under the stored key; a single delta goes to the route for a single lead."""
    send = client.update_score if batch.deltas == 1 else client.update_scores
    return send(batch.body.encode(), key=batch.key)
