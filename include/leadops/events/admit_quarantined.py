"""Refused items are validated again, or repaired, and admitted; each is admitted at most once."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from leadops.db import Connection
from leadops.erased.erased_filter import ErasedFilter
from leadops.errors import PermanentError
from leadops.events.change_item import change_item
from leadops.events.event_batch import event_row
from leadops.events.event_contract import Event
from leadops.events.event_refusal import EventRefusal
from leadops.events.event_settings import EventSettings
from leadops.events.event_store import insert_admitted
from leadops.events.validate_event import ValidItem, validate_item
from leadops.queries import Queries

queries = Queries(__file__, topic="quarantine")

#: Items in one transaction of a retry.
CHUNK = 500


@dataclass(frozen=True)
class RetryResult:
    """Counts of a retry: admitted as new, known already by event_id, refused again."""

    admitted: int = 0
    duplicates: int = 0
    refused: int = 0


@dataclass(frozen=True)
class LockedItem:
    """A waiting item that this transaction holds; `body` is JSON text as it came."""

    quarantine_id: int
    received_at: datetime
    body: str
    is_history: bool
    user_agent: str | None
    proof: str  # how its sender proved whom it speaks of


class AdmittedItem(NamedTuple):
    """An item that is valid now: its row of cdp.events, and its repaired body if it was repaired."""

    quarantine_id: int
    event: dict[str, Any]
    repaired_body: str | None


def retry_quarantined(
    connection: Connection,
    *,
    now: datetime,
    settings: EventSettings,
    ids: Sequence[int] | None = None,
    reason: str | None = None,
    history: bool = False,
    vouched: bool = False,
    erased: ErasedFilter | None = None,
) -> RetryResult:
    """Validate waiting items again (all, those of `reason`, of `ids`) and admit what is valid now, each once.

    Age is counted up to the day an item first came; `history` lifts that limit. `vouched` releases forms that
    look like spam: a person looked at them. An admitted item is history
    if it came as such, with `history`, or if it is too old by now. Items that another retry holds at the same
    time are left to it. Each 500 items are one transaction.
    """
    total, after = RetryResult(), 0
    while True:
        with connection.transaction():
            items = _lock_items(connection, after=after, ids=ids, reason=reason, max_rows=CHUNK)
            if not items:
                return total
            result = _admit(
                connection, items, now=now, settings=settings, history=history, vouched=vouched, erased=erased
            )
        after = items[-1].quarantine_id
        total = RetryResult(
            total.admitted + result.admitted,
            total.duplicates + result.duplicates,
            total.refused + result.refused,
        )


def repair_quarantined(
    connection: Connection,
    quarantine_id: int,
    *,
    changes: Iterable[tuple[str, Any]] = (),
    removals: Iterable[str] = (),
    now: datetime,
    settings: EventSettings,
    history: bool = False,
    erased: ErasedFilter | None = None,
) -> RetryResult:
    """Change a waiting item (`changes`: dotted path and value; `removals`: dotted paths) and admit it.

    A person looked at it, so it is not spam. The body as it came stays on record beside the repaired one.
    Raises PermanentError, and changes nothing,
    if there is no such waiting item, a path leads nowhere, or the result is still not a valid event.
    """
    with connection.transaction():
        items = _lock_items(connection, after=0, ids=[quarantine_id], reason=None, max_rows=1)
        if not items:
            raise PermanentError(f"no item {quarantine_id} waits; see `leadops quarantine list`")
        item = items[0]
        body = change_item(json.loads(item.body), changes, removals)
        verdict = _validate(item, body, now=now, settings=settings, history=history, vouched=True)
        if isinstance(verdict, EventRefusal):
            raise PermanentError(f"still refused ({verdict.reason}): {verdict.detail}")
        is_past = history or item.is_history or _is_old(verdict.event, now, settings)
        row = event_row(verdict, position=0, history=is_past) | {"proof": item.proof}
        repaired = AdmittedItem(quarantine_id, row, json.dumps(body))
        return _insert(connection, [repaired], refused=0, now=now, erased=erased)


def _lock_items(
    connection: Connection, *, after: int, ids: Sequence[int] | None, reason: str | None, max_rows: int
) -> list[LockedItem]:
    return queries.all(
        connection,
        "lock_waiting",
        LockedItem,
        after=after,
        ids=None if ids is None else list(ids),
        reason=reason,
        max_rows=max_rows,
    )


def _validate(
    item: LockedItem, body: Any, *, now: datetime, settings: EventSettings, history: bool, vouched: bool
) -> ValidItem | EventRefusal:
    return validate_item(
        body,
        now=now,
        arrived_at=item.received_at,
        settings=settings,
        history=history or item.is_history,
        user_agent=item.user_agent,
        vouched=vouched,
    )


def _admit(
    connection: Connection,
    items: list[LockedItem],
    *,
    now: datetime,
    settings: EventSettings,
    history: bool,
    vouched: bool,
    erased: ErasedFilter | None,
) -> RetryResult:
    valid: list[AdmittedItem] = []
    refused: list[dict[str, Any]] = []
    for item in items:
        body = json.loads(item.body)
        verdict = _validate(item, body, now=now, settings=settings, history=history, vouched=vouched)
        if isinstance(verdict, ValidItem):
            is_past = history or item.is_history or _is_old(verdict.event, now, settings)
            row = event_row(verdict, position=len(valid), history=is_past) | {"proof": item.proof}
            valid.append(AdmittedItem(item.quarantine_id, row, None))
        else:
            refused.append(
                {"quarantine_id": item.quarantine_id, "reason": verdict.reason, "detail": verdict.detail}
            )
    queries.run_many(connection, "update_reason", refused)
    return _insert(connection, valid, refused=len(refused), now=now, erased=erased)


def _is_old(event: Event, now: datetime, settings: EventSettings) -> bool:
    """Whether the event would be too old if it came only now: it must not hurry anybody."""
    return event.ts < now - settings.max_age


def _insert(
    connection: Connection,
    valid: list[AdmittedItem],
    *,
    refused: int,
    now: datetime,
    erased: ErasedFilter | None,
) -> RetryResult:
    admitted = insert_admitted(connection, [item.event for item in valid], now=now, erased=erased)
    queries.run_many(
        connection,
        "mark_admitted",
        [
            {"quarantine_id": item.quarantine_id, "admitted_body": item.repaired_body, "now": now}
            for item in valid
        ],
    )
    return RetryResult(admitted, len(valid) - admitted, refused)
