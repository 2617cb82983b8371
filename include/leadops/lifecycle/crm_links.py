"""Links leads with the CRM: requests and withdraws leads there by their MQLs, and learns the CRM's ids."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from leadops.crm.request_lead import LeadRequest, request_leads
from leadops.crm.withdraw_leads import WithdrawnLead, hold_crm_leads, restore_leads, withdraw_leads
from leadops.db import Connection
from leadops.lanes import Lane
from leadops.lifecycle.publish import CycleKey, NewMql, Subscription, WithdrawnMql
from leadops.queries import Queries

queries = Queries(__file__)


class LinkedLead(NamedTuple):
    """A lead, by its id in the CRM."""

    crm_lead_id: str
    lead_id: int


def request_crm_leads(connection: Connection, mqls: Sequence[NewMql], now: datetime) -> None:
    """Request a lead in the CRM for each MQL that a form has not brought there, and await its id.

    What was withdrawn there before is given back to sales.
    """
    lead_ids, cycles = [mql.lead_id for mql in mqls], [mql.cycle for mql in mqls]
    requests = queries.all(
        connection,
        "list_requests",
        LeadRequest,
        lead_ids=lead_ids,
        cycles=cycles,
        campaigns=[mql.campaign for mql in mqls],
        lanes=[Lane.BACKFILL if mql.is_backfill else Lane.LIVE for mql in mqls],
    )
    request_leads(connection, requests, now=now)
    for lane in Lane:
        known = [mql.lead_id for mql in mqls if mql.is_backfill == (lane is Lane.BACKFILL)]
        if known:
            restore_leads(connection, known, lane=lane, now=now)
    queries.run(connection, "await_mqls", lead_ids=lead_ids, cycles=cycles)


def await_merged(connection: Connection, cycles: Sequence[CycleKey], _: datetime) -> None:
    """Look for the CRM's ids of merged or split leads again."""
    queries.run(connection, "await_merged", lead_ids=sorted({cycle.lead_id for cycle in cycles}))


def withdraw_crm_leads(connection: Connection, withdrawn: Sequence[WithdrawnMql], now: datetime) -> None:
    """Take the leads of MQLs that were taken back from sales in the CRM, unless their person is MQL again."""
    values = {"leads": [mql.lead_id for mql in withdrawn], "because": [mql.because for mql in withdrawn]}
    hold_crm_leads(connection, queries.values(connection, "list_members", leads=values["leads"]))
    leads = queries.all(connection, "list_withdrawn", WithdrawnLead, **values)
    if leads:
        withdraw_leads(connection, leads, now=now)
        queries.run(connection, "forget_awaited", leads=[lead.lead_id for lead in leads])


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


SUBSCRIPTION = Subscription(
    "crm", on_mqls=request_crm_leads, on_merges=await_merged, on_withdrawals=withdraw_crm_leads
)
