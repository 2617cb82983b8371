"""A form brought a lead to the CRM; later the list of our own people names it: the CRM hears of that, too."""

from typing import Any

import pytest

from leadops.identity.split_leads import split_leads
from tests.identity.test_resolve import seen
from tests.intake.form_keeper import keep_body
from tests.integration.test_internal_leads import NOBODY, OURS
from tests.integration.test_joined_mql import Shop, shop
from tests.scoring.oracle import Happening

__all__ = ["shop"]


def fill_in(shop: Shop, email: str = "ann@ours.example", **form: Any) -> None:
    """Send a form, which requests the lead in the CRM at once."""
    body = {"email": email, "submission_id": f"{email} {shop.now}"} | form
    keep_body(shop.database_url, body, now=shop.now)


def effects(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.rows(
        "select operation, state, lane from delivery.outbox where target = 'crm' order by outbox_id"
    )


def test_a_lead_that_only_a_form_brought_is_withdrawn_and_given_back(shop: Shop) -> None:
    fill_in(shop)
    fill_in(shop, "bob@buyer.example")
    shop.run()
    assert shop.state()["stages"] == []
    assert shop.leads_in_crm() == [("ann@ours.example", "new"), ("bob@buyer.example", "new")]
    shop.world.identity = OURS
    shop.run()
    assert shop.leads_in_crm() == [("ann@ours.example", "withdrawn"), ("bob@buyer.example", "new")]
    assert shop.rows("select lead_id, payload from delivery.outbox where operation = 'withdraw_lead'") == [
        (1, {"because": "internal"})
    ]
    shop.run()
    shop.world.identity = NOBODY
    shop.run()
    assert shop.leads_in_crm() == [("ann@ours.example", "new"), ("bob@buyer.example", "new")]
    shop.run()
    assert [row[0] for row in effects(shop)] == ["create_lead"] * 2 + ["withdraw_lead", "restore_lead"]


def test_a_request_that_was_not_sent_does_not_go_out_and_is_made_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = shop.push
    monkeypatch.setattr(shop, "push", lambda target: push(target) if target == "ma" else None)
    fill_in(shop, context={"utm": {"campaign": "summer"}})
    shop.run()
    shop.world.identity = OURS
    shop.run()
    monkeypatch.undo()
    shop.run()
    assert shop.leads_in_crm() == []
    assert effects(shop) == [("create_lead", "dropped", 0)]
    shop.world.identity = NOBODY
    shop.run()
    shop.run()
    assert shop.leads_in_crm() == [("ann@ours.example", "new")]
    assert effects(shop) == [("create_lead", "dropped", 0), ("create_lead", "done", 1)], "it wakes nobody"
    first, second = shop.rows("select payload from delivery.outbox where target = 'crm' order by outbox_id")
    assert first[0]["source"] == second[0]["source"] == "summer"


def test_a_form_that_came_while_the_entry_was_there_reaches_sales_when_it_goes(shop: Shop) -> None:
    shop.world.identity = OURS
    shop.run()
    fill_in(shop)
    shop.run()
    assert shop.leads_in_crm() == []
    shop.world.identity = NOBODY
    shop.run()
    assert shop.leads_in_crm() == [("ann@ours.example", "new")]
    shop.run()
    assert [row[0] for row in effects(shop)] == ["create_lead"]


def test_who_filled_in_no_form_gets_no_lead_when_the_entry_goes(shop: Shop) -> None:
    shop.run([seen("view", email="ann@ours.example")])
    shop.world.identity = OURS
    shop.run()
    shop.world.identity = NOBODY
    shop.run()
    assert shop.leads_in_crm() == []


def test_a_lead_that_sales_worked_on_stays(shop: Shop) -> None:
    fill_in(shop)
    shop.run()
    shop.act(1, kind="call")
    shop.run()
    shop.world.identity = OURS
    shop.run()
    assert shop.leads_in_crm() == [("ann@ours.example", "new")]


def test_all_leads_of_the_person_go_and_come_back_with_a_split(shop: Shop) -> None:
    """A customer's lead turns out to be one of us, because both addresses were seen with one user id."""
    fill_in(shop, "ann@home.example")
    shop.world.identity = OURS
    shop.run([seen("home", email="ann@home.example", user_id="u")])
    assert shop.leads_in_crm() == [("ann@home.example", "new")]
    shop.run([seen("ours", email="ann@ours.example", user_id="u")])
    assert shop.leads_in_crm() == [("ann@home.example", "withdrawn")]
    split_leads(shop.world.connection, lead=2, by="ops", reason="two people", settings=OURS, now=shop.now)
    shop.run()
    assert shop.leads_in_crm() == [("ann@home.example", "new")]


def test_of_several_changes_within_a_minute_the_last_one_counts(shop: Shop) -> None:
    fill_in(shop)
    shop.run()
    shop.world.identity = OURS
    shop.world.resolve(now=shop.now)
    shop.world.identity = NOBODY
    shop.run()
    assert shop.leads_in_crm() == [("ann@ours.example", "new")]
    assert [row[0] for row in effects(shop)] == ["create_lead"]


def test_an_mql_with_a_form_comes_back_by_the_form(shop: Shop) -> None:
    """The points that made it MQL would not make it one again, and the form is reason enough."""
    fill_in(shop)
    happenings: list[Happening] = [seen(f"view {place}", email="ann@ours.example") for place in range(2)]
    shop.run(happenings)
    stages = [row[:3] for row in shop.state()["stages"]]
    shop.world.identity = OURS
    shop.run()
    assert shop.state()["stages"] == []
    assert shop.leads_in_crm() == [("ann@ours.example", "withdrawn")]
    shop.world.identity = NOBODY
    shop.run()
    shop.run()
    assert shop.leads_in_crm() == [("ann@ours.example", "new")]
    assert [row[:3] for row in shop.state()["stages"]] == stages
