"""Two signed forms, two spellings of one address: one lead, one MQL, one salesperson."""

import json
from typing import Any

import pytest

from leadops.identity.compare_rebuilt import compare_rebuilt
from tests.intake.form_keeper import keep_body
from tests.integration.test_joined_mql import Shop, shop
from tests.scoring.test_score import rule_set
from tests.shipped import SHIPPED

__all__ = ["shop"]

GIVEN, OTHER = "john.doe+news@gmail.com", "johndoe@googlemail.com"
RULES = rule_set(
    {"name": "form", "event": "submit_form", "points": 100},
    fit=[{"name": "mine", "trait": "industry", "when": {"equals": "mining"}, "points": 30}],
)


def submit(shop: Shop, name: str, email: str) -> None:
    body = {"submission_id": name, "email": email, "properties": {"industry": "mining", "first_name": name}}
    assert keep_body(shop.database_url, body, now=shop.now).is_new


def sent(shop: Shop, operation: str) -> list[Any]:
    return [
        email
        for (email,) in shop.rows(
            "select payload ->> 'email' from delivery.outbox"
            f" where operation = '{operation}' order by outbox_id"
        )
    ]


def addresses_in_ma(shop: Shop) -> list[str]:
    """Return the addresses that the MA was given, each once, in their order."""
    lines = map(json.loads, (shop.path / "journal.jsonl").read_text().splitlines())
    return list(dict.fromkeys(line["body"]["email"] for line in lines if line["kind"] == "ma.lead"))


@pytest.mark.parametrize("is_same_minute", [True, False])
def test_two_forms_of_two_spellings_are_one_lead(shop: Shop, is_same_minute: bool) -> None:
    shop.rules = RULES
    submit(shop, "first", GIVEN)
    if not is_same_minute:
        shop.run()
    submit(shop, "second", OTHER)
    shop.run()
    shop.run()
    submit(shop, "third", OTHER)
    shop.run()
    state = shop.state()
    assert [row[:2] for row in state["scores"] if row[2]] == [(1, 30)]
    assert [row[:3] for row in state["stages"]] == [(1, 1, "mql")]
    assert [row[:2] for row in state["owners"]] == [(1, "owned")]
    assert {row[0] for row in state["clocks"]} == {1}
    assert sent(shop, "upsert_lead") == [GIVEN]
    assert sent(shop, "create_lead") == [GIVEN]
    # Mail goes to the address as it was given, dots, plus and all.
    assert addresses_in_ma(shop) == [GIVEN]
    assert [email for email, _ in shop.leads_in_crm()] == [GIVEN]
    assert len(shop.owners_in_crm()) == 1
    assert shop.audit() == 0
    assert shop.rows("select coalesce(merged_into, lead_id) from identity.leads") == [(1,), (1,)]
    assert compare_rebuilt(shop.world.connection, settings=SHIPPED.identity).differences == {}

    # Split, the other address is a lead of its own, and the MA gets to know it.
    shop.split(lead=2)
    shop.run()
    assert sent(shop, "upsert_lead") == [GIVEN, OTHER]
    assert addresses_in_ma(shop) == [GIVEN, OTHER]
    assert shop.audit() == 0
    submit(shop, "fourth", OTHER)
    assert sent(shop, "create_lead") == [GIVEN, OTHER]
