"""Lets a warehouse follow erasures: the rows of the leads are replaced by what PostgreSQL says now.

What an export read before the erasure may arrive after it, so this comes after the export, under its lock.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from leadops.db import Connection
from leadops.queries import Queries
from leadops.warehouse.export_progress import find_progress
from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.named_warehouse import Warehouse
from leadops.warehouse.read_marts import stage_leads

queries = Queries(__file__)


@dataclass(frozen=True)
class UnfollowedErasure:
    """An erasure that a target has not followed, or that was applied again since then."""

    erasure_id: int
    applied_at: datetime
    lead_ids: list[int]


def follow_erasures(
    connection: Connection,
    warehouse: Warehouse,
    tables: Sequence[MartTable],
    *,
    clock: Callable[[], datetime],
) -> int:
    """Replace the rows of everybody who was erased since the last time; return how many erasures; commits.

    The caller holds the target's lock, and has exported.
    """
    with connection.transaction():
        erasures = queries.all(connection, "list_unfollowed", UnfollowedErasure, target=warehouse.name)
    lead_ids = sorted({lead_id for erasure in erasures for lead_id in erasure.lead_ids})
    if not erasures:
        return 0
    for table in tables:
        if table.names_leads:
            _replace_leads(connection, warehouse, table, lead_ids=lead_ids)
    with connection.transaction():
        for erasure in erasures:
            queries.run(
                connection,
                "note_followed",
                target=warehouse.name,
                erasure_id=erasure.erasure_id,
                applied_at=erasure.applied_at,
                now=clock(),
            )
    return len(erasures)


def _replace_leads(
    connection: Connection, warehouse: Warehouse, table: MartTable, *, lead_ids: list[int]
) -> None:
    last = find_progress(connection, warehouse.name, table).sent_to
    if table.number and not last:
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        rows = stage_leads(connection, table, path, lead_ids=lead_ids, last=last)
        warehouse.target_for(table).replace_leads(table, rows, lead_ids=lead_ids, last=last)
