"""Stores events: each event_id once; refused items go to the quarantine; a batch is all or nothing."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leadops.db import AsyncConnection, Connection
from leadops.erased.entrance import (
    EntryItem,
    leave_out_admitted,
    leave_out_erased,
    load_key_checks,
    read_key_checks,
)
from leadops.erased.erased_filter import ErasedFilter
from leadops.events.event_batch import ChangedField, EventBatch, QuarantinedItem
from leadops.events.event_settings import EventSettings
from leadops.events.proof import Proof
from leadops.events.validate_event import LONGEST_AGENT
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class AcceptResult:
    """The result of a batch; accepted + duplicates + len(quarantined) is its size."""

    accepted: int
    duplicates: int
    quarantined: list[QuarantinedItem]
    changed: list[ChangedField] = field(default_factory=list)


async def accept_events(
    connection: AsyncConnection,
    items: list[object],
    *,
    now: datetime,
    settings: EventSettings,
    sender: Proof,
    identity_secrets: Sequence[str] = (),
    history: bool = False,
    user_agent: str | None = None,
    own_network: bool | None = None,
    erased: ErasedFilter | None = None,
) -> AcceptResult:
    """Validate and store `items` (parsed JSON at most 200 levels deep, or RefusedItem) in one statement.

    New events go to cdp.events and identity.inbox. A valid event whose event_id is known is a duplicate,
    whatever else it says, unless it has more proof: then it replaces the known event. So is one that is
    refused only for its age, as a sender that got no answer may repeat days later, or only because it looks
    like spam, as somebody may have released it. Only of those the store is
    asked; with more proof, they are refused as if the known event were not there. The rest goes to
    cdp.quarantine. `sender` is how the sender proved itself; an item that a site signed under one of
    `identity_secrets` has its own proof. `history` lifts the limit on age; `user_agent` is the sending
    browser's, `own_network` says whether it sent from a network of the company. What is about somebody whom
    `erased` recognises is answered in the same way and not kept.
    Commits only if `connection` is in autocommit. Raises psycopg.Error, and ErasureKeyError where somebody
    was erased under a key that `erased` does not have.
    """
    batch = EventBatch(
        items,
        now=now,
        settings=settings,
        sender=sender,
        identity_secrets=identity_secrets,
        history=history,
        user_agent=user_agent,
        own_network=own_network,
    )
    agent = (user_agent or "").encode("ascii", "backslashreplace").decode().replace("\0", "")
    values: dict[str, object] = {
        "now": now,
        "history": history,
        "was_refused": False,
        "user_agent": agent[:LONGEST_AGENT] or None,
    }
    stored = await _store(connection, batch, erased or ErasedFilter(), values)
    duplicates = len(batch.valid) - stored.accepted + len(stored.known)
    quarantined = [item for item in batch.quarantined if item.index not in stored.known]
    return AcceptResult(stored.accepted, duplicates, quarantined, batch.changed)


def insert_admitted(
    connection: Connection,
    events: Sequence[dict[str, Any]],
    *,
    now: datetime,
    erased: ErasedFilter | None = None,
) -> int:
    """Store `events` (event_row and `proof`) that were refused before; return how many are new.

    As in `accept_events`, those of somebody whom `erased` recognises are counted and not kept.
    """
    erased = erased or ErasedFilter()
    kept = 0
    with connection.transaction():
        queries.run(connection, "hold_events")
        if checks := load_key_checks(connection):
            erased.require(checks)
            entries = list_entries(events, erased)
            gone = leave_out_admitted(connection, entries)
            items = _list_kept_out(gone, events, [], erased)
            kept = queries.one(connection, "keep_out", StoredBatch, items=json.dumps(items)).accepted
            events = [event for place, event in enumerate(events) if place not in gone]
        stored = queries.one(
            connection,
            "insert_events",
            StoredBatch,
            events=json.dumps(events),
            refused="[]",
            is_hashed=True,
            now=now,
            history=False,
            was_refused=True,
            user_agent=None,
        )
    return stored.accepted + kept


async def _store(
    connection: AsyncConnection, batch: EventBatch, erased: ErasedFilter, values: Mapping[str, object]
) -> "StoredBatch":
    """Store a batch without what is about somebody erased, which is counted all the same.

    While nobody was erased it is one statement.
    """
    rows = {"events": json.dumps(batch.valid), "refused": json.dumps(batch.refused)}
    if not erased.is_needed:
        stored = await queries.one_async(
            connection, "insert_events", StoredBatch, **rows, is_hashed=False, **values
        )
        if not stored.is_unhashed:
            return stored
        erased.require(await read_key_checks(connection))
    async with connection.transaction():
        await queries.run_async(connection, "hold_events")
        entries = [*list_entries(batch.valid, erased), *batch.list_refused(erased)]
        gone = await leave_out_erased(connection, entries)
        items = _list_kept_out(gone, batch.valid, batch.refused, erased)
        kept = await queries.one_async(connection, "keep_out", StoredBatch, items=json.dumps(items))
        events = [row for place, row in enumerate(batch.valid) if place not in gone]
        refused = [
            row for place, row in enumerate(batch.refused, start=len(batch.valid)) if place not in gone
        ]
        stored = await queries.one_async(
            connection,
            "insert_events",
            StoredBatch,
            events=json.dumps(events),
            refused=json.dumps(refused),
            is_hashed=True,
            **values,
        )
    return StoredBatch(stored.accepted + kept.accepted, sorted({*stored.known, *kept.known}), False)


def list_entries(rows: Sequence[Mapping[str, Any]], erased: ErasedFilter) -> list[EntryItem]:
    """Return by what `erased` recognises rows of cdp.events, in their places."""
    return [
        EntryItem(
            place,
            erased.hash_item({**row, **row["payload"]}),
            datetime.fromisoformat(row["ts"]),
            is_proven=row["proof"] != Proof.CLAIM,
        )
        for place, row in enumerate(rows)
    ]


def _list_kept_out(
    gone: Collection[int],
    valid: Sequence[Mapping[str, Any]],
    refused: Sequence[Mapping[str, Any]],
    erased: ErasedFilter,
) -> list[dict[str, Any]]:
    """Return what is left of the items that are kept out; refused ones only where their age is the fault."""
    return [
        {
            "position": row["position"],
            "event_key": erased.name_event(row["event_id"]),
            "proof": row["own_proof"] if is_refused else row["proof"],
            "is_refused": is_refused,
        }
        for place, (row, is_refused) in enumerate(
            [*((row, False) for row in valid), *((row, True) for row in refused)]
        )
        if place in gone and (not is_refused or "own_proof" in row)
    ]


@dataclass(frozen=True)
class StoredBatch:
    """How many events are new, and the places (from 0) of old ones whose event_id was known.

    With `is_unhashed` nothing is stored: somebody was erased, and nothing was hashed.
    """

    accepted: int
    known: list[int]
    is_unhashed: bool
