"""A lead made, given to somebody, scored and read back, through leadops' own parts and real HTTP."""

import pytest
import requests

from leadops.delivery.outbox import enqueue_effect
from leadops_sandbox.products.leads import number_of
from tests.products.odoo.odoo_desk import OdooDesk


def move(desk: OdooDesk, lead: int, **facts: object) -> None:
    """Let a salesperson do something with a lead."""
    body = {"lead_id": desk.external_id(lead), "rep_id": "rep-01", **facts}
    headers = {"Authorization": "Bearer sandbox-crm-token"}
    requests.post(f"{desk.ma_url}/_crm/activities", json=body, headers=headers, timeout=60).raise_for_status()


def test_a_lead_is_made_once_owned_scored_and_read(desk: OdooDesk) -> None:
    lead = desk.add_lead(email="Ada@Buyer.example")
    desk.score(lead, 17)
    desk.wish_lead(lead)
    owner = str(number_of("rep-02"))
    desk.wish("set_owner", lead, owner_id=owner)
    desk.push()
    desk.push_to("crm")
    # Odoo is MA and CRM: there is one record of the person.
    assert desk.external_id(lead) == desk.external_id(lead, target="ma")
    assert desk.read(lead, "x_leadops_score") == 17
    assert desk.read(lead, "email_from") == "Ada@Buyer.example"
    assert desk.read(lead, "user_id")[0] == int(owner)
    assert desk.value("select count(*) from delivery.dead_letters") == 0
    desk.score(lead, -20)
    desk.push()
    assert desk.read(lead, "x_leadops_score") == -3
    for kind, status in (("call", None), ("status", "taken"), ("mail", None)):
        move(desk, lead, kind=kind, **({"status": status} if status else {}))
    result = desk.poll()
    assert (result.reps, result.refused) == (6, 0)
    assert result.as_of is not None
    assert [row[:2] for row in desk.activities("kind", "status")] == [
        ("call", None),
        ("status", "taken"),
        ("mail", None),
    ]
    assert {row[0] for row in desk.activities("crm_lead_id")} == {desk.external_id(lead)}
    assert {row[0] for row in desk.activities("rep_id")} == {str(number_of("rep-01"))}
    assert desk.poll().activities == 0


def test_users_become_salespeople_and_the_user_of_leadops_does_not(desk: OdooDesk) -> None:
    desk.poll()
    with desk.connect() as connection:
        profiles = dict(connection.execute("select rep_id, profile from crm.reps").fetchall())
    assert profiles[str(number_of("rep-05"))] == {
        "id": str(number_of("rep-05")),
        "name": "Maria Fischer",
        "email": "maria.fischer@sales.example",
        "active": True,
        "zone": "Europe/Berlin",
    }
    assert "2" not in profiles


def test_no_secret_is_stored_with_a_call(desk: OdooDesk) -> None:
    desk.add_lead()
    desk.push()
    assert desk.value("select count(*) from delivery.outbox where body is not null") > 0
    found = desk.value(
        "select count(*) from delivery.outbox where position(%s in body || request::text) > 0", desk.token
    )
    assert found == 0


@pytest.mark.parametrize("page_size", [1, 2, 500])
def test_rows_of_one_second_are_all_read_whatever_the_page(desk: OdooDesk, page_size: int) -> None:
    lead = desk.add_lead()
    desk.wish_lead(lead)
    desk.push_to("crm")
    for _ in range(5):
        move(desk, lead, kind="call")
    assert desk.poll(page_size=page_size).activities == 5
    assert desk.poll(page_size=page_size).activities == 0


def test_a_lost_lead_is_still_scored(desk: OdooDesk) -> None:
    lead = desk.add_lead()
    desk.push()
    number = int(desk.external_id(lead, target="ma"))
    desk.ask("crm.lead", "write", ids=[number], vals={"active": False})
    desk.score(lead, 9)
    desk.push()
    assert desk.read(lead, "x_leadops_score", target="ma") == 9


def test_a_lead_that_is_gone_keeps_no_other_from_its_score(desk: OdooDesk) -> None:
    leads = [desk.add_lead() for _ in range(3)]
    desk.push()
    desk.ask("crm.lead", "unlink", ids=[int(desk.external_id(leads[1], target="ma"))])
    for lead in leads:
        desk.score(lead, 4)
    desk.push()
    assert [desk.read(lead, "x_leadops_score", target="ma") for lead in (leads[0], leads[2])] == [4, 4]
    assert desk.presence(leads[1]) == "gone"
    assert desk.value("select count(*) from delivery.dead_letters") == 0


def test_an_erased_lead_is_deleted_and_one_that_is_not_there_counts_as_erased(desk: OdooDesk) -> None:
    lead = desk.add_lead()
    desk.wish_lead(lead)
    desk.push_to("crm")
    number = int(desk.external_id(lead))
    for again in (1, 2):
        desk.wish("erase_lead", lead, again)
        desk.push_to("crm")
    assert desk.ask("crm.lead", "search_read", domain=[["id", "=", number]], fields=["name"]) == []
    query = "select array_agg(distinct state) from delivery.outbox where operation = 'erase_lead'"
    assert desk.value(query) == ["done"]


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("serialization_failure", "sending"),
        ("access_denied", "sending"),
        ("access_error", "sending"),
        ("rejected_rows", "dead"),
    ],
)
def test_an_error_inside_an_answer_is_never_taken_for_done(desk: OdooDesk, kind: str, state: str) -> None:
    desk.wish_lead(desk.add_lead())
    desk.push_to("crm")
    lead = desk.add_lead()
    desk.wish_lead(lead)
    desk.fault(kind, target="odoo")
    desk.push_to("crm", seconds=1)
    query = "select state from delivery.outbox where operation = 'create_lead' and lead_id = %s"
    assert desk.value(query, lead) == state
    assert desk.value("select count(*) from delivery.external_ids where target = 'crm'") == 1
    if kind == "serialization_failure":
        desk.heal()
        desk.push_to("crm")
        assert desk.external_id(lead)


def set_facts(desk: OdooDesk, lead: int, field: str | None) -> None:
    """Let products.yaml name `field` for the probability of a lead, and send one as training puts it."""
    facts = {**desk.odoo.facts, "ml_score": field}
    desk.odoo = desk.odoo.model_copy(update={"facts": facts})
    with desk.connect() as connection:
        enqueue_effect(
            connection,
            target="ma",
            operation="set_fields",
            payload={"fields": {"ml_score": 0.5}},
            idempotency_key=f"ma-ml-score-{lead}-1",
            lead_id=lead,
            now=desk.clock(),
        )
    desk.push()


def test_a_fact_that_is_known_later_arrives(desk: OdooDesk) -> None:
    lead = desk.add_lead()
    desk.push()
    set_facts(desk, lead, "description")
    assert str(desk.read(lead, "description", target="ma")) == "0.5"
    assert desk.value("select count(*) from delivery.dead_letters") == 0


def test_a_fact_without_a_field_makes_no_call(desk: OdooDesk) -> None:
    lead = desk.add_lead()
    desk.push()
    set_facts(desk, lead, None)
    query = "select state, request is null from delivery.outbox where operation = 'set_fields'"
    with desk.connect() as connection:
        assert connection.execute(query).fetchall() == [("done", True)]


def test_a_field_that_does_not_exist_is_a_dead_letter_that_says_what_to_do(desk: OdooDesk) -> None:
    lead = desk.add_lead()
    desk.push()
    set_facts(desk, lead, "x_nothing")
    reason = desk.value("select reason from delivery.dead_letters")
    assert reason.startswith("a field does not exist in Odoo; make it, or name another")
