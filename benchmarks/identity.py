"""Whose are a million events, a tenth of them with a new browser; what a long history adds to the cost."""

import time
from datetime import UTC, datetime
from typing import Any

from benchmarks.arena import open_arena
from benchmarks.figures import Figure, Measured
from benchmarks.settle import settle
from benchmarks.statements import read_statement
from leadops.configuration import Config
from leadops.db import Connection
from leadops.identity.resolve import resolve_events


def measure_identity(*, quick: bool) -> Measured:
    """Resolve one batch on an almost empty database, and the like of it after a long history."""
    events, leads, history = (20_000, 2_000, 60_000) if quick else (1_000_000, 100_000, 5_000_000)
    with open_arena() as arena, arena.connect() as connection:
        fill_leads(connection, first=1, leads=leads)
        fill_events(connection, batch="one", events=events, leads=leads)
        fresh, first = _time(connection)
        fill_leads(connection, first=leads + 1, leads=max(1, history // 10))
        fill_history(connection, events=history, leads=leads)
        fill_events(connection, batch="two", events=events, leads=leads)
        long, second = _time(connection)
    if (first["events"], second["events"]) != (events, events) or not second["joined"]:
        raise RuntimeError(f"{first} and then {second} of {events} events")
    return Measured(
        figures=[
            Figure(
                "events resolved a second, a tenth with a new browser",
                events / fresh,
                "1/s",
                "at least",
                50_000,
            ),
            Figure("the same after a long history", events / long, "1/s"),
            Figure("cost with the history / without", long / fresh, ""),
            Figure("events", events, ""),
            Figure("events in the history", history, ""),
            Figure("leads joined in the second batch", second["joined"], ""),
        ],
        remarks=["The history: events resolved before, leads and their identifiers, and events of nobody."],
    )


def fill_leads(connection: Connection, *, first: int, leads: int) -> None:
    """Put `leads` known leads, numbered from `first`, with a user id and a browser each, into the tables."""
    values = {"first": first, "last": first + leads - 1, "now": datetime.now(UTC)}
    with connection.transaction():
        connection.execute(read_statement("fill_identity_leads"), values)


def fill_events(connection: Connection, *, batch: str, events: int, leads: int) -> None:
    """Put waiting events of the first `leads` leads into the inbox, a tenth of them with a new browser.

    One in 1,000 shows a user id with a second email, which joins two leads; two show it with the first.
    """
    values = {"batch": batch, "events": events, "leads": leads, "now": datetime.now(UTC)}
    with connection.transaction():
        connection.execute("select setseed(hashtext(%s) / 2147483648.0)", [batch])
        connection.execute(read_statement("fill_identity_events"), values)
    settle(connection)


def fill_history(connection: Connection, *, events: int, leads: int) -> None:
    """Put `events` events that were resolved before into the tables, and a tenth as many of nobody."""
    with connection.transaction():
        values = {"events": events, "leads": leads, "now": datetime.now(UTC)}
        connection.execute(read_statement("fill_identity_history"), values)
    settle(connection)


def resolve_all(connection: Connection) -> dict[str, int]:
    """Resolve what waits; return how many events that were and how many joins it made."""
    settings = Config().identity
    events = joined = 0
    while True:
        done = resolve_events(connection, now=datetime.now(UTC), settings=settings)
        events, joined = events + done.events, joined + done.merges
        if not done.remaining:
            return {"events": events, "joined": joined}


def _time(connection: Connection) -> tuple[float, dict[str, Any]]:
    started = time.perf_counter()
    done = resolve_all(connection)
    return time.perf_counter() - started, done
