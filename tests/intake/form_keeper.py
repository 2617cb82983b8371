"""Sends bodies through the whole of intake, as the gateway does, and says what became of them."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from leadops.events.event_refusal import EventRefusal
from leadops.intake.form_quarantine import quarantine_form
from leadops.intake.keep_form import keep_form
from leadops.intake.read_form import read_form
from tests.shipped import SHIPPED

KEY = b"k" * 16


@dataclass(frozen=True)
class Kept:
    submission_id: str
    reason: str | None
    is_new: bool


def keep_body(url: str, body: bytes | dict[str, Any], *, now: datetime) -> Kept:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    form = read_form(raw, hash_key=KEY, sent_at=now, now=now, settings=SHIPPED.events)
    verdict = form.verdict

    async def run() -> bool:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            common: dict[str, Any] = {
                "submission_id": form.submission_id,
                "body": raw,
                "secret": 1,
                "now": now,
            }
            if isinstance(verdict, EventRefusal):
                return await quarantine_form(connection, verdict, signed_at=now, **common)
            return await keep_form(connection, verdict, hash_key=KEY, identity=SHIPPED.identity, **common)

    reason = verdict.reason if isinstance(verdict, EventRefusal) else None
    return Kept(form.submission_id, reason, asyncio.run(run()))
