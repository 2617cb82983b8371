"""What is in the quarantine, how many items of each reason; and the end of those that nobody wants.

Of calls that were refused whole, only their number is kept, by reason and five minutes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from leadops.db import AsyncConnection, Connection
from leadops.mask import SentValues, mask_text
from leadops.queries import Queries

queries = Queries(__file__)

#: Characters of what to change; it may repeat what was sent.
LONGEST_DETAIL = 300


@dataclass(frozen=True)
class QuarantineEntry:
    """A refused item; `body` is JSON text as it came, `times` counts its arrivals."""

    quarantine_id: int
    received_at: datetime
    reason: str
    detail: str
    times: int
    state: str
    body: str


@dataclass(frozen=True)
class QuarantineCount:
    """The items of one reason and state, and their arrivals in total."""

    reason: str
    state: str
    items: int
    times: int | Decimal
    first_at: datetime
    last_at: datetime


def show_detail(detail: str, body: str | None = None) -> str:
    """Return what to change in a refused item, without addresses, telephone numbers and secrets.

    With the `body` that was refused also without any value in it, such as a name: for those who may not see
    people.
    """
    return mask_text(detail, longest=LONGEST_DETAIL, sent=None if body is None else SentValues(body))


def list_quarantine(
    connection: Connection,
    *,
    reason: str | None = None,
    state: str = "waiting",
    since: datetime | None = None,
    limit: int = 50,
    before: int | None = None,
) -> list[QuarantineEntry]:
    """Return at most `limit` items of `state` (waiting, admitted, dropped), newest first.

    With `before`, only numbers below.
    """
    return queries.all(
        connection,
        "list_entries",
        QuarantineEntry,
        state=state,
        reason=reason,
        since=since,
        before=before,
        max_rows=limit,
    )


def count_quarantine(connection: Connection) -> list[QuarantineCount]:
    """Return the counts by reason and state, the waiting first."""
    return queries.all(connection, "count_entries", QuarantineCount)


def drop_quarantined(
    connection: Connection, *, now: datetime, ids: Sequence[int] | None = None, reason: str | None = None
) -> int:
    """Drop waiting items (all, those of `reason`, of `ids`): they stay on record and are never admitted.

    No ids ([]) are none, not all. Returns how many were waiting.
    """
    return queries.run(
        connection, "drop_entries", now=now, ids=None if ids is None else list(ids), reason=reason
    )


async def add_refused_calls(connection: AsyncConnection, counts: Mapping[str, int], *, now: datetime) -> None:
    """Add `counts` by reason to those of the five minutes that contain `now`."""
    await queries.run_async(
        connection, "add_refused_calls", now=now, reasons=list(counts.keys()), times=list(counts.values())
    )
