"""Builds a day whole, in one transaction, then the earlier days that were touched since they were built."""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from leadops.calendar.local_days import day_bounds
from leadops.company import Company
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.funnel import day_inputs, spans
from leadops.funnel.built_days import (
    count_dirty_days,
    find_known_from,
    has_counts_waiting,
    list_dirty_days,
    mark_built,
    mark_dirty,
    take_touched_days,
)
from leadops.funnel.daily_table import BuildContext, derive_version, plan_day
from leadops.funnel.day_inputs import collect_inputs
from leadops.funnel.funnel_cells import FUNNEL_CELLS, FUNNEL_SUMS, LEFT_OUT, DayCounts, read_counts
from leadops.funnel.funnel_entries import FUNNEL_ENTRIES
from leadops.funnel.funnel_settings import FunnelSettings, fingerprint_settings
from leadops.funnel.lead_times import LEAD_TIMES
from leadops.funnel.response_times import RESPONSE_SUMMARIES, RESPONSE_TIMES
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.locks import Lock, hold_lock
from leadops.sla.sla_policy import SlaPolicy

#: The tables of a day, in the order in which they are written. A new one is one more line.
DAILY_TABLES = (
    LEFT_OUT,
    FUNNEL_CELLS,
    FUNNEL_SUMS,
    FUNNEL_ENTRIES,
    RESPONSE_TIMES,
    RESPONSE_SUMMARIES,
    LEAD_TIMES,
)
#: The modules that decide what all tables are built from.
INPUTS = (day_inputs.__file__, spans.__file__)
#: Changes with the tables and their code, so that days built before such a change are built again.
BUILD_VERSION = derive_version(DAILY_TABLES, inputs=INPUTS)


@dataclass(frozen=True)
class FunnelRefreshResult:
    """The counts of the day; `again` are the earlier days that were built, `waiting` how many are left."""

    day: date
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
    again: tuple[date, ...]
    waiting: int


def refresh_funnel(
    connection: Connection,
    *,
    day: date,
    company: Company,
    settings: FunnelSettings,
    contract: KpiContract,
    policy: SlaPolicy,
    now: datetime,
) -> FunnelRefreshResult:
    """Build the local `day` of the company's zone, then earlier days that were touched; commits.

    Each day is one transaction: a run that is killed leaves every day as it was or complete. Days can be
    built in any order and any number of times; the tables depend only on the data. The cost depends on the
    day and on the days that its figures look back over (funnel.yaml), not on the length of the history.
    Raises PermanentError if the day has not begun.
    """
    context = BuildContext(company, settings, contract, policy, now)
    if day_bounds(day, company.zone).start > now:
        raise PermanentError(f"{day} has not begun in {company.timezone}; give an earlier day")
    mark_touched(connection, context)
    counts = build_day(connection, day, context)
    again = _build_dirty(connection, context)
    waiting = count_dirty_days(connection)
    connection.commit()
    return FunnelRefreshResult(day=day, **asdict(counts), again=again, waiting=waiting)


def mark_touched(connection: Connection, context: BuildContext) -> None:
    """Turn the inbox into days to build again, as far as they are built; commits."""
    with connection.transaction():
        hold_lock(connection, Lock.FUNNEL)
        mark_dirty(
            connection,
            take_touched_days(connection, context.company.zone),
            looks_back=context.settings.looks_back,
            settings=fingerprint_build(context),
            now=context.now,
        )


def _build_dirty(connection: Connection, context: BuildContext) -> tuple[date, ...]:
    """Build the days to build again, up to dirty_days_at_most; return them in order."""
    dirty = list_dirty_days(connection)[: context.settings.dirty_days_at_most]
    connection.commit()
    for day in dirty:
        build_day(connection, day.dt, context, only_looking_back=day.scope == "figures")
    return tuple(sorted(day.dt for day in dirty))


def fingerprint_build(context: BuildContext) -> str:
    """Return a hash of the settings and of BUILD_VERSION; days built with another one are stale."""
    return fingerprint_settings(
        context.settings,
        company=context.company,
        contract=context.contract,
        policy=context.policy,
        build_version=BUILD_VERSION,
    )


def build_day(
    connection: Connection, dt: date, context: BuildContext, *, only_looking_back: bool = False
) -> DayCounts:
    """Write one local day whole and return its counts; commits.

    With `only_looking_back` only the tables that look back over other days are written, unless another run
    has found meanwhile that the day itself was touched. One build runs at a time: it holds Lock.FUNNEL until
    it commits.
    """
    build = plan_day(day_bounds(dt, context.company.zone), context, fingerprint=fingerprint_build(context))
    with connection.transaction():
        hold_lock(connection, Lock.FUNNEL)
        only_looking_back = only_looking_back and not has_counts_waiting(connection, dt)
        build.parameters["known_from"] = find_known_from(connection, dt, now=context.now)
        collect_inputs(connection, build, only_looking_back=only_looking_back)
        for table in DAILY_TABLES:
            if table.looks_back or not only_looking_back:
                table.write(connection, build)
        mark_built(connection, build)
        return read_counts(connection, dt)
