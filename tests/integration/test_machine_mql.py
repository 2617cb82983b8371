"""A gateway makes a lead MQL: the evidence comes later, and points, MA, stage, clock and owner go back."""

from datetime import timedelta
from typing import Any

import pytest

from leadops.machines.allow_acts import allow_acts
from tests.alerts.conftest import Slack, slack, slack_server
from tests.identity.test_resolve import seen
from tests.integration.test_internal_leads import name_ours
from tests.integration.test_joined_mql import Shop, shop, visits
from tests.routing.conftest import Office
from tests.routing.test_notify_reps import notify, texts
from tests.scoring.oracle import Happening
from tests.scoring.test_score import rule_set
from tests.shipped import SHIPPED

__all__ = ["shop", "slack", "slack_server"]

RULES = rule_set(
    {"name": "view", "event": "page_view", "points": 10},
    {"name": "click", "event": "mail_click", "points": 40},
    fit=[{"name": "mine", "trait": "industry", "when": {"equals": "mining"}, "points": 30}],
)


def click(shop: Shop, name: str, milliseconds: int) -> Happening:
    return Happening(
        f"click {name}",
        "mail_click",
        shop.now.replace(microsecond=100_000) - timedelta(minutes=2) + timedelta(milliseconds=milliseconds),
        email="a@x.example",
        properties={"mail_id": "m1", "link": f"https://seller.example/{name}"},
    )


@pytest.fixture
def gateway_shop(shop: Shop) -> Any:
    shop.rules, shop.machines = RULES, SHIPPED.machines
    shop.run(visits("a", "a@x.example"))
    assert shop.state()["stages"] == []
    return shop


def test_an_mql_that_a_gateway_made_is_taken_back_and_comes_back_when_it_is_allowed(
    gateway_shop: Shop,
) -> None:
    shop = gateway_shop
    before = shop.state()
    first, second = click(shop, "one", 0), click(shop, "two", 300)
    shop.run([first])
    became = shop.state()
    assert [row[:3] for row in became["stages"]] == [(1, 1, "mql")]
    assert became["clocks"]
    assert [row[1] for row in became["owners"]] == ["owned"]
    assert shop.leads_in_crm() == [("a@x.example", "new")]

    shop.run([second])
    assert shop.state() == before
    assert shop.leads_in_crm() == [("a@x.example", "withdrawn")]
    assert shop.rows("select kind, points from scoring.ledger where rule = 'click' order by seq") == [
        ("rule", 40),
        ("correction", -40),
    ]
    assert shop.audit() == 0

    allow_acts(shop.world.connection, kind="mail", value="m1", by="ops", reason="ours", now=shop.now)
    shop.run()
    assert [row[:3] for row in shop.state()["stages"]] == [(1, 1, "mql")]
    assert shop.state()["scores"] == [(1, 30, 90)]
    assert shop.leads_in_crm() == [("a@x.example", "new")]
    assert shop.owners_in_crm() == [shop.state()["owners"][0][2]]
    assert shop.audit() == 0


def test_while_the_crm_is_down_it_never_hears_of_the_mql(
    gateway_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = gateway_shop
    push, first, second = shop.push, click(shop, "one", 0), click(shop, "two", 300)
    monkeypatch.setattr(shop, "push", lambda target: push(target) if target == "ma" else None)
    shop.run([first])
    assert [row[:3] for row in shop.state()["stages"]] == [(1, 1, "mql")]
    shop.run([second])
    monkeypatch.undo()
    shop.run()
    assert shop.leads_in_crm() == []
    assert shop.rows("select operation, state from delivery.outbox where target = 'crm' order by 1") == [
        ("create_lead", "dropped"),
        ("set_owner", "dropped"),
    ]
    assert shop.rows("select count(*) from lifecycle.unlinked") == [(0,)]

    allow_acts(shop.world.connection, kind="mail", value="m1", by="ops", reason="ours", now=shop.now)
    shop.run()
    assert shop.leads_in_crm() == [("a@x.example", "new")]
    assert shop.owners_in_crm() == [shop.state()["owners"][0][2]]


def test_our_own_people_are_taken_back_in_the_crm_too(gateway_shop: Shop) -> None:
    shop = gateway_shop
    shop.run([click(shop, "one", 0)])
    assert shop.leads_in_crm() == [("a@x.example", "new")]
    shop.world.identity = name_ours("x.example")
    shop.run()
    assert shop.leads_in_crm() == [("a@x.example", "withdrawn")]


def test_an_mql_that_sales_touched_stays(gateway_shop: Shop) -> None:
    shop = gateway_shop
    first, second = click(shop, "one", 0), click(shop, "two", 300)
    shop.run([first])
    shop.act(1, kind="call")
    shop.run([second])
    assert shop.state()["stages"][0][:3] == (1, 1, "mql")
    assert shop.state()["scores"] == [(1, 30, 10)]


def test_an_mql_that_stands_without_the_machine_stays(gateway_shop: Shop) -> None:
    shop = gateway_shop
    views = [seen(f"view {number}", email="a@x.example") for number in range(3)]
    first, second = click(shop, "one", 0), click(shop, "two", 300)
    shop.run([first, *views])
    became = shop.state()["stages"]
    assert [row[:3] for row in became] == [(1, 1, "mql")]
    shop.run([second])
    assert shop.state()["stages"] == became
    assert shop.state()["scores"] == [(1, 30, 40)]  # four views


def test_the_message_to_the_salesperson_is_edited(gateway_shop: Shop, slack: Slack) -> None:
    shop, office = gateway_shop, Office(gateway_shop.world.connection)
    first, second = click(shop, "one", 0), click(shop, "two", 300)
    shop.run([first])
    office.connection.execute("update routing.notices set created_at = %s", [slack.clock()])
    assert notify(office, slack, wait_for_id_minutes=0).sent == 1
    shop.run([second])
    assert notify(office, slack).problem == ""
    (text,) = texts(slack)
    assert "lead 1 was withdrawn, do not call: a machine, not a person, did what it stood on" in text
