"""The counts of a day: funnel_cells, their sums, left_out, and the two views over the cells."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.funnel.daily_table import DailyTable, DayBuild
from leadops.funnel.day_inputs import key_sent_names
from leadops.queries import Queries

queries = Queries(__file__)

FunnelGrouping = Literal["all", "campaign", "source", "rep"]


@dataclass(frozen=True)
class DayCounts:
    """What happened on one day: new leads, stages reached, and transitions that do not count."""

    leads: int
    mqls: int
    sals: int
    sqls: int
    wons: int
    losts: int
    wons_without_value: int
    wons_without_rate: int
    mqls_apart: int
    left_out: int


class FunnelRow(NamedTuple):
    """Sums of one group on one day; `group` is None for leads without a campaign, source or salesperson."""

    dt: date
    group: str | None
    leads: int
    mqls: int
    sals: int
    sqls: int
    wons: int
    losts: int
    value: Decimal
    wons_without_value: int
    wons_without_rate: int
    mqls_apart: int
    left_out: int


@dataclass(frozen=True)
class FunnelFilter:
    """What to count: of one campaign, source and salesperson; "" is none, None is any."""

    campaign: str | None = None
    source: str | None = None
    rep: str | None = None

    def find_dimension(self) -> tuple[FunnelGrouping, str] | None:
        """Return the dimension of the sums that has it, and the key; None: only the cells have it."""
        given: list[tuple[FunnelGrouping, str | None]] = [
            ("campaign", self.campaign),
            ("source", self.source),
            ("rep", self.rep),
        ]
        names = [(by, key) for by, key in given if key is not None]
        if len(names) > 1:
            return None
        return names[0] if names else ("all", "")


EVERYTHING = FunnelFilter()


@dataclass(frozen=True)
class FunnelTotals:
    """Sums over some days, by the days of the events."""

    leads: int
    mqls: int
    sals: int
    sqls: int
    wons: int
    losts: int
    value: Decimal
    wons_without_value: int
    wons_without_rate: int
    mqls_apart: int
    left_out: int

    @property
    def sql_rate(self) -> float | None:
        """SQLs per MQL, each by its own day; None without an MQL."""
        return self.sqls / self.mqls if self.mqls else None


@dataclass(frozen=True)
class GroupTotals(FunnelTotals):
    """The sums of one campaign, source or salesperson; `group` is None for what has none."""

    group: str | None


def write_left_out(connection: Connection, build: DayBuild) -> None:
    """Write the transitions of the day that do not count, each with its reason."""
    queries.run(connection, "delete_left_out", dt=build.day.dt)
    queries.run(connection, "insert_left_out", dt=build.day.dt)


def write_cells(connection: Connection, build: DayBuild) -> None:
    """Write the counts of the day by the day of the MQL, campaign, source and KPI version.

    Cells that change are kept as past ones.
    """
    queries.run(connection, "create_day_cells")
    keys = key_sent_names(connection, fold_case=build.context.company.fold_case)
    queries.run(connection, "collect_cells", keys=Jsonb(keys), **build.parameters)
    queries.run(connection, "pass_cells", **build.parameters)
    queries.run(connection, "insert_cells", dt=build.day.dt)


def write_sums(connection: Connection, build: DayBuild) -> None:
    """Write the sums of the day's cells over all, by campaign, by source and by salesperson."""
    queries.run(connection, "create_day_sums")
    queries.run(connection, "collect_sums", **build.parameters)
    queries.run(connection, "pass_sums", **build.parameters)
    queries.run(connection, "insert_sums", dt=build.day.dt)


LEFT_OUT = DailyTable("analytics.left_out", write=write_left_out, sources=(__file__,))
FUNNEL_CELLS = DailyTable("analytics.funnel_cells", write=write_cells, sources=(__file__,))
FUNNEL_SUMS = DailyTable("analytics.funnel_sums", write=write_sums, sources=(__file__,))


def read_counts(connection: Connection, dt: date) -> DayCounts:
    """Return the counts of the built day `dt`; all are 0 on a day without cells."""
    return queries.one(connection, "sum_cells", DayCounts, dt=dt)


def read_funnel(
    connection: Connection,
    *,
    first: date,
    last: date,
    by: FunnelGrouping = "all",
    cohort: bool = False,
    known_by: datetime | None = None,
) -> list[FunnelRow]:
    """Return the days from `first` to `last`: the days of the events, or with `cohort` those of the MQLs.

    As they stood just before `known_by` (UTC); None: as they stand now. With `cohort`, `leads` is 0: a lead
    that is not an MQL yet has no cohort.
    """
    asked = {"first": first, "last": last, "grouped": by, "moment": known_by}
    if cohort:
        return queries.all(connection, "read_cohorts", FunnelRow, **asked)
    return queries.all(connection, "read_days", FunnelRow, **asked)


def count_without_cohort(
    connection: Connection, *, first: date, last: date, known_by: datetime | None = None
) -> int:
    """Return how many stages of these days are of leads without an MQL on record, and so in no cohort."""
    stages: int = queries.value(connection, "count_without_cohort", first=first, last=last, moment=known_by)
    return stages


def sum_groups(connection: Connection, *, first: date, last: date, by: FunnelGrouping) -> list[GroupTotals]:
    """Return the sums of the days from `first` to `last` for each group, in the order of their names."""
    return queries.all(connection, "sum_groups", GroupTotals, first=first, last=last, grouped=by)


def sum_days(
    connection: Connection, *, first: date, last: date, only: FunnelFilter = EVERYTHING
) -> FunnelTotals:
    """Return the sums of the days from `first` to `last`."""
    by, key = only.find_dimension() or (None, None)
    return queries.one(
        connection, "sum_days", FunnelTotals, first=first, last=last, grouped=by, key=key, **asdict(only)
    )
