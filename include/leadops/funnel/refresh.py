"""Builds a day's tables whole, and the earlier days that were touched since they were built."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString

from leadops.calendar.local_days import day_of, local_midnight
from leadops.company import Company
from leadops.db import Connection, load_sql
from leadops.errors import PermanentError
from leadops.funnel.build import Build, build_day, lock_funnel
from leadops.funnel.funnel_settings import FunnelSettings
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.sla.sla_policy import SlaPolicy


@dataclass(frozen=True)
class Refreshed:
    """What one run built; `again` are earlier days, `waiting` how many of those the next run takes."""

    day: date
    leads: int
    mqls: int
    sals: int
    sqls: int
    wons: int
    losts: int
    left_out: int
    again: tuple[date, ...]
    waiting: int


def refresh_day(
    connection: Connection,
    *,
    day: date,
    company: Company,
    settings: FunnelSettings,
    contract: KpiContract,
    policy: SlaPolicy,
    now: datetime,
) -> Refreshed:
    """Build the local `day` of the company's zone, then earlier days that were touched; commits.

    Each day is written whole in one transaction of its own: a killed run leaves every day as it was or as it
    should be. Days may come in any order, any number of times; the tables depend only on what is on record.
    The cost is that of the day and of the days its figures look back over (funnel.yaml), however long the
    history. Raises PermanentError for a day that has not begun.
    """
    build = Build(company, settings, contract, policy, now)
    if local_midnight(day, company.zone) > now:
        raise PermanentError(f"{day} has not begun in {company.timezone}; give an earlier day")
    _note_touched(connection, build)
    counts = build_day(connection, day, build)
    again = _build_dirty(connection, build)
    left = connection.execute("select count(*) from analytics.dirty_days").fetchone()
    connection.commit()
    return Refreshed(day=day, **counts, again=tuple(again), waiting=left[0] if left else 0)


def _note_touched(connection: Connection, build: Build) -> None:
    """Turn the inbox into days that are to be built again, where they are built."""
    with connection.transaction():
        lock_funnel(connection)
        moments = connection.execute(_sql("take_moments")).fetchall()
        touched = sorted({day_of(moment, build.company.zone) for (moment,) in moments})
        values = {
            "days": touched,
            "looks_back": build.settings.looks_back,
            "settings": build.fingerprint,
            "now": build.now,
        }
        connection.execute(_sql("note_touched"), values)
        connection.execute(_sql("note_stale"), values)


def _build_dirty(connection: Connection, build: Build) -> Iterable[date]:
    """Build the days of analytics.dirty_days, at most as many as one run may; return them."""
    dirty = connection.execute(_sql("list_dirty_days")).fetchall()
    connection.commit()
    taken = dirty[: build.settings.dirty_days_at_most]
    for dt, scope, _ in taken:
        build_day(connection, dt, build, only_figures=scope == "figures")
    return sorted(dt for dt, _, _ in taken)


def _sql(name: str) -> LiteralString:
    return load_sql("leadops.funnel", name)
