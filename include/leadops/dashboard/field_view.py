"""The funnel as those who run campaigns and sales read it: by campaign, source or salesperson."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal, get_args

from leadops.dashboard.periods import PagePeriod
from leadops.dashboard.rep_names import read_rep_names
from leadops.db import Connection
from leadops.funnel.funnel_cells import FunnelFilter, GroupTotals, sum_groups
from leadops.mask import MASK, mask_addresses

FieldGrouping = Literal["campaign", "source", "rep"]
FieldColumn = Literal[
    "label", "leads", "mqls", "sals", "sqls", "sql_rate", "wons", "losts", "value", "mqls_apart", "left_out"
]
FIELD_COLUMNS: tuple[FieldColumn, ...] = get_args(FieldColumn)

#: Rows of a page.
PAGE_ROWS = 100


@dataclass(frozen=True)
class FieldRow:
    """One campaign, source or salesperson (`key` None: none); numbers are named as in the CLI."""

    key: str | None
    label: str | None
    leads: int
    mqls: int
    sals: int
    sqls: int
    sql_rate: float | None
    wons: int
    losts: int
    value: Decimal
    mqls_apart: int
    left_out: int


@dataclass(frozen=True)
class FieldView:
    """The rows that were asked for, how many there are in all, and the sums over all of them."""

    rows: list[FieldRow]
    count: int
    totals: FieldRow


def read_field_rows(
    connection: Connection,
    period: PagePeriod,
    *,
    by: FieldGrouping,
    contains: str,
    sort: FieldColumn,
    descending: bool,
    names: bool,
) -> list[FieldRow]:
    """Return the groups of `period` whose name contains a text (in any case), in the order that is asked for.

    With `names`, salespeople are called as in the CRM. Without, addresses in names are masked, so that
    nobody can search or sort by one. What has no value in the column comes last.
    """
    groups = sum_groups(connection, first=period.first, last=period.last, by=by)
    labels: dict[str, str] = {}
    if by == "rep" and names:
        labels = read_rep_names(connection, [group.group for group in groups])
    rows = [_describe(group, labels) for group in groups]
    if not names:
        rows = [replace(row, key=_mask(row.key), label=_mask(row.label)) for row in rows]
    wanted = contains.strip().casefold()
    if wanted:
        rows = [row for row in rows if wanted in f"{row.label or ''}\n{row.key or ''}".casefold()]
    return sort_rows(rows, sort, descending=descending)


def _mask(name: str | None) -> str | None:
    return name and mask_addresses(name)


def find_masked(connection: Connection, period: PagePeriod, only: FunnelFilter) -> FunnelFilter:
    """Return the filter with the names of `period` in place of the masked ones, which viewers know."""

    def find(by: FieldGrouping, name: str | None) -> str | None:
        if name is None or MASK not in name:
            return name
        groups = sum_groups(connection, first=period.first, last=period.last, by=by)
        return next((group.group for group in groups if _mask(group.group) == name), name)

    return FunnelFilter(find("campaign", only.campaign), find("source", only.source), find("rep", only.rep))


def sort_rows(rows: Sequence[FieldRow], column: FieldColumn, *, descending: bool) -> list[FieldRow]:
    """Return `rows` by a column, equal ones by name; those without a value in it come last in any case."""
    by_name = sorted(rows, key=lambda row: (row.label or "").casefold())
    known = [row for row in by_name if getattr(row, column) is not None]
    unknown = [row for row in by_name if getattr(row, column) is None]
    return sorted(known, key=lambda row: _read_cell(row, column), reverse=descending) + unknown


def _read_cell(row: FieldRow, column: FieldColumn) -> Any:
    value = getattr(row, column)
    return value.casefold() if isinstance(value, str) else value


def page_rows(rows: Sequence[FieldRow], *, page: int) -> FieldView:
    """Return page number `page` (from 1) of `rows`, and the sums over all of them."""
    start = (page - 1) * PAGE_ROWS
    return FieldView(rows=list(rows[start : start + PAGE_ROWS]), count=len(rows), totals=add_up(rows))


def add_up(rows: Sequence[FieldRow]) -> FieldRow:
    """Return the sums of `rows`."""
    mqls, sqls = sum(row.mqls for row in rows), sum(row.sqls for row in rows)
    return FieldRow(
        key=None,
        label=None,
        leads=sum(row.leads for row in rows),
        mqls=mqls,
        sals=sum(row.sals for row in rows),
        sqls=sqls,
        sql_rate=sqls / mqls if mqls else None,
        wons=sum(row.wons for row in rows),
        losts=sum(row.losts for row in rows),
        value=sum((row.value for row in rows), Decimal(0)),
        mqls_apart=sum(row.mqls_apart for row in rows),
        left_out=sum(row.left_out for row in rows),
    )


def _describe(group: GroupTotals, labels: dict[str, str]) -> FieldRow:
    return FieldRow(
        key=group.group,
        label=labels.get(group.group, group.group) if group.group is not None else None,
        leads=group.leads,
        mqls=group.mqls,
        sals=group.sals,
        sqls=group.sqls,
        sql_rate=group.sql_rate,
        wons=group.wons,
        losts=group.losts,
        value=group.value,
        mqls_apart=group.mqls_apart,
        left_out=group.left_out,
    )
