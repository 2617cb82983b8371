from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from leadops.economics.allocation import CostRow, allocate_costs, price, split_by_weight
from leadops.economics.costs import CATEGORIES
from leadops.economics.economics_settings import HourRate
from leadops.economics.line_totals import LineTotals
from tests.economics.conftest import settings

D = Decimal
SPLIT_AMOUNTS = st.decimals(min_value="-99999999", max_value="99999999", places=2)
WEIGHTS = st.dictionaries(st.text(max_size=3), st.integers(0, 10_000), max_size=8)
MONTHS = st.sampled_from([date(2026, month, 1) for month in (1, 2, 3)])
CAMPAIGNS = st.sampled_from([None, "a", "b", "c"])
AMOUNTS = st.decimals(min_value="-999999", max_value="999999", places=2)
COSTS = st.builds(CostRow, MONTHS, CAMPAIGNS, st.sampled_from(CATEGORIES), AMOUNTS, st.none())
HOURS = st.builds(
    CostRow,
    MONTHS,
    CAMPAIGNS,
    st.just("sales_hours"),
    st.none(),
    st.decimals(min_value=0, max_value=999, places=2),
)
TOTALS = st.dictionaries(
    st.tuples(MONTHS, CAMPAIGNS),
    st.builds(LineTotals, mqls=st.integers(0, 50), won=st.integers(0, 5)),
    max_size=8,
)


@given(st.lists(COSTS | HOURS, max_size=20), TOTALS, st.sampled_from(["mqls", "won", "own_line"]))
def test_every_figure_ties_to_the_cost_rows_however_they_are_split(
    rows: list[CostRow], totals: dict[Any, LineTotals], rule: str
) -> None:
    given_settings = settings(allocate_by=rule)
    allocated = allocate_costs(rows, totals, settings=given_settings)
    for month in {row.month for row in rows}:
        for category in CATEGORIES:
            spent = sum(
                price(row, given_settings) for row in rows if (row.month, row.category) == (month, category)
            )
            total = sum(
                b.direct + b.allocated for b in allocated if (b.month, b.category) == (month, category)
            )
            assert total == spent
    for campaign in ("a", "b", "c"):
        direct = sum(price(row, given_settings) for row in rows if row.campaign == campaign)
        assert direct == sum(b.direct for b in allocated if b.campaign == campaign)
    assert not [b for b in allocated if b.line == "shared" and b.allocated]


def test_old_months_keep_the_price_of_an_hour() -> None:
    rates = [
        HourRate.model_validate({"from": "2026-01-01", "rate": 100}),
        HourRate.model_validate({"from": "2026-04-01", "rate": 200}),
    ]
    given_settings = settings(sales_hour_rates=rates)
    for month, rate in ((date(2025, 1, 1), 100), (date(2026, 3, 1), 100), (date(2026, 4, 1), 200)):
        assert price(CostRow(month, None, "sales_hours", None, Decimal(2)), given_settings) == 2 * rate


def test_the_unit_that_is_left_goes_to_the_largest_fraction() -> None:
    # 1.00 by 1 : 1 : 1 is 0.333… each: 0.33, and one unit left; among equals the first gets it.
    assert split_by_weight(D("1.00"), {"a": 1, "b": 1, "c": 1}) == {
        "a": D("0.34"),
        "b": D("0.33"),
        "c": D("0.33"),
    }
    # 0.10 by 1 : 2 is 0.0333…, 0.0666…: the second fraction is larger.
    assert split_by_weight(D("0.10"), {"a": 1, "b": 2}) == {"a": D("0.03"), "b": D("0.07")}
    assert split_by_weight(D("-0.10"), {"a": 1, "b": 2}) == {"a": D("-0.03"), "b": D("-0.07")}
    assert split_by_weight(D(5), {"a": 0}) == {}


@given(SPLIT_AMOUNTS, WEIGHTS)
def test_the_parts_sum_to_the_amount_and_none_is_a_unit_off(
    amount: Decimal, weights: dict[str | None, int]
) -> None:
    parts = split_by_weight(amount, weights)
    total = sum(weights.values())
    assert set(parts) == (set(weights) if total else set())
    if total:
        assert sum(parts.values()) == amount
        for key, part in parts.items():
            assert abs(part * total - amount * weights[key]) < D("0.01") * total
