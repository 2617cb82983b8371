"""Every lead of a person that the CRM knows, or is about to, has the person's owner there."""

import pytest

from leadops.delivery.outbox import enqueue_effect
from tests.routing.conftest import Office
from tests.routing.test_move_places import group, past

JOINED, SPLIT = {1: 1, 2: 1, 3: 3}, {1: 1, 2: 2, 3: 3}


@pytest.fixture(autouse=True)
def rep(office: Office) -> None:
    office.rep("a")


def known(office: Office, lead: int) -> None:
    """Let the CRM know the lead."""
    office.connection.execute(
        "insert into delivery.external_ids (target, lead_id, external_id, learned_at)"
        " values ('crm', %s, %s, %s)",
        [lead, f"L-{lead}", office.at(0)],
    )


def owners(office: Office) -> dict[int, str]:
    """Whom the CRM is told last, of each lead."""
    return dict(
        office.rows(
            "select lead_id, payload ->> 'owner_id' from delivery.outbox"
            " where operation = 'set_owner' order by outbox_id"
        )
    )


def assign_both(office: Office) -> None:
    """Lead 1 is a's, lead 2 is b's."""
    office.mql(1)
    office.assign(0)
    office.rep("b")
    office.mql(2, 1)
    office.assign(1)
    assert owners(office) == {1: "a", 2: "b"}


@pytest.mark.parametrize(("mql", "other"), [(2, 1), (1, 2)])
def test_a_lead_in_the_crm_by_a_form_gets_the_owner(office: Office, mql: int, other: int) -> None:
    known(office, 1)
    known(office, 2)
    office.mql(mql)
    office.assign(1)
    assert owners(office) == {mql: "a"}
    group(office, JOINED)
    office.assign(10)
    assert owners(office) == {mql: "a", other: "a"}


def test_moving_on_is_told_of_each(office: Office) -> None:
    known(office, 1)
    known(office, 2)
    office.mql(1)
    office.assign(0)
    group(office, JOINED)
    office.assign(10)
    office.rep("b")
    office.wake(1)
    office.assign(60)
    office.assign(300)
    assert office.owner(1) == "b"
    assert owners(office) == {1: "b", 2: "b"}


def test_an_owner_is_told_of_each_lead_where_the_person_becomes_mql_later(office: Office) -> None:
    known(office, 1)
    known(office, 2)
    group(office, JOINED)
    office.mql(1)
    office.assign(1)
    assert owners(office) == {1: "a", 2: "a"}


def test_a_lead_that_the_crm_is_about_to_know_gets_the_owner(office: Office) -> None:
    for lead in (1, 2):
        enqueue_effect(
            office.connection,
            target="crm",
            operation="create_lead",
            payload={},
            idempotency_key=f"crm-lead-{lead}-1",
            lead_id=lead,
            now=office.at(0),
        )
    assign_both(office)
    group(office, JOINED)
    office.assign(10)
    assert owners(office) == {1: "a", 2: "a"}
    group(office, SPLIT)
    office.assign(20)
    assert owners(office) == {1: "a", 2: "b"}


def test_a_lead_that_the_crm_does_not_know_is_left_alone(office: Office) -> None:
    assign_both(office)
    group(office, JOINED)
    office.assign(10)
    assert owners(office) == {1: "a", 2: "b"}


def test_an_old_customer_keeps_whom_the_crm_names(office: Office) -> None:
    known(office, 1)
    past(office, 1, "mql", "won")
    office.mql(2)
    office.assign(1)
    group(office, JOINED)
    office.assign(10)
    assert owners(office) == {2: "a"}


def test_a_lead_that_the_crm_does_not_know_holds_up_no_other(office: Office) -> None:
    known(office, 3)
    office.mql(2)
    office.assign(0)
    group(office, {1: 1, 2: 1, 3: 1})
    office.assign(10)
    assert owners(office) == {2: "a", 3: "a"}


def test_a_person_with_two_deals_has_the_owner_of_the_later_one_in_the_crm(office: Office) -> None:
    for lead in (1, 2, 3):
        known(office, lead)
    office.mql(1)
    office.assign(0)
    office.rep("b")
    office.mql(2, 1)
    office.assign(1)
    office.connection.execute("insert into lifecycle.person_cycles values (2, 1, 2)")
    group(office, {1: 1, 2: 1, 3: 1})
    office.assign(10)
    assert owners(office) == {1: "b", 2: "b", 3: "b"}
