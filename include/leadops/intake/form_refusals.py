"""How many forms were refused on a day, and why: all that is kept of a refused form."""

from collections.abc import Mapping
from datetime import date

from leadops.db import AsyncConnection
from leadops.queries import Queries

queries = Queries(__file__)


async def add_form_refusals(connection: AsyncConnection, counts: Mapping[str, int], *, day: date) -> None:
    """Add `counts` by reason to those of `day` (UTC)."""
    await queries.run_async(
        connection, "add_refusals", day=day, reasons=list(counts.keys()), times=list(counts.values())
    )
