"""Brings stages in line with whose they are, after leads were merged or split."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.lifecycle.person_cycles import renumber_cycles
from leadops.lifecycle.publish import CycleKey, Subscription, WithdrawnMql, publish_merges
from leadops.lifecycle.rule_spans import RuleSpan
from leadops.lifecycle.sales_facts import write_rows
from leadops.queries import Queries

queries = Queries(__file__, topic="person_cycles")


class MergedLeads(NamedTuple):
    """Leads whose person has changed, and their MQLs that were taken back."""

    leads: list[int]
    withdrawn: list[WithdrawnMql]


def begin_merges(
    connection: Connection, *, spans: Sequence[RuleSpan], subscribers: Sequence[Subscription], now: datetime
) -> MergedLeads:
    """Remove the stages of sales from leads whose person has changed; return these leads.

    A person has the stages of all their leads (lifecycle.current_transitions), in cycles numbered by time.
    MQLs stay with the lead that reached them, so that a split finds them again; stages of sales are recorded
    with the MQL that began the cycle. An MQL that leads reached only together is removed by a split, and that
    of a lead that counts for nothing as soon as this is known, unless sales worked on it. Runs in the
    transaction of qualify_leads, which derives the rest right after, by the rules of `spans`.
    """
    leads: list[int] = queries.values(connection, "take_merge_changes")
    split: list[CycleKey] = []
    internal: list[CycleKey] = []
    if leads:
        queries.run(connection, "create_forgotten")
        queries.run(connection, "clear_forgotten")
        queries.run(connection, "forget_sales", leads=leads)
        split = queries.all(connection, "remove_merged_mqls", CycleKey, leads=leads)
        internal = queries.all(connection, "remove_uncounted_mqls", CycleKey, leads=leads)
        numbers = renumber_cycles(connection, leads, versions=write_rows(spans), now=now)
        numbers = sorted({*numbers, *(mql.cycle for mql in internal)})
        cycles = list_merged_cycles(connection, leads, numbers=numbers)
        publish_merges(connection, subscribers, cycles, now=now)
    withdrawn = [WithdrawnMql(*mql, because="split") for mql in split]
    withdrawn += [WithdrawnMql(*mql, because="internal") for mql in internal]
    return MergedLeads(leads, withdrawn)


def list_merged_cycles(
    connection: Connection, leads: Sequence[int], *, numbers: Sequence[int]
) -> list[CycleKey]:
    """Return each cycle that may count for another of `leads` now; `numbers` are the persons' cycles."""
    return queries.all(connection, "list_merged_cycles", CycleKey, leads=list(leads), numbers=list(numbers))


def end_merges(connection: Connection, leads: Sequence[int]) -> None:
    """Give stages with the same result as before the time from which they were known."""
    if leads:
        queries.run(connection, "keep_recorded")
