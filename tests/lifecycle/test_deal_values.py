from decimal import Decimal
from typing import Any

import pytest

from leadops.lifecycle.deal_values import DealValue, read_deal_value
from leadops.lifecycle.kpi_contract import DealValueSettings
from tests.shipped import SHIPPED


@pytest.mark.parametrize(
    ("details", "value"),
    [
        ({"value": 1200000}, "1200000.00"),
        ({"value": 1200000.0}, "1200000.00"),
        ({"value": "1200000"}, "1200000.00"),
        ({"value": "1200000.50"}, "1200000.50"),
        ({"value": "1,200,000"}, "1200000.00"),
        ({"value": "\u00a51,200,000"}, "1200000.00"),
        ({"value": "\uffe51,200,000"}, "1200000.00"),
        ({"value": "1,200,000\u5186"}, "1200000.00"),
        ({"value": "JPY 1.200.000,00"}, "1200000.00"),
        ({"value": "\uff11\uff0c\uff12\uff10\uff10\uff0c\uff10\uff10\uff10"}, "1200000.00"),
        ({"value": ["1,200"]}, "1200.00"),
        ({"amount": "990"}, "990.00"),
        ({"value": "", "amount": 990}, "990.00"),
        ({"value": "to be agreed", "amount": 990}, "990.00"),
        ({"value": 10.005}, "10.01"),
        ({"value": 0}, "0.00"),
    ],
)
def test_what_a_crm_says_of_money_is_read(details: dict[str, Any], value: str) -> None:
    assert read_deal_value(details, SHIPPED.kpi.deal_value) == DealValue(Decimal(value))


@pytest.mark.parametrize(
    ("details", "unreadable"),
    [
        ({}, None),
        ({"value": None, "amount": "-"}, None),
        ({"value": "N/A"}, None),
        ({"value": "1.200"}, "1.200"),
        ({"value": "$1,200"}, "$1,200"),
        ({"value": "1,200,00"}, "1,200,00"),
        ({"value": "to be agreed", "amount": "later"}, "to be agreed"),
        ({"value": -5}, "-5"),
        ({"value": "-5"}, "-5"),
        ({"value": True}, "True"),
        ({"value": 1e16}, "1e+16"),
        ({"value": ["1", "2"]}, "['1', '2']"),
        ({"value": "x" * 500}, "x" * 100),
    ],
)
def test_what_cannot_be_read_is_no_value_and_is_kept(details: dict[str, Any], unreadable: str | None) -> None:
    assert read_deal_value(details, SHIPPED.kpi.deal_value) == DealValue(None, unreadable)


def test_the_contract_says_how_the_crm_writes() -> None:
    settings = DealValueSettings(
        details=["worth"],
        decimal=",",
        currency_marks=["EUR", "\u20ac"],
        currency=[],
        default_currency=None,
    )
    assert read_deal_value({"value": 1, "worth": "\u20ac1.200"}, settings) == DealValue(Decimal("1200.00"))
    assert read_deal_value({"worth": "1.200,5 EUR"}, settings) == DealValue(Decimal("1200.50"))
    assert read_deal_value({"worth": "1200.50"}, settings) == DealValue(None, "1200.50")


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"value": 5, "currency": "USD"}, DealValue(Decimal("5.00"), None, "USD")),
        ({"value": "", "amount": 7, "currency": "Zorkmid"}, DealValue(None, "7 Zorkmid")),
        ({"currency": "Zorkmid"}, DealValue(None, None)),
        ({"value": "9" * 100, "currency": "Zorkmid"}, DealValue(None, "9" * 100)),
    ],
)
def test_a_currency_goes_with_its_value_and_one_that_is_none_leaves_both_as_evidence(
    details: dict[str, Any], expected: DealValue
) -> None:
    assert read_deal_value(details, SHIPPED.kpi.deal_value, company_currency="JPY") == expected
