"""How many calls with events were refused whole in five minutes, and why: all that is kept of them."""

from collections.abc import Mapping
from datetime import datetime

from leadops.db import AsyncConnection
from leadops.queries import Queries

queries = Queries(__file__)


async def add_refused_calls(connection: AsyncConnection, counts: Mapping[str, int], *, now: datetime) -> None:
    """Add `counts` by reason to those of the five minutes that contain `now`."""
    await queries.run_async(
        connection, "add_refused_calls", now=now, reasons=list(counts.keys()), times=list(counts.values())
    )
