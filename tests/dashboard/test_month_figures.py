"""CAC and payback of a period, by months as economics has them."""

from datetime import date
from decimal import Decimal

import pytest

from leadops.dashboard.month_figures import NO_MONTH, MonthsFigure, find_cac, find_payback
from leadops.economics.read_months import MonthRatios

D = Decimal


def month(number: int, **changed: object) -> MonthRatios:
    """A whole, mature month of 2026: 900 for 3 deals, and a payback of as many months as its number."""
    values: dict[str, object] = {
        "month": date(2026, number, 1),
        "is_total": True,
        "line": None,
        "campaign": None,
        "cost": D(900),
        "won": 3,
        "value": D(0),
        "won_without_value": 0,
        "won_without_rate": 0,
        "costs_without_rate": 0,
        "cac": D(300),
        "mqls": 10,
        "cohort_won": 2,
        "cohort_open": 0,
        "cohort_cac": D(450),
        "payback_months": D(number),
        "left_out": 0,
        "is_over": True,
        "is_mature": True,
        "maturity_days": 90,
        "maturity_source": "setting",
        "currency": "JPY",
    }
    return MonthRatios(**values | changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2026, 2, 1), date(2026, 2, 28), [2]),
        (date(2026, 2, 28), date(2026, 2, 28), [2]),
        (date(2026, 1, 31), date(2026, 3, 30), [1, 2]),
        (date(2026, 3, 1), date(2026, 3, 30), [2]),  # none ends in it: the last one before
        (date(2026, 1, 1), date(2026, 1, 30), []),
    ],
)
def test_the_months_that_end_in_the_period_or_the_last_one_before(
    first: date, last: date, months: list[int]
) -> None:
    figure = find_cac([month(1), month(2), month(3, is_over=False)], first=first, last=last)
    assert figure.months == [date(2026, number, 1) for number in months]
    assert figure.value == (300 if months else None)


def test_the_cac_of_several_months_is_their_cost_by_their_deals() -> None:
    months = [month(1, cost=D(100), won=1), month(2, cost=D(1000), won=5)]
    figure = find_cac(months, first=date(2026, 1, 1), last=date(2026, 2, 28))
    assert figure == MonthsFigure(D("183.33"), [date(2026, 1, 1), date(2026, 2, 1)])


def test_december_ends_in_its_own_year() -> None:
    figure = find_cac([month(11), month(12)], first=date(2026, 12, 2), last=date(2026, 12, 31))
    assert figure.months == [date(2026, 12, 1)]


def test_what_is_unknown_is_neither_free_nor_divided_by_nothing() -> None:
    period = {"first": date(2026, 1, 1), "last": date(2026, 2, 28)}
    both = [date(2026, 1, 1), date(2026, 2, 1)]
    assert find_cac([month(1), month(2, cost=None)], **period) == MonthsFigure(None, both, "no_cost")
    assert find_cac([month(1, won=0), month(2, won=0)], **period) == MonthsFigure(None, both, "no_deal")
    assert find_cac([], **period) == NO_MONTH


def test_the_payback_is_that_of_the_newest_mature_month_and_the_one_before() -> None:
    months = [month(1), month(2), month(3, is_mature=False)]
    last = date(2026, 4, 30)
    assert find_payback(months, last=last) == MonthsFigure(D(2), [date(2026, 2, 1)])
    assert find_payback(months, last=last, back=1) == MonthsFigure(D(1), [date(2026, 1, 1)])
    assert find_payback(months, last=last, back=2) == NO_MONTH
    assert find_payback(months, last=date(2026, 2, 27)) == MonthsFigure(D(1), [date(2026, 1, 1)])


def test_a_payback_without_a_cost_or_a_deal_says_why() -> None:
    last = date(2026, 1, 31)
    unknown = month(1, cost=None, payback_months=None)
    assert find_payback([unknown], last=last).reason == "no_cost"
    assert find_payback([month(1, payback_months=None)], last=last).reason == "no_deal"
