"""Leads that the CRM shall have, and by which id it knows them."""

from typing import Any

import pytest

from leadops.lifecycle.crm_links import (
    await_merged,
    find_linked_leads,
    link_awaited,
    link_leads,
    request_crm_leads,
)
from leadops.lifecycle.publish import CycleKey, NewMql
from tests.lifecycle.conftest import START, Company

pytestmark = pytest.mark.uncommitted


def unlinked(company: Company) -> list[tuple[Any, ...]]:
    return company.connection.execute(
        "select lead_id, cycle from lifecycle.unlinked order by 1, 2"
    ).fetchall()


def links(company: Company) -> dict[str, int]:
    return dict(company.connection.execute("select crm_lead_id, lead_id from lifecycle.links").fetchall())


def request(company: Company, lead: int, *, cycle: int = 1, **changes: Any) -> None:
    mql = NewMql(lead, cycle, **({"campaign": None, "is_backfill": False} | changes))
    request_crm_leads(company.connection, [mql], START)


@pytest.mark.parametrize(
    ("changes", "source", "lane"),
    [
        ({"campaign": "summer"}, "summer", 0),
        ({}, "leadops", 0),
        ({"is_backfill": True}, "leadops", 1),
    ],
)
def test_a_lead_is_requested_with_its_campaign_in_its_lane(
    company: Company, changes: dict[str, Any], source: str, lane: int
) -> None:
    lead = company.lead("taro@acme.example")
    request(company, lead, **changes)
    ((key, target, operation, found_lane, payload),) = company.wanted(lead)
    assert (key, target, operation, found_lane) == (f"crm-lead-{lead}-1", "crm", "create_lead", lane)
    assert (payload["email"], payload["company"], payload["source"]) == (
        "taro@acme.example",
        "acme.example",
        source,
    )
    assert payload["idempotency_key"].endswith(f"-crm-lead-{lead}-1")
    assert unlinked(company) == [(lead, 1)]


def test_a_known_company_comes_before_the_domain(company: Company) -> None:
    lead = company.lead()
    company.connection.execute(
        "insert into identity.traits values (%s, 'company', '\"Acme\"', %s, 'e')", [lead, START]
    )
    request(company, lead)
    assert company.wanted(lead)[0][4]["company"] == "Acme"


def test_a_lead_that_a_form_brought_or_that_has_no_address_is_only_awaited(company: Company) -> None:
    lead = company.lead()
    company.crm_id(lead, "L-1")
    request(company, lead)
    assert company.wanted(lead) == []
    silent = company.lead("later@example.com")
    company.connection.execute("update identity.leads set email = null where lead_id = %s", [silent])
    request(company, silent)
    assert company.wanted(silent) == []
    assert unlinked(company) == [(lead, 1), (silent, 1)]


def test_it_is_awaited_until_the_id_is_known_and_nothing_is_under_way(company: Company) -> None:
    lead = company.lead()
    request(company, lead)
    assert link_awaited(company.connection, now=START) == []
    assert unlinked(company) == [(lead, 1)]
    company.connection.execute(
        "insert into delivery.external_ids values ('crm', %s, 'L-1', %s)", [lead, START]
    )
    assert link_awaited(company.connection, now=START) == [lead]
    assert (links(company), unlinked(company)) == ({"L-1": lead}, [(lead, 1)]), "its creation is still open"
    company.connection.execute("update delivery.outbox set state = 'done'")
    assert link_awaited(company.connection, now=START) == [lead]
    assert unlinked(company) == []


@pytest.mark.parametrize(("state", "rest"), [("dropped", 0), ("dead", 1)])
def test_a_dropped_request_is_awaited_no_longer_and_a_dead_letter_is(
    company: Company, state: str, rest: int
) -> None:
    lead = company.lead()
    request(company, lead)
    company.connection.execute("update delivery.outbox set state = %s", [state])
    link_awaited(company.connection, now=START)
    assert len(unlinked(company)) == rest


def test_a_link_stays_and_an_id_of_two_leads_is_the_olders(company: Company) -> None:
    older, younger = company.lead("a@example.com"), company.lead("b@example.com")
    link_leads(company.connection, [(younger, "L-1"), (older, "L-1"), (younger, "L-2")], now=START)
    assert links(company) == {"L-1": older, "L-2": younger}
    link_leads(company.connection, [(older, "L-2")], now=START)
    assert links(company)["L-2"] == younger


def test_activities_that_came_before_their_lead_are_read_again(company: Company) -> None:
    lead = company.lead()
    company.activity("a1", "L-1", "call", START)
    company.activity("a2", "L-9", "call", START)
    company.connection.execute("delete from lifecycle.inbox")
    link_leads(company.connection, [(lead, "L-1")], now=START)
    rows = company.connection.execute("select activity_id from lifecycle.inbox").fetchall()
    assert rows == [("a1",)]


def test_a_lead_is_found_by_its_link_else_by_what_the_crm_has_just_answered(company: Company) -> None:
    first, second = company.lead("a@example.com"), company.lead("b@example.com")
    link_leads(company.connection, [(first, "L-1")], now=START)
    company.crm_id(second, "L-1")
    assert find_linked_leads(company.connection, ["L-1", "L-1", "L-3"]) == {"L-1": first}
    company.crm_id(second, "L-2")
    assert find_linked_leads(company.connection, ["L-2", "L-1"]) == {"L-1": first, "L-2": second}
    assert find_linked_leads(company.connection, []) == {}


def test_a_merge_awaits_the_newest_cycle_again(database_url: str, company: Company) -> None:
    lead, other = company.mql(email="a@example.com"), company.mql(email="b@example.com", crm_id="L-2")
    company.connection.execute(
        "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
        " kpi_version) values (%s, 2, 'mql', %s, %s, '{}', 'v')",
        [lead, START, START],
    )
    company.connection.execute("delete from lifecycle.unlinked")
    await_merged(company.connection, [CycleKey(lead, 1), CycleKey(lead, 2)], START)
    assert unlinked(company) == [(lead, 2)]
    assert (other, 1) not in unlinked(company)


@pytest.mark.parametrize(
    ("effect", "is_awaited"),
    [
        ({}, True),
        ({"state": "sending"}, True),
        ({"state": "done"}, False),
        ({"state": "dead"}, False),
        ({"target": "bot"}, False),
        ({"operation": "set_owner"}, False),
        ({"lead_id": 99}, False),
    ],
)
def test_only_the_creation_of_the_lead_in_the_crm_keeps_its_cycle_awaited(
    company: Company, effect: dict[str, Any], is_awaited: bool
) -> None:
    lead = company.lead()
    company.connection.execute("insert into lifecycle.unlinked values (%s, 2)", [lead])
    company.connection.execute(
        "insert into delivery.external_ids values ('crm', %s, 'L-1', %s)", [lead, START]
    )
    row = {"target": "crm", "operation": "create_lead", "lead_id": lead, "state": "pending"} | effect
    company.connection.execute(
        "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at,"
        " state) values (%(target)s, %(operation)s, %(lead_id)s, '{}', 'another', %(now)s, %(state)s)",
        row | {"now": START},
    )
    link_awaited(company.connection, now=START)
    assert links(company) == {"L-1": lead}
    assert unlinked(company) == ([(lead, 2)] if is_awaited else [])
