"""Tells at an entrance what is about somebody erased, and notes who came back of their own accord."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.db import AsyncConnection, Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="erasures")


class EntryItem(NamedTuple):
    """What wants in: its place in the call, the hashes it carries, when it happened, and its proof."""

    place: int
    hashes: list[str]
    happened_at: datetime
    is_proven: bool
    is_form: bool = False


async def read_key_checks(connection: AsyncConnection) -> list[str]:
    """Return by what the keys are recognised under which people were erased; none while nobody was."""
    return list(await queries.value_async(connection, "read_key_checks"))


async def leave_out_erased(connection: AsyncConnection, items: Sequence[EntryItem]) -> set[int]:
    """Return the places of the `items` that are to be kept out.

    A form or an event with proof that may come in is a person who came back: from its time on, events without
    proof come in too. Hold a lock on the tables that the items go to until they are stored: an erasure waits
    for it.
    """
    return set(await queries.value_async(connection, "leave_out_erased", items=_write(items)))


def leave_out_admitted(connection: Connection, items: Sequence[EntryItem]) -> set[int]:
    """As `leave_out_erased`, outside an event loop."""
    return set(queries.value(connection, "leave_out_erased", items=_write(items)))


def _write(items: Sequence[EntryItem]) -> Jsonb:
    return Jsonb([item._asdict() | {"happened_at": item.happened_at.isoformat()} for item in items])


def load_key_checks(connection: Connection) -> list[str]:
    """As `read_key_checks`, outside an event loop."""
    checks: list[Any] = queries.value(connection, "read_key_checks")
    return checks
