"""Where a stage came from, and what a deal was worth."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

After = Callable[[float], datetime]


def won(company: Any, after: After, details: dict[str, Any]) -> Any:
    lead = company.mql(after(0))
    company.activity("a1", "L-1", "status", after(60), status="won", details=details)
    company.qualify(after(61))
    return value_of(company, lead)


def value_of(company: Any, lead: int) -> Any:
    (row,) = company.connection.execute(
        "select value from lifecycle.transitions where lead_id = %s and stage = 'won'", [lead]
    ).fetchall()
    return row[0]


@pytest.mark.parametrize(
    ("details", "value"),
    [
        ({"amount": 1_200_000}, Decimal("1200000.00")),
        ({"value": "1980.255", "amount": 1}, Decimal("1980.26")),
        ({}, None),
        ({"amount": "about a million"}, None),
        ({"amount": -5}, None),
        ({"amount": {"currency": "JPY"}}, None),
    ],
)
def test_a_deal_is_worth_what_the_crm_says(
    company: Any, after: After, details: dict[str, Any], value: Decimal | None
) -> None:
    assert won(company, after, details) == value


def test_what_cannot_be_read_stays_as_evidence_until_the_crm_corrects_it(company: Any, after: After) -> None:
    assert won(company, after, {"value": "1.200"}) is None
    rows = "select evidence ->> 'unreadable_value', value from lifecycle.transitions where stage = 'won'"
    assert company.connection.execute(rows).fetchall() == [("1.200", None)]
    company.connection.execute(
        "update crm.activities set details = %s where activity_id = 'a1'",
        [Jsonb({"value": "\u00a51,200,000"})],
    )
    company.connection.execute("insert into lifecycle.inbox (activity_id) values ('a1')")
    company.qualify(after(100))
    assert company.connection.execute(rows).fetchall() == [(None, Decimal(1200000))]


def test_an_earlier_won_brings_its_own_value(company: Any, after: After) -> None:
    lead = company.mql(after(0))
    company.activity("a2", "L-1", "status", after(90), status="won", details={"amount": 7})
    company.qualify(after(91))
    company.activity("a1", "L-1", "status", after(60), status="won", details={"amount": 5})
    company.qualify(after(92))

    assert value_of(company, lead) == 5


@pytest.mark.parametrize("at_once", [True, False])
def test_a_deal_that_is_won_lost_and_won_again_is_won_since_then(
    company: Any, after: After, at_once: bool
) -> None:
    lead = company.mql(after(0))
    for minute, status in ((60, "won"), (65, "won"), (70, "lost"), (80, "won"), (90, "won")):
        company.activity(
            f"a{minute}", "L-1", "status", after(minute), status=status, details={"amount": minute}
        )
        if not at_once:
            company.qualify(after(minute + 1))
    company.qualify(after(100))
    assert company.stages(lead) == {"mql": after(0), "lost": after(70), "won": after(80)}
    assert value_of(company, lead) == 80


def test_a_value_that_the_crm_corrects_is_corrected(company: Any, after: After) -> None:
    lead = company.mql(after(0))
    company.activity("a1", "L-1", "status", after(60), status="won", details={"amount": 7})
    company.qualify(after(61))
    company.connection.execute(
        "update crm.activities set details = %s where activity_id = 'a1'", [Jsonb({"amount": 9})]
    )
    company.connection.execute("insert into lifecycle.inbox (activity_id) values ('a1')")
    company.qualify(after(70))
    assert value_of(company, lead) == 9


def test_all_stages_have_the_source_of_the_visit_that_gave_the_campaign(company: Any, after: After) -> None:
    lead = company.lead()
    for minute, utm in ((-20, {"campaign": "spring", "source": "mail"}), (-10, {"source": "search"})):
        event = company.visit(lead, after(minute))
        company.connection.execute(
            "update cdp.events set payload = %s where seq = %s", [Jsonb({"context": {"utm": utm}}), event]
        )
    company.points(lead, after(0), fit=30, behaviour=50)
    company.qualify(after(0))
    company.crm_id(lead, "L-1")
    company.activity("a1", "L-1", "status", after(60), status="lost")
    company.qualify(after(61))

    assert company.connection.execute(
        "select stage, campaign, source from lifecycle.transitions where lead_id = %s order by stage desc",
        [lead],
    ).fetchall() == [("mql", "spring", "mail"), ("lost", "spring", "mail")]
