from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadops.tabular.amounts import DecimalSign, read_amount

YEN = ("\u00a5", "\u5186", "JPY")


@pytest.mark.parametrize(
    ("text", "decimal", "amount"),
    [
        ("1.200,50", ",", "1200.50"),
        ("1,200.50", ".", "1200.50"),
        ("1200,5", ",", "1200.5"),
        ("1 200 300,5", ",", "1200300.5"),
        ("1\u202f200,5", ",", "1200.5"),
        ("1'200'300.55", ".", "1200300.55"),
        ("1\u2019200.5", ".", "1200.5"),
        ("1.234", ",", "1234"),
        ("1.234", ".", "1.234"),
        ("-1.234,5", ",", "-1234.5"),
        ("\u22127", ",", "-7"),
        ("+7", ".", "7"),
        ("12,34,567.00", ".", "1234567.00"),
        ("\uff11\uff0c\uff12\uff10\uff10", ".", "1200"),
        # Not in threes: 123450.00 and 15 would be wrong by a hundred and by ten.
        ("1234.50", ",", None),
        ("1.5", ",", None),
        ("1,5", ".", None),
        ("12345,678", ".", None),
        ("1,2345", ".", None),
        ("1,200,30", ".", None),
        ("1.200.30", ",", None),
        ("0.200", ",", None),
        ("12.34.567", ",", None),
        ("1,200 300.5", ".", None),
        ("1,,200", ".", None),
        ("1.200,5,5", ",", None),
        ("1,200.", ".", None),
        (".5", ".", None),
        ("", ".", None),
        ("-", ".", None),
        ("--1", ".", None),
        ("1e3", ".", None),
        ("ten", ".", None),
        ("\u00b2", ".", "2"),
    ],
)
def test_an_amount_whose_decimal_sign_is_known(text: str, decimal: DecimalSign, amount: str | None) -> None:
    read = read_amount(text, decimal=decimal)
    assert (None if read is None else str(read)) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1200000", "1200000"),
        ("1200000.0", "1200000.0"),
        ("1,200,000", "1200000"),
        ("\u00a51,200,000", "1200000"),
        ("\uffe51,200,000", "1200000"),
        ("1,200,000\u5186", "1200000"),
        ("JPY 1,200,000", "1200000"),
        ("1200 jpy", "1200"),
        ("1.200.000,00", "1200000.00"),
        ("1,200,000.00", "1200000.00"),
        ("\uff11\uff12\uff10\uff10\uff10\uff10\uff10", "1200000"),
        ("\uff11\uff0c\uff12\uff10\uff10\uff0c\uff10\uff10\uff10", "1200000"),
        ("1,200", "1200"),
        ("1234.567", "1234.567"),
        ("0.500", "0.500"),
        ("1200,50", "1200.50"),
        ("1,5", "1.5"),
        ("12,34,567", "1234567"),
        # Less than nothing, as accountants write it.
        ("-\u00a51,200", "-1200"),
        ("\u00a5-1,200", "-1200"),
        ("(1,200)", "-1200"),
        ("\uff081,200\uff09", "-1200"),
        ("(\u00a51,200)", "-1200"),
        ("\u00a5(1,200)", "-1200"),
        ("1,200-", "-1200"),
        ("\u25b21,200", "-1200"),
        ("\u25b3 1,200\u5186", "-1200"),
        ("-(1,200)", None),
        ("(-1,200)", None),
        ("-1,200-", None),
        ("(1,200", None),
        ("()", None),
        # Two readings, or none.
        ("1.200", None),
        ("1.200,50.3", None),
        ("$1,200", None),
        ("\u20ac1.200,00", None),
        ("1,200,000 USD", None),
        ("about 1000", None),
        ("1,200,00", None),
    ],
)
def test_an_amount_that_shows_its_own_decimal_sign(text: str, amount: str | None) -> None:
    read = read_amount(text, decimal=None, marks=YEN)
    assert (None if read is None else str(read)) == amount


@given(
    st.decimals(0, 10**12, places=2), st.sampled_from(["", ",", ".", " ", "'"]), st.sampled_from([",", "."])
)
def test_what_is_written_is_read_again(amount: Decimal, group: str, decimal: DecimalSign) -> None:
    whole, _, cents = f"{amount:.2f}".partition(".")
    written = f"{int(whole):,}".replace(",", group) + decimal + cents
    if group == decimal:
        return
    assert read_amount(written, decimal=decimal) == amount
    assert read_amount(written, decimal=None) == amount


@given(st.text(alphabet=st.sampled_from("0123456789.,' -+\u00a5"), max_size=12))
def test_no_digit_is_lost_or_made(text: str) -> None:
    for decimal in (None, ".", ","):
        read = read_amount(text, decimal=decimal, marks=YEN)  # type: ignore[arg-type]
        if read is not None:
            digits = [sign for sign in str(read) if sign.isdigit()]
            assert digits == [sign for sign in text if sign.isdigit()] or text.lstrip("+-\u00a5 ").startswith(
                "0"
            )
