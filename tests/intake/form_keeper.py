"""Sends bodies through the whole of intake, as the gateway does, and says what became of them."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from leadops.erased.erased_filter import ErasedFilter
from leadops.events.event_settings import EventSettings
from leadops.intake.read_form import read_form
from leadops.intake.take_form import TakenForm, take_form
from tests.shipped import SHIPPED

KEY = b"k" * 16


@dataclass(frozen=True)
class Kept:
    submission_id: str
    reason: str | None
    is_new: bool


def keep_body(
    url: str,
    body: bytes | dict[str, Any],
    *,
    now: datetime,
    events: EventSettings = SHIPPED.events,
    erased: ErasedFilter | None = None,
) -> Kept:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    form = read_form(raw, hash_key=KEY, sent_at=now, now=now, settings=events)

    async def run() -> TakenForm:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            return await take_form(
                connection,
                form,
                body=raw,
                secret=1,
                signed_at=now,
                hash_key=KEY,
                forms=events.forms,
                identity=SHIPPED.identity,
                now=now,
                erased=erased,
            )

    taken = asyncio.run(run())
    return Kept(form.submission_id, taken.refusal.reason if taken.refusal else None, taken.is_new)
