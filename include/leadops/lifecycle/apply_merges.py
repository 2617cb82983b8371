"""Brings stages in line with whose they are, when leads were joined or split."""

from collections.abc import Mapping
from typing import Any

from leadops.db import Connection, load_sql
from leadops.lifecycle.person_cycles import renumber_cycles


def begin_regrouping(connection: Connection, values: dict[str, Any]) -> list[int]:
    """Return the leads whose person has changed; what sales did is taken back, to be counted anew.

    A person's stages are those of all their leads (lifecycle.current_transitions), their cycles numbered by
    time: MQLs stay with the lead that reached them, so that a split finds them again; what follows from
    sales' activities is recorded with the MQL that began the cycle. An MQL that leads reached only together
    goes when they are split. Runs in the transaction of qualify_leads, which records the rest right after.
    `values` are the contract's versions and the time.
    """
    found = connection.execute(load_sql("leadops.lifecycle", "take_regroupings")).fetchall()
    leads = [int(lead) for (lead,) in found]
    if leads:
        _run(connection, "create_forgotten")
        connection.execute("truncate forgotten")
        _run(connection, "forget_sales", {"leads": leads})
        _run(connection, "take_back_mqls", {"leads": leads})
        numbers = renumber_cycles(connection, leads, values=values)
        _run(connection, "wake_regrouped", {"leads": leads, "numbers": numbers})
    return leads


def end_regrouping(connection: Connection, leads: list[int]) -> None:
    """Let what came out as before keep the time from which it was known."""
    if leads:
        _run(connection, "keep_recorded")


def _run(connection: Connection, name: str, values: Mapping[str, Any] | None = None) -> None:
    connection.execute(load_sql("leadops.lifecycle", name), values)
