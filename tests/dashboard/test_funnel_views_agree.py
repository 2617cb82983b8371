"""For any history and any period, both views and the rows behind them say the same numbers."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.dashboard.executive_view import read_executive_view
from leadops.dashboard.field_view import FieldGrouping, add_up, read_field_rows
from leadops.dashboard.funnel_rows import EntryRow, read_entry_page
from leadops.dashboard.periods import PagePeriod
from leadops.funnel.funnel_cells import FunnelFilter
from leadops.funnel.funnel_entries import FunnelNumber
from tests.funnel.conftest import Books, books
from tests.funnel.test_promises import DAYS, TABLES, play, steps
from tests.promises import promise_examples

__all__ = ["books"]

GROUPINGS: tuple[FieldGrouping, ...] = ("campaign", "source", "rep")
NUMBERS: tuple[FunnelNumber, ...] = (
    *("leads", "mqls", "sals", "sqls", "wons", "losts", "mqls_apart", "left_out"),
)
ANY = FunnelFilter()


def read_rows(books: Books, number: FunnelNumber, period: PagePeriod, only: FunnelFilter) -> list[EntryRow]:
    rows: list[EntryRow] = []
    after = None
    while True:
        page = read_entry_page(books.connection, number, period=period, only=only, after=after, names=True)
        rows += page.rows
        after = page.next_after
        if after is None:
            assert page.count == len(rows)
            return rows


@pytest.mark.timeout(300)
def test_both_views_and_the_rows_agree(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadops.dashboard.funnel_rows.ENTRY_ROWS", 2)

    @settings(
        max_examples=promise_examples(8),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(
        story=st.lists(steps, max_size=14),
        built=st.lists(st.sampled_from(DAYS), unique=True),
        bounds=st.lists(st.integers(-3, 7), min_size=2, max_size=2).map(sorted),
    )
    def check(story: list[tuple[str, Any]], built: list[Any], bounds: list[int]) -> None:
        books.connection.execute(
            f"truncate {TABLES}, lifecycle.transitions, routing.leads, identity.leads, identity.people"
            " restart identity"
        )
        books.connection.commit()
        play(books, story)
        for day in built:
            books.refresh(day)
        first, last = (DAYS[0] + timedelta(days=number) for number in bounds)
        period = PagePeriod(first, last, books.company.zone)
        view = read_executive_view(books.connection, period)
        figures = view.now
        for trend, of in ((view.trend, view.now), (view.trend_before, view.before)):
            for name in ("mqls", "sqls", "wons", "value"):
                assert sum(getattr(point, name) for point in trend) == getattr(of, name)
        assert len(read_rows(books, "mqls", period.before, ANY)) == view.before.mqls
        for number in NUMBERS:
            assert len(read_rows(books, number, period, ANY)) == getattr(figures, number), number
        won = read_rows(books, "wons", period, ANY)
        assert sum((row.value or Decimal(0) for row in won), Decimal(0)) == figures.value
        for by in GROUPINGS:
            rows = read_field_rows(
                books.connection,
                period,
                by=by,
                contains="",
                sort="mqls",
                descending=True,
                names=False,
            )
            total = add_up(rows)
            assert total.value == figures.value
            assert total.sql_rate == figures.sql_rate
            for number in NUMBERS:
                assert getattr(total, number) == getattr(figures, number), (by, number)
                for row in rows:
                    only = FunnelFilter(**{by: row.key or ""})
                    assert len(read_rows(books, number, period, only)) == getattr(row, number)
        books.connection.commit()

    check()
