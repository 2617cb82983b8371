"""One lead in the CRM for a person and cycle, whoever wants it first: a form or the points."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from leadops.delivery.outbox import enqueue_effect

After = Callable[[float], datetime]


def want(company: Any, lead: int, at: datetime, *, cycle: int = 1) -> None:
    """A form wants the lead in the CRM, as leadops.intake does."""
    enqueue_effect(
        company.connection,
        target="crm",
        operation="create_lead",
        payload={},
        idempotency_key=f"crm-lead-{lead}-{cycle}",
        lead_id=lead,
        now=at,
    )


def creations(company: Any, lead: int) -> list[str]:
    return [row[0] for row in company.wanted(lead) if row[2] == "create_lead"]


def known_since(company: Any, at: datetime) -> None:
    company.connection.execute("update delivery.external_ids set learned_at = %s", [at])


@pytest.mark.parametrize("state", ["pending", "sending", "done"])
def test_an_mql_that_a_form_brought_makes_no_second_lead(company: Any, after: After, state: str) -> None:
    lead = company.lead()
    want(company, lead, after(0))
    company.connection.execute("update delivery.outbox set state = %s", [state])
    company.points(lead, after(1), fit=30, behaviour=50)
    assert company.qualify(after(2)).mql == 1
    assert creations(company, lead) == [f"crm-lead-{lead}-1"]


@pytest.mark.parametrize("state", ["dead", "dropped"])
def test_a_wish_that_came_to_nothing_does_not_stand_in_the_way(
    company: Any, after: After, state: str
) -> None:
    lead = company.lead()
    want(company, lead, after(0))
    company.connection.execute(
        "update delivery.outbox set state = %s, idempotency_key = 'an earlier one'", [state]
    )
    company.points(lead, after(1), fit=30, behaviour=50)
    company.qualify(after(2))
    assert creations(company, lead) == ["an earlier one", f"crm-lead-{lead}-1"]


def test_what_sales_did_with_the_form_counts_from_the_mql_on(company: Any, after: After) -> None:
    lead = company.lead()
    want(company, lead, after(0))
    company.crm_id(lead, "L-1")
    company.activity("taken", "L-1", "status", after(1), status="taken")
    company.activity("called", "L-1", "call", after(2))
    assert company.qualify(after(3)).sal == 0
    company.points(lead, after(4), fit=30, behaviour=50)
    found = company.qualify(after(5))
    assert (found.mql, found.sal) == (1, 1)
    assert company.qualify(after(6)).sal == 0
    assert company.stages(lead) == {"mql": after(5), "sal": after(5)}


def test_a_call_of_last_week_is_no_contact_but_taken_stays_taken(company: Any, after: After) -> None:
    lead, week = company.lead(), -7 * 24 * 60
    want(company, lead, after(week))
    company.crm_id(lead, "L-1")
    company.activity("taken", "L-1", "status", after(week + 1), status="taken")
    company.activity("called", "L-1", "call", after(week + 2))
    company.points(lead, after(0), fit=30, behaviour=50)
    company.qualify(after(1))
    assert company.qualify(after(2)).sal == 0
    company.activity("called again", "L-1", "call", after(3))
    assert company.qualify(after(4)).sal == 1
    assert company.stages(lead)["sal"] == after(3)


def test_after_an_end_the_next_cycle_has_a_lead_of_its_own_once(company: Any, after: After) -> None:
    lead = company.mql(after(0))
    known_since(company, after(0))
    company.activity("a", "L-1", "status", after(10), status="lost")
    assert company.qualify(after(11)).lost == 1
    want(company, lead, after(12), cycle=2)
    company.points(lead, after(13), behaviour=30)
    assert company.qualify(after(14)).mql == 1
    assert creations(company, lead) == [f"crm-lead-{lead}-1", f"crm-lead-{lead}-2"]
