"""Rates by month: any base, and what is on record stays."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.lifecycle.currency_rates import (
    CurrencyRate,
    RateTable,
    check_rate,
    find_month,
    read_rates,
    record_rates,
)

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
NOW = datetime(2026, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def rate(base: str, currency: str, number: str, month: date = MAY) -> CurrencyRate:
    return CurrencyRate(month, base, currency, Decimal(number))


VIA_EUROS = [rate("EUR", "USD", "1"), rate("EUR", "JPY", "1")]


def convert(rates: list[CurrencyRate], amount: str, currency: str, into: str = "JPY") -> str | None:
    found = RateTable(rates, currency=into).convert(Decimal(amount), currency, date(2026, 5, 31))
    return None if found is None else f"{found.value} at {found.rate:f}"


@pytest.mark.parametrize(
    ("rates", "amount", "currency", "into", "value"),
    [
        ([rate("USD", "JPY", "150.25")], "12000", "USD", "JPY", "1803000 at 150.25"),
        ([rate("JPY", "USD", "0.0064")], "12000", "USD", "JPY", "1875000 at 156.25"),
        # By a third currency, as the European Central Bank has them: 165 / 1.1 = 150.
        ([rate("EUR", "JPY", "165"), rate("EUR", "USD", "1.1")], "10.01", "USD", "JPY", "1502 at 150"),
        ([rate("EUR", "JPY", "165"), rate("EUR", "USD", "1.1")], "2", "EUR", "USD", "2.20 at 1.1"),
        # 100 / 3 does not end: the value is not that of the rounded rate.
        ([rate("USD", "EUR", "3")], "100", "EUR", "USD", "33.33 at 0.333333333333"),
        # Half up to whole yen.
        ([rate("USD", "JPY", "0.5")], "3", "USD", "JPY", "2 at 0.5"),
        # The rate by the company's own currency counts before that by the other, and that before a third.
        (
            [
                rate("EUR", "USD", "1"),
                rate("EUR", "JPY", "1"),
                rate("USD", "JPY", "2"),
                rate("JPY", "USD", "0.2"),
            ],
            *("10", "USD", "JPY", "50 at 5"),
        ),
        (
            [rate("EUR", "USD", "1"), rate("EUR", "JPY", "1"), rate("USD", "JPY", "2")],
            "10",
            "USD",
            "JPY",
            "20 at 2",
        ),
        ([rate("USD", "JPY", "150", JUNE)], "1", "USD", "JPY", None),  # another month
        ([rate("EUR", "USD", "1.1")], "1", "USD", "JPY", None),
        ([], "1", "USD", "JPY", None),
        ([rate("USD", "JPY", "999999999999")], "9999999999999999", "USD", "JPY", None),  # too large to keep
    ],
)
def test_an_amount_at_the_rate_of_its_month(
    rates: list[CurrencyRate], amount: str, currency: str, into: str, value: str | None
) -> None:
    assert convert(rates, amount, currency, into) == value


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (rate("EUR", "EUR", "1"), "are the same"),
        (rate("eur", "USD", "1"), "base is not a currency"),
        (rate("EUR", "XXX", "1"), "currency is not a currency"),
        (rate("EUR", "USD", "0"), "not a number above 0"),
        (rate("EUR", "USD", "-1"), "not a number above 0"),
        (rate("EUR", "USD", "NaN"), "not a number above 0"),
        (rate("EUR", "USD", "Infinity"), "not a number above 0"),
        (rate("EUR", "USD", "1e12"), "not a number above 0"),
        (rate("EUR", "USD", "1e-13"), "not a number above 0"),
    ],
)
def test_what_is_no_rate(given: CurrencyRate, says: str) -> None:
    with pytest.raises(PermanentError, match=says):
        check_rate(given)


def test_a_rate_on_record_stays_unless_it_is_corrected(connection: Connection) -> None:
    def record(*rates: CurrencyRate, corrects: bool = False) -> list[str]:
        return list(record_rates(connection, rates, corrects=corrects, file="f", now=NOW))

    assert record(rate("USD", "JPY", "150")) == ["new"]
    assert record(rate("USD", "JPY", "150"), rate("USD", "JPY", "150", JUNE)) == ["known", "new"]
    assert record(rate("USD", "JPY", "151")) == ["differs"]
    assert convert_stored(connection) == Decimal(150)
    assert record(rate("USD", "JPY", "151"), corrects=True) == ["changed"]
    assert record(rate("USD", "JPY", "151"), corrects=True) == ["known"]
    assert convert_stored(connection) == Decimal(151)
    # Twice in one file: one of them, whatever their order.
    assert record(rate("EUR", "USD", "1.2"), rate("EUR", "USD", "1.1")) == ["differs", "new"]


def test_a_base_that_comes_later_changes_nothing(connection: Connection) -> None:
    record_rates(connection, [rate("EUR", "JPY", "165")], corrects=False, file="f", now=NOW)
    record_rates(connection, [rate("EUR", "USD", "1.1")], corrects=False, file="f", now=NOW + DAY)
    assert convert_stored(connection) == Decimal(150)
    record_rates(connection, [rate("USD", "JPY", "151")], corrects=False, file="f", now=NOW + 2 * DAY)
    assert convert_stored(connection) == Decimal(150)
    record_rates(connection, [rate("EUR", "USD", "1.2")], corrects=True, file="f", now=NOW + 3 * DAY)
    assert convert_stored(connection) == Decimal("137.5")


def convert_stored(connection: Connection) -> Decimal:
    found = read_rates(connection, currency="JPY").convert(Decimal(1), "USD", MAY)
    assert found
    return found.rate


def test_the_month_is_that_of_the_companys_zone() -> None:
    moment = datetime(2026, 5, 31, 16, tzinfo=UTC)
    assert find_month(moment, ZoneInfo("Asia/Tokyo")) == JUNE
    assert find_month(moment, UTC) == MAY
