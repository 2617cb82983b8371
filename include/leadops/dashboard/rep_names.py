"""What the CRM calls its salespeople."""

from collections.abc import Iterable
from dataclasses import dataclass

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="names")


@dataclass(frozen=True)
class RepName:
    """A salesperson's name in the CRM."""

    rep_id: str
    name: str


def read_rep_names(connection: Connection, rep_ids: Iterable[str | None]) -> dict[str, str]:
    """Return the names of those of `rep_ids` that the CRM has named."""
    wanted = sorted({rep_id for rep_id in rep_ids if rep_id is not None})
    rows = queries.all(connection, "list_names", RepName, rep_ids=wanted) if wanted else []
    return {row.rep_id: row.name for row in rows}
