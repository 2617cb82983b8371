"""The page Funnel: what management and the field see, the rows behind each number, and the CSV file."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from leadops.dashboard.answers import answer_json
from leadops.dashboard.executive_view import ExecutiveView, read_executive_view
from leadops.dashboard.field_view import (
    FieldColumn,
    FieldGrouping,
    FieldRow,
    FieldView,
    find_masked,
    page_rows,
    read_field_rows,
)
from leadops.dashboard.funnel_rows import EntryPage, read_entry_page
from leadops.dashboard.periods import PagePeriod, PeriodDep
from leadops.dashboard.reader import Look, Reader, ReaderDep
from leadops.dashboard.safe_csv import write_csv
from leadops.dashboard.wiring import ConnectionDep, DashboardDep
from leadops.db import Connection
from leadops.funnel.funnel_cells import FunnelFilter
from leadops.funnel.funnel_entries import FunnelNumber

router = APIRouter(tags=["funnel"])

#: What a name that an address asks for may have; no campaign or salesperson has more.
LONGEST_NAME = 200

By = Annotated[FieldGrouping, Query(description="What a row of the field view is.")]
Contains = Annotated[
    str, Query(alias="q", max_length=LONGEST_NAME, description="Only names that contain this, in any case.")
]
Sort = Annotated[FieldColumn, Query(description="The column that the rows are sorted by.")]
Descending = Annotated[bool, Query(alias="desc", description="The largest first.")]
Page = Annotated[int, Query(ge=1, le=10_000, description="100 rows each.")]
Name = Annotated[
    str | None, Query(max_length=LONGEST_NAME, description="Only what has this; empty: what has none.")
]


class FieldQuery:
    """The rows of the field view that a request asks for."""

    def __init__(
        self,
        by: By = "campaign",
        contains: Contains = "",
        sort: Sort = "mqls",
        descending: Descending = True,
    ) -> None:
        """Take the query parameters."""
        self.by, self.contains, self.sort, self.descending = by, contains, sort, descending

    def read(self, connection: Connection, period: PagePeriod, reader: Reader) -> list[FieldRow]:
        """Return the rows, all of them; salespeople have their names for readers who may see people."""
        return read_field_rows(
            connection,
            period,
            by=self.by,
            contains=self.contains,
            sort=self.sort,
            descending=self.descending,
            names=reader.sees_people,
        )


FieldDep = Annotated[FieldQuery, Depends()]


def read_filter(campaign: Name = None, source: Name = None, rep: Name = None) -> FunnelFilter:
    """Return what a request wants to see of all rows."""
    return FunnelFilter(campaign, source, rep)


FilterDep = Annotated[FunnelFilter, Depends(read_filter)]


@dataclass(frozen=True)
class FunnelAnswer(ExecutiveView):
    """Both views of the funnel, of one state of the database."""

    field: FieldView


@router.get("/api/funnel", response_model=FunnelAnswer)
def show_funnel(
    period: PeriodDep,
    query: FieldDep,
    reader: ReaderDep,
    dashboard: DashboardDep,
    connection: ConnectionDep,
    page: Page = 1,
) -> Response:
    """The funnel of a period beside the one before it, its trend, and its rows by campaign, source or rep."""
    view = read_executive_view(connection, period)
    rows = query.read(connection, period, reader)
    return answer_json(view, as_of=dashboard.clock(), field=page_rows(rows, page=page))


@router.get("/api/funnel/rows", response_model=EntryPage)
def show_entries(
    number: Annotated[FunnelNumber, Query(description="The number whose rows are asked for.")],
    period: PeriodDep,
    only: FilterDep,
    reader: ReaderDep,
    dashboard: DashboardDep,
    connection: ConnectionDep,
    after: Annotated[str | None, Query(max_length=60, description="`next_after` of the page before.")] = None,
) -> Response:
    """The rows behind a number of the funnel, those of the newest day first; addresses masked for viewers."""
    if not reader.sees_people:
        only = find_masked(connection, period, only)
    entries = read_entry_page(
        connection, number, period=period, only=only, after=after, names=reader.sees_people
    )
    if reader.sees_people:
        shown = [Look("lead", row.lead_id) for row in entries.rows if row.email or row.company]
        dashboard.record_looks(reader, shown)
    return answer_json(entries, as_of=dashboard.clock())


@router.get("/api/funnel.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def download_field_view(
    period: PeriodDep, query: FieldDep, reader: ReaderDep, connection: ConnectionDep
) -> Response:
    """All rows of the field view as a CSV file; no cell is a formula."""
    rows = query.read(connection, period, reader)
    columns = (
        query.by,
        *("leads", "mqls", "sals", "sqls", "sql_rate", "wons", "losts", "value", "mqls_apart", "left_out"),
    )
    body = write_csv(
        columns,
        ((row.label or "(none)", *(getattr(row, column) for column in columns[1:])) for row in rows),
    )
    name = f"funnel-{query.by}-{period.first}-{period.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)
