"""Where a stage came from, and what a deal was worth."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.lifecycle.currency_rates import CurrencyRate, record_rates
from leadops.lifecycle.revalue_deals import revalue_deals
from tests.shipped import SHIPPED

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


def rates(company: Any, *rows: tuple[str, str, str, str], corrects: bool = False) -> None:
    """Import rates (month, base, currency, rate)."""
    given = [CurrencyRate(date.fromisoformat(m), base, code, Decimal(rate)) for m, base, code, rate in rows]
    now = datetime(2026, 7, 1, tzinfo=UTC)
    record_rates(company.connection, given, corrects=corrects, file="rates.csv", now=now)
    months = [rate.month for rate in given]
    revalue_deals(company.connection, months, contract=company.contract, now=now)


def money(company: Any) -> tuple[Any, ...]:
    (row,) = company.connection.execute(
        "select value, evidence ->> 'amount', evidence ->> 'currency', evidence ->> 'rate',"
        " evidence ->> 'unreadable_value' from lifecycle.transitions where stage = 'won'"
    ).fetchall()
    return tuple(row)


def test_a_deal_in_dollars_counts_at_the_rate_of_its_month_and_keeps_it(company: Any, after: After) -> None:
    rates(company, ("2026-06-01", "USD", "JPY", "150.25"), ("2026-05-01", "USD", "JPY", "1"))
    won(company, after, {"Amount": "USD 12,000", "CurrencyIsoCode": "usd"})
    expected = (1_803_000, "12000.00", "USD", "150.25", None)
    assert money(company) == expected
    # Another rate for the same month does not change what is decided, unless it is a correction.
    rates(company, ("2026-06-01", "USD", "JPY", "160"))
    company.qualify(after(62))
    assert money(company) == expected
    rates(company, ("2026-06-01", "USD", "JPY", "160"), corrects=True)
    assert company.qualify(after(63)).moved == 1
    assert money(company) == (1_920_000, "12000.00", "USD", "160", None)


def test_a_deal_without_a_rate_has_no_value_until_there_is_one(company: Any, after: After) -> None:
    won(company, after, {"amount": 500, "currency": "KWD"})
    assert money(company) == (None, "500.00", "KWD", None, None)
    rates(company, ("2026-06-01", "EUR", "KWD", "0.33"), ("2026-06-01", "EUR", "JPY", "165"))
    company.qualify(after(62))
    assert money(company) == (250_000, "500.00", "KWD", "500", None)


@pytest.mark.parametrize(
    ("details", "value", "unreadable"),
    [
        ({"amount": 7, "currency": "JPY"}, 7, None),  # the company's own
        ({"amount": 7, "currency": " "}, 7, None),
        ({"amount": 7, "currency": None}, 7, None),
        ({"amount": 7, "currency": ["jpy"]}, 7, None),
        ({"amount": 7, "currency": "Yen"}, None, "7 Yen"),
        ({"amount": 7, "currency": {"code": "JPY"}}, None, "7 {'code': 'JPY'}"),
        ({"amount": 7, "currency": 392}, None, "7 392"),
        ({"amount": "7 $", "currency": "JPY"}, None, "7 $"),
        ({"amount": "¥7", "currency": "USD"}, None, "¥7"),
        ({"currency": "Yen"}, None, None),  # without a value there is nothing to read
        ({"amount": "x" * 500, "currency": "Y" * 500}, None, "x" * 100),
    ],
)
def test_what_is_said_of_the_currency(
    company: Any, after: After, details: dict[str, Any], value: int | None, unreadable: str | None
) -> None:
    won(company, after, details)
    assert money(company) == (value, None, None, None, unreadable)


def test_a_constant_currency_is_that_of_values_without_one(company: Any, after: After) -> None:
    body = company.contract.model_dump(mode="json")
    body["deal_value"]["default_currency"] = "USD"
    company.contract = type(company.contract).model_validate(body).in_company(SHIPPED.company)
    rates(company, ("2026-06-01", "USD", "JPY", "150"))
    won(company, after, {"amount": 2})
    assert money(company) == (300, "2.00", "USD", "150", None)
