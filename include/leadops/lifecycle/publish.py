"""Publishes what lifecycle records to the rooms that subscribe, in the transaction that records it.

A new subscriber brings a `Subscription` in its own room and one line in leadops/subscribers.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection


class NewMql(NamedTuple):
    """A lead that has just become MQL; with `is_backfill` it starts no SLA clock and goes to the low lane."""

    lead_id: int
    cycle: int
    campaign: str | None
    is_backfill: bool


class WithdrawnMql(NamedTuple):
    """An MQL that was taken back, as it was recorded, because of `machine`, `split` or `internal`."""

    lead_id: int
    cycle: int
    because: str


class CycleKey(NamedTuple):
    """A cycle of a lead, or of a merged lead's person."""

    lead_id: int
    cycle: int


@dataclass(frozen=True)
class Subscription:
    """The events of lifecycle that one room handles; a handler gets (connection, events, time of the run)."""

    room: str
    #: Leads became MQL.
    on_mqls: Callable[[Connection, Sequence[NewMql], datetime], object] | None = None
    #: What sales did in these cycles has changed: lifecycle.facts.
    on_facts: Callable[[Connection, Sequence[CycleKey], datetime], object] | None = None
    #: A merge or a split changed the lead for which these cycles count.
    on_merges: Callable[[Connection, Sequence[CycleKey], datetime], object] | None = None
    #: MQLs were taken back; called last in a run, when the stages of their leads are known again.
    on_withdrawals: Callable[[Connection, Sequence[WithdrawnMql], datetime], object] | None = None
    #: These leads belong to another person, or began or ceased to count; called after on_withdrawals.
    on_people: Callable[[Connection, Sequence[int], datetime], object] | None = None


def publish_mqls(
    connection: Connection, subscribers: Sequence[Subscription], mqls: Sequence[NewMql], *, now: datetime
) -> None:
    """Call every handler of new MQLs, in the order of `subscribers`."""
    for subscription in subscribers:
        if mqls and subscription.on_mqls:
            subscription.on_mqls(connection, mqls, now)


def publish_facts(
    connection: Connection, subscribers: Sequence[Subscription], cycles: Sequence[CycleKey], *, now: datetime
) -> None:
    """Call every handler of changed facts, in the order of `subscribers`."""
    for subscription in subscribers:
        if cycles and subscription.on_facts:
            subscription.on_facts(connection, cycles, now)


def publish_merges(
    connection: Connection, subscribers: Sequence[Subscription], cycles: Sequence[CycleKey], *, now: datetime
) -> None:
    """Call every handler of merges and splits, in the order of `subscribers`."""
    for subscription in subscribers:
        if cycles and subscription.on_merges:
            subscription.on_merges(connection, cycles, now)


def publish_withdrawals(
    connection: Connection,
    subscribers: Sequence[Subscription],
    withdrawn: Sequence[WithdrawnMql],
    *,
    now: datetime,
) -> None:
    """Call every handler of MQLs that were taken back, in the order of `subscribers`."""
    for subscription in subscribers:
        if withdrawn and subscription.on_withdrawals:
            subscription.on_withdrawals(connection, withdrawn, now)


def publish_people(
    connection: Connection, subscribers: Sequence[Subscription], leads: Sequence[int], *, now: datetime
) -> None:
    """Call every handler of leads that belong to another person, or began or ceased to count, in order."""
    for subscription in subscribers:
        if leads and subscription.on_people:
            subscription.on_people(connection, leads, now)
