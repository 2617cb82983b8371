"""What the numbers of a day count, row by row: analytics.funnel_entries."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple, get_args

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.funnel.daily_table import DailyTable, DayBuild
from leadops.funnel.day_inputs import join_by_hash, key_sent_names
from leadops.funnel.funnel_cells import FunnelFilter, sum_days
from leadops.queries import Queries

queries = Queries(__file__)

#: The numbers that have entries, named as in the cells. cohort_wons: deals of the MQLs of the days, won at
#: any time.
FunnelNumber = Literal[
    "leads", "mqls", "sals", "sqls", "wons", "losts", "mqls_apart", "left_out", "cohort_wons"
]
FUNNEL_NUMBERS: tuple[FunnelNumber, ...] = get_args(FunnelNumber)

#: Of a number of one stage, its stage and what its entries count as.
_STAGES = {
    "leads": ("lead", "counted"),
    "mqls": ("mql", "counted"),
    "sals": ("sal", "counted"),
    "sqls": ("sql", "counted"),
    "wons": ("won", "counted"),
    "losts": ("lost", "counted"),
    "mqls_apart": ("mql", "apart"),
}


@dataclass(frozen=True)
class FunnelEntry:
    """A new lead (stage `lead`, cycle 0) or a stage that a lead reached; names are None where it has none."""

    dt: date
    stage: str
    lead_id: int
    cycle: int
    occurred_at: datetime
    cohort_dt: date | None
    campaign: str | None
    source: str | None
    rep_id: str | None
    value: Decimal | None
    counts_as: str


class EntryPlace(NamedTuple):
    """Where a page of entries ends and the next one goes on."""

    dt: date
    lead_id: int
    cycle: int
    stage: str


def write_entries(connection: Connection, build: DayBuild) -> None:
    """Write each new lead and each stage of the day, and what it counts as; keep what changes as past."""
    keys = key_sent_names(connection, fold_case=build.context.company.fold_case)
    queries.run(connection, "create_day_entries")
    queries.run(connection, "collect_entries", keys=Jsonb(keys), **build.parameters)
    with join_by_hash(connection):
        queries.run(connection, "pass_entries", **build.parameters)
        queries.run(connection, "insert_entries", **build.parameters)


FUNNEL_ENTRIES = DailyTable("analytics.funnel_entries", write=write_entries, sources=(__file__,))


def list_entries(
    connection: Connection,
    number: FunnelNumber,
    *,
    first: date,
    last: date,
    only: FunnelFilter,
    after: EntryPlace | None,
    max_rows: int,
) -> list[FunnelEntry]:
    """Return what `number` counts on the days from `first` to `last`, the newest day first.

    At most `max_rows` (over 0), those behind the place `after`; None: from the beginning.
    """
    place = {
        "after_dt": after.dt if after else None,
        "after_lead": after.lead_id if after else None,
        "after_cycle": after.cycle if after else None,
        "max_rows": max_rows,
    }
    bounds = {"first": first, "last": last, **asdict(only), **place}
    if number == "cohort_wons":
        return queries.all(connection, "list_cohort", FunnelEntry, **bounds)
    days = _list_days(connection, number, only, **bounds)
    shown = {"days": days, **asdict(only), **place}
    if number == "left_out":
        stage = after.stage if after else None
        return queries.all(connection, "list_left_out", FunnelEntry, **shown, after_stage=stage)
    stage, counts_as = _STAGES[number]
    return queries.all(connection, "list_stage", FunnelEntry, **shown, stage=stage, counts_as=counts_as)


def _list_days(
    connection: Connection, number: FunnelNumber, only: FunnelFilter, **bounds: object
) -> list[date]:
    """Return the days that a page of entries is on: a rare name is found without reading all others."""
    by, key = only.find_dimension() or (None, None)
    return queries.values(connection, "list_days", number=number, grouped=by, key=key, **bounds)


def count_entries(
    connection: Connection, number: FunnelNumber, *, first: date, last: date, only: FunnelFilter
) -> int:
    """Return how many entries `number` has; of all but cohort_wons it is the sum of the cells."""
    if number == "cohort_wons":
        return int(queries.value(connection, "count_cohort", first=first, last=last, **asdict(only)))
    return int(getattr(sum_days(connection, first=first, last=last, only=only), number))
