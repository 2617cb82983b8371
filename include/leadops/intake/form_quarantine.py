"""The quarantine of forms: signed ones that cannot become a lead, whole, until somebody repairs them.

Of forms that are refused only numbers are kept, by reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.db import AsyncConnection, Connection
from leadops.erased.entrance import EntryItem, leave_out_erased, read_key_checks
from leadops.erased.erased_filter import ErasedFilter
from leadops.events.event_refusal import EventRefusal
from leadops.events.quarantine import QuarantineCount
from leadops.intake.read_form import parse_form
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class QuarantinedForm:
    """A form in quarantine; `body` is what was signed, `times` counts its arrivals."""

    quarantine_id: int
    submission_id: str
    received_at: datetime
    signed_at: datetime
    secret: int
    reason: str
    detail: str
    times: int
    state: str
    body: bytes
    admitted_body: str | None
    tool: str | None

    @property
    def text(self) -> str:
        r"""The body as text; bytes that are not UTF-8 are shown as \xff."""
        return bytes(self.body).decode("utf-8", "backslashreplace")


async def quarantine_form(
    connection: AsyncConnection,
    refusal: EventRefusal,
    *,
    submission_id: str,
    body: bytes,
    secret: int,
    signed_at: datetime,
    now: datetime,
    erased: ErasedFilter | None = None,
    tool: str | None = None,
    content: dict[str, Any] | None = None,
) -> bool:
    """Keep a signed form that cannot become a lead; return False if a form of this id is a lead already.

    The same body under the same id is kept once and counted. `secret` is the place, from 1, of the secret
    that signed it.
    `tool` is the form tool that sent it, and `content` what its mapping read. What somebody sent whom
    `erased` recognises is not kept, and the answer is the same. Raises psycopg.Error, and
    ErasureKeyError where somebody was erased under a key that `erased` does not have.
    """
    erased = erased or ErasedFilter()
    values: dict[str, object] = {
        "submission_id": submission_id,
        "now": now,
        "signed_at": signed_at,
        "secret": secret,
        "reason": refusal.reason,
        "detail": refusal.detail,
        "body": body,
        "tool": tool,
    }
    if not erased.is_needed:
        if await queries.value_async(connection, "quarantine_form", **values, is_hashed=False) is not None:
            return True
        # It is a lead already, or somebody was erased, so that it has to be hashed.
        checks = await read_key_checks(connection)
        if not checks:
            return False
        erased.require(checks)
    async with connection.transaction():
        await queries.run_async(connection, "hold_quarantine")
        hashes = [*_hash_body(body, erased), *erased.hash_item(content)]
        entry = EntryItem(0, hashes, signed_at, is_proven=False, is_form=True)
        if await leave_out_erased(connection, [entry]):
            await queries.run_async(connection, "forget_trace", submission_id=submission_id)
            return not await queries.value_async(connection, "is_lead", submission_id=submission_id)
        quarantine_id = await queries.value_async(connection, "quarantine_form", **values, is_hashed=True)
        return quarantine_id is not None


async def settle_answered_form(connection: AsyncConnection, *, submission_id: str, now: datetime) -> None:
    """End the waiting of a form tool's ids whose answers came under the same id; safe to repeat."""
    await queries.run_async(connection, "settle_answered", submission_id=submission_id, now=now)


def _hash_body(body: bytes, erased: ErasedFilter) -> list[str]:
    """Return the hashes of the identifiers in a body, parsed or not."""
    content = parse_form(body) if erased.is_needed else {}
    if isinstance(content, EventRefusal):
        content = {"body": body.replace(b"\0", b"").decode("utf-8", "replace")}
    return erased.hash_item(content)


def list_quarantined_forms(
    connection: Connection,
    *,
    ids: Sequence[int] | None = None,
    reason: str | None = None,
    state: str | None = None,
    since: datetime | None = None,
    limit: int = 50,
    before: int | None = None,
) -> list[QuarantinedForm]:
    """Return at most `limit` forms (of `ids`, `reason`, `state`), newest first.

    No ids ([]) are none, not all. States are waiting, admitted and dropped. With `before`, only numbers
    below.
    """
    return queries.all(
        connection,
        "list_entries",
        QuarantinedForm,
        ids=None if ids is None else list(ids),
        state=state,
        reason=reason,
        since=since,
        before=before,
        max_rows=limit,
    )


def count_quarantined_forms(connection: Connection) -> list[QuarantineCount]:
    """Return the counts by reason and state, the waiting first."""
    return queries.all(connection, "count_entries", QuarantineCount)


def drop_quarantined_forms(
    connection: Connection, *, now: datetime, ids: Sequence[int] | None = None, reason: str | None = None
) -> int:
    """Drop waiting forms (all, those of `reason`, of `ids`): they stay on record and never become a lead.

    No ids ([]) are none, not all. Returns how many were waiting.
    """
    return queries.run(
        connection, "drop_entries", now=now, ids=None if ids is None else list(ids), reason=reason
    )


async def add_form_refusals(connection: AsyncConnection, counts: Mapping[str, int], *, now: datetime) -> None:
    """Add `counts` by reason to those of the five minutes that contain `now`."""
    await queries.run_async(
        connection, "add_refusals", now=now, reasons=list(counts.keys()), times=list(counts.values())
    )
