"""Brings stages in line with whose they are, when leads were joined or split."""

from collections.abc import Mapping
from typing import Any

from leadops.db import Connection, load_sql


def begin_regrouping(connection: Connection) -> list[int]:
    """Return the leads whose person has changed; what sales did is taken back, to be counted anew.

    A person's stages are those of all their leads (lifecycle.current_transitions): MQLs stay with the lead
    that reached them, so that a split finds them again; what follows from sales' activities is recorded with
    the person's oldest lead. Runs in the transaction of qualify_leads, which records it right after.
    """
    found = connection.execute(load_sql("leadops.lifecycle", "take_regroupings")).fetchall()
    leads = [int(lead) for (lead,) in found]
    if leads:
        _run(connection, "create_forgotten")
        connection.execute("truncate forgotten")
        _run(connection, "forget_sales", {"leads": leads})
        _run(connection, "wake_regrouped", {"leads": leads})
    return leads


def end_regrouping(connection: Connection, leads: list[int]) -> None:
    """Let what came out as before keep the time from which it was known."""
    if leads:
        _run(connection, "keep_recorded")


def _run(connection: Connection, name: str, values: Mapping[str, Any] | None = None) -> None:
    connection.execute(load_sql("leadops.lifecycle", name), values)
