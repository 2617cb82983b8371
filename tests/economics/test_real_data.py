"""A real funnel, Olist's: what a year of MQLs brought, and which months could still bring more."""

from datetime import UTC, date, datetime

import pytest

from leadops.db import Connection
from leadops.economics.refresh_economics import refresh_economics
from tests.economics.conftest import settings
from tests.history.real_data import bring_in_olist
from tests.shipped import SHIPPED, change

NOW = datetime(2026, 12, 1, tzinfo=UTC)
LAST = date(2018, 11, 14)

pytestmark = [pytest.mark.real_data, pytest.mark.timeout(300)]


def test_a_year_of_mqls_and_the_months_that_are_not_ripe(connection: Connection) -> None:
    bring_in_olist(connection, now=NOW)
    company = change(SHIPPED.company, timezone="America/Sao_Paulo", currency="BRL")
    done = refresh_economics(
        connection, day=LAST, settings=settings(maturity_days=1), company=company, now=NOW
    )

    # 842 deals, one of them won before its first contact. No MQL came after May 2018.
    assert (done.won, done.left_out) == (841, 1)
    months = connection.execute(
        "select month, mqls, cohort_won, won, is_mature, maturity_days from economics.ratios where is_total"
    ).fetchall()
    assert [sum(column) for column in list(zip(*months, strict=True))[1:4]] == [8000, 841, 841]
    assert {month: (mqls, cohort, won) for month, mqls, cohort, won, *_ in months}[date(2018, 4, 1)] == (
        1352,
        183,
        207,
    )
    # Nine in ten of the deals take up to so many days: the months from January 2018 on are not ripe.
    censored, closed = measure_by_hand(connection)
    assert {maturity_days for *_, maturity_days in months} == {censored}
    assert (censored, closed) == (306, 162)
    assert {month for month, *_, is_mature, _ in months if is_mature} == {
        *(date(2017, month, 1) for month in range(6, 13))
    }


def measure_by_hand(connection: Connection) -> tuple[int, int]:
    """After how many days nine in ten deals are won: with the open leads (Kaplan–Meier), and without them."""
    rows = connection.execute(
        "select extract(epoch from coalesce(won.occurred_at, %s) - mql.occurred_at) / 86400,"
        " won.lead_id is not null"
        " from lifecycle.transitions as mql left join lifecycle.transitions as won"
        " on won.lead_id = mql.lead_id and won.stage = 'won'"
        " where mql.stage = 'mql' and (won.lead_id is null or won.occurred_at >= mql.occurred_at)",
        [datetime(2018, 11, 15, 2, tzinfo=UTC)],  # midnight in summer time
    ).fetchall()
    days = [(int(age), is_won) for age, is_won in rows]
    curve, open_part = [], 1.0
    for day in range(max(age for age, _ in days) + 1):
        won = sum(1 for each in days if each == (day, True))
        open_part *= 1 - won / max(sum(1 for age, _ in days if age >= day), 1)
        curve.append(1 - open_part)
    closed = sorted(age for age, is_won in days if is_won)
    censored = next(day for day, part in enumerate(curve) if part >= 0.9 * curve[-1])
    return censored, next(age for n, age in enumerate(closed, 1) if n >= 0.9 * len(closed))
