from datetime import date
from decimal import Decimal

from leadops.history.outcomes import ImportResult

from .conftest import Export

COSTS = [
    ("2026-01-31", "ads", "1000.50", "spring"),
    ("2026-01-31", "ads", "1000.50", "spring"),
    ("2026-02-28", "events", "-20", ""),
]


def test_two_equal_costs_are_two_and_the_file_again_adds_nothing(export: Export) -> None:
    assert export.bring("costs", COSTS, chunk_rows=1) == ImportResult(rows=3, new=3)
    assert export.query("select month, category, amount, campaign from economics.costs order by cost_id") == [
        (date(2026, 1, 1), "ads", Decimal("1000.50"), "spring"),
        (date(2026, 1, 1), "ads", Decimal("1000.50"), "spring"),
        (date(2026, 2, 1), "events", Decimal("-20.00"), None),
    ]
    assert export.bring("costs", COSTS) == ImportResult(rows=3, known=3)


def test_a_reference_lets_a_cost_be_put_right(export: Export) -> None:
    mapping = {"reference": {"template": "{month} {category}"}}
    assert export.bring("costs", COSTS[1:], mapping=mapping) == ImportResult(rows=2, new=2)
    right = [("2026-02-28", "events", "-25", "")]
    assert export.bring("costs", right, mapping=mapping) == ImportResult(rows=1, changed=1)
    assert export.query("select sum(amount) from economics.costs") == [(Decimal("975.50"),)]


def test_a_month_is_that_of_the_companys_zone(export: Export) -> None:
    export.bring("costs", [("2026-02-01", "ads", "5", "")])
    assert export.query("select month from economics.costs") == [(date(2026, 2, 1),)]


def test_a_bad_cost_is_told(export: Export) -> None:
    counts = export.bring(
        "costs",
        [("2026-01-01", "beer", "5", ""), ("2026-01-01", "ads", "", ""), ("", "ads", "5", ""), COSTS[0]],
    )
    assert (counts.new, counts.refused) == (1, 3)
    assert sorted(counts.reasons) == [
        "amount is missing (only sales_hours may give hours in its place)",
        "category must be one of ads, events, content, subscriptions, implementation, sales_hours",
        "month: no month",
    ]
