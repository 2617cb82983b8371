"""Links leads with the CRM: requests and withdraws leads there, and learns the CRM's ids."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from leadops.crm.lead_requests import (
    LeadRequest,
    WithdrawnLead,
    hold_crm_leads,
    request_leads,
    restore_leads,
    withdraw_leads,
)
from leadops.crm.store_activities import draw_former_prefix, set_aside_mirror
from leadops.db import Connection
from leadops.identity.import_leads import rename_crm_ids
from leadops.lanes import Lane
from leadops.lifecycle.publish import CycleKey, NewMql, Subscription, WithdrawnMql
from leadops.queries import Queries

queries = Queries(__file__)


class LinkedLead(NamedTuple):
    """A lead, by its id in the CRM."""

    crm_lead_id: str
    lead_id: int


class SalesLead(NamedTuple):
    """A lead that sales should have in the CRM, for one of its cycles; `lane` is that of the calls."""

    lead_id: int
    cycle: int
    campaign: str | None
    lane: Lane


def request_crm_leads(connection: Connection, mqls: Sequence[NewMql], now: datetime) -> None:
    """Request a lead in the CRM for each MQL that a form has not brought there, and await its id.

    What was withdrawn there before is given back to sales.
    """
    lanes = [Lane.BACKFILL if mql.is_backfill else Lane.LIVE for mql in mqls]
    wanted = [
        SalesLead(mql.lead_id, mql.cycle, mql.campaign, lane) for mql, lane in zip(mqls, lanes, strict=True)
    ]
    _request_or_restore(connection, wanted, now)
    queries.run(
        connection,
        "await_mqls",
        lead_ids=[mql.lead_id for mql in mqls],
        cycles=[mql.cycle for mql in mqls],
    )


def await_merged(connection: Connection, cycles: Sequence[CycleKey], _: datetime) -> None:
    """Look for the CRM's ids of merged or split leads again."""
    queries.run(connection, "await_merged", lead_ids=sorted({cycle.lead_id for cycle in cycles}))


def withdraw_crm_leads(connection: Connection, withdrawn: Sequence[WithdrawnMql], now: datetime) -> None:
    """Take the leads of MQLs that were taken back from sales in the CRM, unless their person is MQL again."""
    _withdraw(connection, [mql.lead_id for mql in withdrawn], [mql.because for mql in withdrawn], now)


def follow_internal(connection: Connection, leads: Sequence[int], now: datetime) -> None:
    """Take those of `leads` from sales that a form brought to the CRM and that are our own people's by now.

    Leads that sales worked on stay. Of whoever counts again, and filled in a form before, sales have a lead
    again: it is given back, or requested where the form did not request it.
    """
    internal: list[int] = queries.values(connection, "list_idle_internal", leads=list(leads))
    if internal:
        _withdraw(connection, internal, ["internal"] * len(internal), now)
    wanted = queries.all(connection, "list_counted_again", SalesLead, leads=list(leads), lane=Lane.BACKFILL)
    if wanted:
        _hold_people(connection, [lead.lead_id for lead in wanted])
        _request_or_restore(connection, wanted, now)


def link_awaited(connection: Connection, *, now: datetime) -> list[int]:
    """Link leads whose CRM id has become known; return the leads whose activities must be read."""
    return queries.values(connection, "link_awaited", now=now)


def find_linked_leads(connection: Connection, crm_ids: Collection[str]) -> dict[str, int]:
    """Return the lead_id of each of `crm_ids` that belongs to a known lead."""
    links = queries.all(connection, "find_linked", LinkedLead, crm_ids=sorted(set(crm_ids)))
    return {link.crm_lead_id: link.lead_id for link in links}


def link_leads(connection: Connection, leads: Sequence[tuple[int, str]], *, now: datetime) -> None:
    """Count the CRM's activities of each (lead_id, CRM id) as the lead's; a known link stays."""
    queries.run(
        connection,
        "link_leads",
        lead_ids=[lead_id for lead_id, _ in leads],
        crm_ids=[crm_id for _, crm_id in leads],
        now=now,
    )


def set_aside_crm(connection: Connection) -> int:
    """Give all that the CRM said ids that no CRM gives: in another account the same ids are other people's.

    What salespeople did there still counts, and the feed is read from its beginning. In the caller's
    transaction; returns how many activities it is.
    """
    prefix = draw_former_prefix(connection)
    activities = set_aside_mirror(connection, prefix=prefix)
    queries.run(connection, "rename_links", prefix=prefix)
    rename_crm_ids(connection, prefix=prefix)
    return activities


def _request_or_restore(connection: Connection, wanted: Sequence[SalesLead], now: datetime) -> None:
    requests = queries.all(
        connection,
        "list_requests",
        LeadRequest,
        lead_ids=[lead.lead_id for lead in wanted],
        cycles=[lead.cycle for lead in wanted],
        campaigns=[lead.campaign for lead in wanted],
        lanes=[lead.lane for lead in wanted],
    )
    request_leads(connection, requests, now=now)
    for lane in Lane:
        known = [lead.lead_id for lead in wanted if lead.lane == lane]
        if known:
            restore_leads(connection, known, lane=lane, now=now)


def _withdraw(connection: Connection, leads: Sequence[int], because: Sequence[str], now: datetime) -> None:
    """Take `leads` from sales, each for its reason in `because`, unless their person is MQL all the same."""
    _hold_people(connection, leads)
    withdrawn = queries.all(
        connection, "list_withdrawn", WithdrawnLead, leads=list(leads), because=list(because)
    )
    if withdrawn:
        withdraw_leads(connection, withdrawn, now=now)
        queries.run(connection, "forget_awaited", leads=[lead.lead_id for lead in withdrawn])


def _hold_people(connection: Connection, leads: Sequence[int]) -> None:
    """Let no form ask for the leads of these people until the transaction ends."""
    hold_crm_leads(connection, queries.values(connection, "list_members", leads=list(leads)))


SUBSCRIPTION = Subscription(
    "crm",
    on_mqls=request_crm_leads,
    on_merges=await_merged,
    on_withdrawals=withdraw_crm_leads,
    on_people=follow_internal,
)
