"""Takes back MQLs that stood on acts of machines, as a wrong merge takes them back."""

from collections.abc import Sequence
from datetime import datetime

from leadops.db import Connection
from leadops.lifecycle.follow_merges import list_merged_cycles
from leadops.lifecycle.ledger_cursor import LedgerCursor, find_horizon
from leadops.lifecycle.person_cycles import renumber_cycles
from leadops.lifecycle.publish import CycleKey, Subscription, WithdrawnMql, publish_merges
from leadops.lifecycle.rule_spans import RuleSpan
from leadops.lifecycle.sales_facts import write_rows
from leadops.queries import Queries

queries = Queries(__file__, topic="person_cycles")


def withdraw_mqls(
    connection: Connection,
    *,
    cursor: LedgerCursor,
    spans: Sequence[RuleSpan],
    subscribers: Sequence[Subscription],
    now: datetime,
) -> list[WithdrawnMql]:
    """Remove the MQLs that no longer pass their thresholds, by corrections in the ledger behind `cursor`.

    Only corrections of acts that are a machine's count, and only MQLs that sales have not touched go. Their
    place in routing and their clocks go with them. Returns the cycles as they were recorded. Runs in the
    transaction of qualify_leads; `now` is UTC.
    """
    withdrawn = queries.all(
        connection,
        "withdraw_mqls",
        CycleKey,
        from_seq=cursor.ledger_seq,
        to_seq=find_horizon(connection),
    )
    if withdrawn:
        leads = sorted({cycle.lead_id for cycle in withdrawn})
        numbers = renumber_cycles(connection, leads, versions=write_rows(spans), now=now)
        cycles = list_merged_cycles(connection, leads, numbers=numbers)
        publish_merges(connection, subscribers, sorted({*withdrawn, *cycles}), now=now)
    return [WithdrawnMql(*cycle, because="machine") for cycle in withdrawn]
