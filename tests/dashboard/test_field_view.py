"""Rows of the field view: their order, their pages and their sums."""

from decimal import Decimal

from leadops.dashboard.field_view import PAGE_ROWS, FieldRow, add_up, page_rows, sort_rows


def row(label: str | None, mqls: int = 0, sqls: int = 0, value: int = 0) -> FieldRow:
    return FieldRow(
        key=label,
        label=label,
        leads=0,
        mqls=mqls,
        sals=0,
        sqls=sqls,
        sql_rate=sqls / mqls if mqls else None,
        wons=0,
        losts=0,
        value=Decimal(value),
        mqls_apart=0,
        left_out=0,
    )


ROWS = [row("b", 4, 1), row(None, 9, 9), row("A", 4, 2), row("c", 0, 1)]


def test_equal_ones_are_in_the_order_of_their_names() -> None:
    assert [each.label for each in sort_rows(ROWS, "mqls", descending=True)] == [None, "A", "b", "c"]
    assert [each.label for each in sort_rows(ROWS, "mqls", descending=False)] == ["c", "A", "b", None]


def test_what_has_no_value_comes_last_in_both_orders() -> None:
    assert [each.label for each in sort_rows(ROWS, "sql_rate", descending=True)] == [None, "A", "b", "c"]
    assert [each.label for each in sort_rows(ROWS, "sql_rate", descending=False)] == ["b", "A", None, "c"]
    assert [each.label for each in sort_rows(ROWS, "label", descending=False)] == ["A", "b", "c", None]
    assert [each.label for each in sort_rows(ROWS, "label", descending=True)] == ["c", "b", "A", None]


def test_the_rate_of_the_sum_is_no_mean_of_rates() -> None:
    total = add_up(ROWS)
    assert (total.mqls, total.sqls) == (17, 13)
    assert total.sql_rate == 13 / 17
    assert add_up([]).sql_rate is None


def test_a_page_has_the_sums_of_all_pages() -> None:
    rows = [row(f"{number:03}", 1) for number in range(PAGE_ROWS + 1)]
    second = page_rows(rows, page=2)
    assert [each.label for each in second.rows] == [f"{PAGE_ROWS:03}"]
    assert (second.count, second.totals.mqls) == (PAGE_ROWS + 1, PAGE_ROWS + 1)
    assert page_rows(rows, page=3).rows == []
