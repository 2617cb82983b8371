"""The funnel as management reads it: a period beside the one before it, and the trend."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from leadops.calendar.local_days import list_days
from leadops.dashboard.month_figures import MonthsFigure, find_cac, find_payback
from leadops.dashboard.periods import PagePeriod
from leadops.db import Connection
from leadops.economics.read_months import MonthRatios, find_newest_day, list_months
from leadops.funnel.built_days import read_built_days
from leadops.funnel.funnel_cells import FunnelRow, read_funnel

#: In a period of up to this many days a point of the trend is a day, then a week; beyond, four weeks.
DAYS_BY_DAY, DAYS_BY_WEEK = 92, 400


@dataclass(frozen=True)
class PeriodFigures:
    """What happened from `first` to `last`; `days_stale` of the `days_built` are to be built again."""

    first: date
    last: date
    days: int
    days_built: int
    days_stale: int
    leads: int
    mqls: int
    sals: int
    sqls: int
    sql_rate: float | None  # SQLs per MQL, each by its own day; None without an MQL
    wons: int
    losts: int
    value: Decimal  # of the deals won, in the company's currency
    wons_without_value: int
    wons_without_rate: int
    mqls_apart: int
    left_out: int
    cac: MonthsFigure
    payback: MonthsFigure


@dataclass(frozen=True)
class TrendPoint:
    """What happened on the days from `first` to `last`."""

    first: date
    last: date
    mqls: int
    sqls: int
    wons: int
    value: Decimal


@dataclass(frozen=True)
class ExecutiveView:
    """A period and the one before it, each with its figures and its trend."""

    now: PeriodFigures
    before: PeriodFigures
    trend: list[TrendPoint]
    trend_before: list[TrendPoint]
    economics_day: date | None  # the day as of which CAC and payback are known; None: never computed


def read_executive_view(connection: Connection, period: PagePeriod) -> ExecutiveView:
    """Return the figures of `period` and of the one before it, by the daily tables and the months.

    The payback is that of the newest mature cohort, and beside it that of the mature cohort before.
    """
    before = period.before
    rows = read_funnel(connection, first=before.first, last=period.last)
    built = read_built_days(connection, first=before.first, last=period.last)
    newest = find_newest_day(connection, None)
    months = list_months(connection, day=newest) if newest else []
    return ExecutiveView(
        now=_add_up(period, rows, built, months, find_payback(months, last=period.last)),
        before=_add_up(before, rows, built, months, find_payback(months, last=period.last, back=1)),
        trend=_follow(period, rows),
        trend_before=_follow(before, rows),
        economics_day=newest,
    )


def _add_up(
    period: PagePeriod,
    rows: Sequence[FunnelRow],
    built: dict[date, bool],
    months: Sequence[MonthRatios],
    payback: MonthsFigure,
) -> PeriodFigures:
    own = list(_within(rows, period.first, period.last))
    days = [stale for day, stale in built.items() if period.first <= day <= period.last]
    mqls, sqls = sum(row.mqls for row in own), sum(row.sqls for row in own)
    return PeriodFigures(
        first=period.first,
        last=period.last,
        days=period.days,
        days_built=len(days),
        days_stale=sum(days),
        leads=sum(row.leads for row in own),
        mqls=mqls,
        sals=sum(row.sals for row in own),
        sqls=sqls,
        sql_rate=sqls / mqls if mqls else None,
        wons=sum(row.wons for row in own),
        losts=sum(row.losts for row in own),
        value=sum((row.value for row in own), Decimal(0)),
        wons_without_value=sum(row.wons_without_value for row in own),
        wons_without_rate=sum(row.wons_without_rate for row in own),
        mqls_apart=sum(row.mqls_apart for row in own),
        left_out=sum(row.left_out for row in own),
        cac=find_cac(months, first=period.first, last=period.last),
        payback=payback,
    )


def _follow(period: PagePeriod, rows: Sequence[FunnelRow]) -> list[TrendPoint]:
    """Return the points of a period in order; only the first may have fewer days than the others."""
    step = 1 if period.days <= DAYS_BY_DAY else 7 if period.days <= DAYS_BY_WEEK else 28
    points = []
    for last in reversed(list_days(period.first, period.last)[::-1][::step]):
        first = max(period.first, last - timedelta(days=step - 1))
        own = list(_within(rows, first, last))
        points.append(
            TrendPoint(
                first=first,
                last=last,
                mqls=sum(row.mqls for row in own),
                sqls=sum(row.sqls for row in own),
                wons=sum(row.wons for row in own),
                value=sum((row.value for row in own), Decimal(0)),
            )
        )
    return points


def _within(rows: Iterable[FunnelRow], first: date, last: date) -> Iterable[FunnelRow]:
    return (row for row in rows if first <= row.dt <= last)
