from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from leadops.db import Connection
from leadops.economics.costs import Cost, record_costs
from leadops.errors import PermanentError

pytestmark = pytest.mark.uncommitted

NOW = datetime(2026, 8, 1, 3, 0, tzinfo=UTC)
ADS = Cost(date(2026, 7, 15), "ads", "ads:1", Decimal("1200.50"), "summer")


def test_a_cost_belongs_to_its_month_and_is_known_by_its_origin(connection: Connection) -> None:
    assert (
        record_costs(connection, [ADS, replace(ADS, origin="ads:2", campaign=" ")], now=NOW, fold_case=True)
        == 2
    )
    assert record_costs(connection, [ADS], now=NOW, fold_case=True) == 0
    rows = connection.execute(
        "select month, campaign, amount from economics.costs order by origin"
    ).fetchall()
    assert rows == [
        (date(2026, 7, 1), "summer", Decimal("1200.50")),
        (date(2026, 7, 1), None, Decimal("1200.50")),
    ]


def test_a_corrected_cost_replaces_what_was_known(connection: Connection) -> None:
    record_costs(connection, [ADS], now=NOW, fold_case=True)
    assert record_costs(connection, [replace(ADS, amount=Decimal("-3"))], now=NOW, fold_case=True) == 1
    assert connection.execute("select sum(amount) from economics.costs").fetchone() == (Decimal("-3.00"),)


def test_hours_of_salespeople_need_no_amount(connection: Connection) -> None:
    hours = Cost(date(2026, 7, 1), "sales_hours", "crm:2026-07", hours=Decimal("120.25"))
    assert record_costs(connection, [hours], now=NOW, fold_case=True) == 1


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (replace(ADS, category="lunch"), "category"),
        (replace(ADS, origin=""), "origin"),
        (replace(ADS, amount=None, hours=Decimal(3)), "amount"),
        (replace(ADS, amount=Decimal("1.005")), "two digits"),
        (replace(ADS, amount=Decimal("NaN")), "not a number"),
        (replace(ADS, amount=Decimal("1e16")), "not a number"),
    ],
)
def test_a_wrong_cost_is_refused_and_none_is_recorded(connection: Connection, wrong: Cost, word: str) -> None:
    with pytest.raises(PermanentError, match=word):
        record_costs(connection, [replace(ADS, origin="ads:9"), wrong], now=NOW, fold_case=True)
    assert connection.execute("select count(*) from economics.costs").fetchone() == (0,)


def test_nothing_to_record_is_no_error(connection: Connection) -> None:
    assert record_costs(connection, [], now=NOW, fold_case=True) == 0
