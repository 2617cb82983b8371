"""Refused items are judged again or repaired, and let in, each at most once."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from leadops.db import Connection, load_sql
from leadops.errors import PermanentError
from leadops.events.change import change_item
from leadops.events.contract import Event
from leadops.events.event_settings import EventSettings
from leadops.events.judge import judge_item
from leadops.events.refusal import Refusal
from leadops.events.store import row_of

#: Items that one transaction of a retry holds.
CHUNK = 500


@dataclass(frozen=True)
class Retried:
    """What a retry did: let in as new, known already by event_id, refused again."""

    admitted: int = 0
    duplicates: int = 0
    refused: int = 0


def retry_quarantined(
    connection: Connection,
    *,
    now: datetime,
    settings: EventSettings,
    ids: Sequence[int] | None = None,
    reason: str | None = None,
    history: bool = False,
) -> Retried:
    """Judge waiting items again (all, of a `reason`, of `ids`) and let in what is valid now, each once.

    Age is counted up to the day an item first came; `history` lifts that limit. What is let in is history
    where it came as such, with `history`, or where it is too old by now. What another retry holds at the
    same time is left to it. One transaction for each 500 items.
    """
    total, after = Retried(), 0
    while True:
        with connection.transaction():
            held = connection.execute(
                load_sql("leadops.events", "claim_quarantined"),
                {"after": after, "ids": list(ids) if ids else None, "reason": reason, "most": CHUNK},
            ).fetchall()
            if not held:
                return total
            done = _admit(connection, held, now=now, settings=settings, history=history)
        after = held[-1][0]
        total = Retried(
            total.admitted + done.admitted,
            total.duplicates + done.duplicates,
            total.refused + done.refused,
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
) -> Retried:
    """Change a waiting item (`changes`: dotted path and value; `removals`: dotted paths) and let it in.

    The body as it came stays on record beside the repaired one. Raises PermanentError, and changes nothing,
    where there is no such waiting item, a path leads nowhere, or the result is still no valid event.
    """
    with connection.transaction():
        held = connection.execute(
            load_sql("leadops.events", "claim_quarantined"),
            {"after": 0, "ids": [quarantine_id], "reason": None, "most": 1},
        ).fetchone()
        if not held:
            raise PermanentError(f"no item {quarantine_id} waits; see `leadops quarantine list`")
        item = change_item(json.loads(held[2]), changes, removals)
        past = history or held[3]
        verdict = judge_item(
            item, now=now, arrived_at=held[1], settings=settings, history=past, user_agent=held[4]
        )
        if isinstance(verdict, Refusal):
            raise PermanentError(f"still refused ({verdict.reason}): {verdict.detail}")
        row = row_of(verdict, item, position=0, history=past or _is_old(verdict, now, settings))
        return _insert(connection, [(quarantine_id, row, json.dumps(item))], now=now)


def _admit(
    connection: Connection,
    held: list[tuple[Any, ...]],
    *,
    now: datetime,
    settings: EventSettings,
    history: bool,
) -> Retried:
    valid: list[tuple[int, dict[str, Any], str | None]] = []
    refused: list[dict[str, Any]] = []
    for quarantine_id, received_at, body, is_history, user_agent in held:
        item = json.loads(body)
        past = history or is_history
        verdict = judge_item(
            item, now=now, arrived_at=received_at, settings=settings, history=past, user_agent=user_agent
        )
        if isinstance(verdict, Event):
            past = past or _is_old(verdict, now, settings)
            valid.append((quarantine_id, row_of(verdict, item, position=len(valid), history=past), None))
        else:
            refused.append(
                {"quarantine_id": quarantine_id, "reason": verdict.reason, "detail": verdict.detail}
            )
    with connection.cursor() as cursor:
        cursor.executemany(load_sql("leadops.events", "explain_quarantined"), refused)
    return replace(_insert(connection, valid, now=now), refused=len(refused))


def _is_old(event: Event, now: datetime, settings: EventSettings) -> bool:
    """Whether the event would be too old if it came only now: nobody is to be hurried because of it."""
    return event.ts < now - settings.max_age


def _insert(
    connection: Connection, valid: list[tuple[int, dict[str, Any], str | None]], *, now: datetime
) -> Retried:
    counted = connection.execute(
        load_sql("leadops.events", "insert_events"),
        {
            "events": json.dumps([row for _, row, _ in valid]),
            "refused": "[]",
            "now": now,
            "history": False,
            "was_refused": True,
            "user_agent": None,
        },
    ).fetchone()
    with connection.cursor() as cursor:
        cursor.executemany(
            load_sql("leadops.events", "admit_quarantined"),
            [
                {"quarantine_id": quarantine_id, "admitted_body": repaired, "now": now}
                for quarantine_id, _, repaired in valid
            ],
        )
    admitted = int(counted[0]) if counted else 0
    return Retried(admitted=admitted, duplicates=len(valid) - admitted)
