from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from leadops.economics.bear import bear_costs, price
from leadops.economics.cohorts import Brought
from leadops.economics.costs import CATEGORIES
from leadops.economics.economics_settings import HourRate
from tests.economics.conftest import settings

MONTHS = st.sampled_from([date(2026, month, 1) for month in (1, 2, 3)])
CAMPAIGNS = st.sampled_from([None, "a", "b", "c"])
AMOUNTS = st.decimals(min_value="-999999", max_value="999999", places=2)
COSTS = st.tuples(MONTHS, CAMPAIGNS, st.sampled_from(CATEGORIES), AMOUNTS, st.none())
HOURS = st.tuples(
    MONTHS,
    CAMPAIGNS,
    st.just("sales_hours"),
    st.none(),
    st.decimals(min_value=0, max_value=999, places=2),
)
BROUGHT = st.dictionaries(
    st.tuples(MONTHS, CAMPAIGNS),
    st.builds(Brought, mqls=st.integers(0, 50), won=st.integers(0, 5)),
    max_size=8,
)


@given(st.lists(COSTS | HOURS, max_size=20), BROUGHT, st.sampled_from(["mqls", "won", "own_line"]))
def test_every_figure_ties_to_the_cost_rows_however_they_are_split(
    rows: list[Any], brought: dict[Any, Brought], rule: str
) -> None:
    given_settings = settings(allot_by=rule)
    borne = bear_costs(rows, brought, settings=given_settings)
    for month in {row[0] for row in rows}:
        for category in CATEGORIES:
            spent = sum(price(row, given_settings) for row in rows if (row[0], row[2]) == (month, category))
            told = sum(b.direct + b.allotted for b in borne if (b.month, b.category) == (month, category))
            assert told == spent
    for campaign in ("a", "b", "c"):
        direct = sum(price(row, given_settings) for row in rows if row[1] == campaign)
        assert direct == sum(b.direct for b in borne if b.campaign == campaign)
    assert not [b for b in borne if b.line == "shared" and b.allotted]


def test_old_months_keep_the_price_of_an_hour() -> None:
    rates = [
        HourRate.model_validate({"from": "2026-01-01", "rate": 100}),
        HourRate.model_validate({"from": "2026-04-01", "rate": 200}),
    ]
    given_settings = settings(sales_hour_rates=rates)
    for month, rate in ((date(2025, 1, 1), 100), (date(2026, 3, 1), 100), (date(2026, 4, 1), 200)):
        assert price((month, None, "sales_hours", None, Decimal(2)), given_settings) == 2 * rate
