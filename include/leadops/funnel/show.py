"""The counts of a stretch of days, summed by campaign or source, as they happened or by their MQL's day."""

from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from leadops.db import Connection, load_sql

By = Literal["all", "campaign", "source"]


class Row(NamedTuple):
    """Sums of one group on one day; `group` is None where there is no campaign or source."""

    dt: date
    group: str | None
    leads: int
    mqls: int
    sals: int
    sqls: int
    wons: int
    losts: int
    value: Decimal
    left_out: int


def read_funnel(
    connection: Connection, *, first: date, last: date, by: By = "all", cohort: bool = False
) -> list[Row]:
    """Return the days from `first` to `last`, the day of the event, or with `cohort` that of its MQL.

    With `cohort` leads are 0: a lead that is no MQL yet has no cohort.
    """
    rows = connection.execute(
        load_sql("leadops.funnel", "show_cohorts" if cohort else "show_days"),
        {"first": first, "last": last, "grouped": by},
    ).fetchall()
    return [Row(*row) for row in rows]


def read_built(connection: Connection, *, first: date, last: date) -> dict[date, bool]:
    """Return the built days from `first` to `last`, and of each whether its counts were touched since."""
    rows = connection.execute(
        load_sql("leadops.funnel", "show_built"), {"first": first, "last": last}
    ).fetchall()
    return dict(rows)
