"""Builds one day's tables whole, in one transaction."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from leadops.calendar.local_days import LocalDay, day_bounds, local_midnight
from leadops.company import Company
from leadops.db import Connection, load_sql
from leadops.funnel.funnel_settings import FunnelSettings, fingerprint
from leadops.funnel.spans import list_clocks
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.sla.sla_policy import SlaPolicy

#: Held to commit: one builds at a time, and what touches a day is taken in order.
FUNNEL_LOCK = 7_302_019

#: Whose lead times are measured, in the order in which list_waits.sql has them.
STAGES = ("sal", "sql", "won")

COUNTS = ("leads", "mqls", "sals", "sqls", "wons", "losts", "left_out")


@dataclass(frozen=True)
class Build:
    """All that a build depends on beside the tables."""

    company: Company
    settings: FunnelSettings
    contract: KpiContract
    policy: SlaPolicy
    now: datetime

    @property
    def fingerprint(self) -> str:
        """A hash of the settings; days that were built by others are stale."""
        return fingerprint(self.settings, company=self.company, contract=self.contract, policy=self.policy)


def lock_funnel(connection: Connection) -> None:
    """Wait until nobody else builds or takes the inbox; held to the end of the transaction."""
    connection.execute("select pg_advisory_xact_lock(%s)", [FUNNEL_LOCK])


def build_day(
    connection: Connection, dt: date, build: Build, *, only_figures: bool = False
) -> dict[str, int]:
    """Write one day whole and return how many it has of each of COUNTS; commits.

    With `only_figures` only what looks back over other days is written, nothing counted, and zeros returned.
    """
    day = day_bounds(dt, build.company.zone)
    values = _bind(day, build)
    counts = dict.fromkeys(COUNTS, 0)
    with connection.transaction():
        lock_funnel(connection)
        connection.execute("set local work_mem = '128MB'")
        connection.execute("set local jit = off")  # compiling takes longer than what it saves here
        connection.execute(_sql("create_day"))
        connection.execute(_sql("sync_names"), values)
        if not only_figures:
            counts = _write_counts(connection, values)
        _take_cycles(connection, values, policy=build.policy)
        if not only_figures:
            connection.execute(_sql("delete_responses"), values)
            connection.execute(_sql("write_responses"), values)
        connection.execute(_sql("delete_figures"), values)
        connection.execute(_sql("summarise_responses"), values)
        connection.execute(_sql("insert_lead_times"), values | {"rows": _measure(connection, values, build)})
        connection.execute(_sql("note_built"), values)
    return counts


def _write_counts(connection: Connection, values: dict[str, Any]) -> dict[str, int]:
    connection.execute(_sql("delete_counts"), values)
    rows = connection.execute(_sql("insert_counts"), values).fetchall()
    return {name: int(sum(row[number] for row in rows)) for number, name in enumerate(COUNTS)}


def _take_cycles(connection: Connection, values: dict[str, Any], *, policy: SlaPolicy) -> None:
    connection.execute(_sql("take_cycles"), values)
    bounds = connection.execute(_sql("bound_cycles"), values).fetchone()
    first, last = bounds or (None, None)
    first = first or values["start"]
    clocks = list_clocks(policy, since=first, until=max(first, last or first))
    connection.execute(_sql("measure_responses"), values | clocks.values())


def _measure(connection: Connection, values: dict[str, Any], build: Build) -> Jsonb:
    """Return the rows of analytics.lead_times: each stage, over all campaigns and for each."""
    import numpy as np  # heavy; only for those who build

    from leadops.funnel.arrays import INFINITY, read_arrays, to_microseconds
    from leadops.funnel.lead_times import measure_lead_times

    ends = to_microseconds(values["known_until"])
    waits = []
    for campaign, mqls, *stages in read_arrays(connection, _sql("list_waits"), values):
        for stage, moments in zip(STAGES, stages, strict=True):
            reached = moments < INFINITY
            days = (np.where(reached, moments, ends) - mqls) / 1e6 / 86400
            waits.append((campaign, stage, days, reached))
    rows = []
    for stage in STAGES if waits else ():
        mine = [(campaign, days, reached) for campaign, its, days, reached in waits if its == stage]
        together = (np.concatenate([days for _, days, _ in mine]), np.concatenate([r for _, _, r in mine]))
        groups = [("all", None, *together), *(("campaign", *one) for one in mine)]
        for scope, campaign, days, reached in groups:
            figures = measure_lead_times(
                days,
                reached,
                within_days=build.settings.rate_within_days,
                min_leads=build.settings.min_leads,
            )
            rows.append({"stage": stage, "scope": scope, "campaign": campaign, **figures})
    return Jsonb(rows)


def _bind(day: LocalDay, build: Build) -> dict[str, Any]:
    """Return the parameters of all statements that build `day`."""
    settings, zone = build.settings, build.company.zone

    def days_back(days: int) -> datetime:
        return local_midnight(day.dt - timedelta(days=days - 1), zone)

    return {
        "dt": day.dt,
        "start": day.start,
        "until": day.until,
        "known_until": min(day.until, max(build.now, day.start)),
        "zone": zone.key,
        "now": build.now,
        "looks_back_to": days_back(settings.looks_back),
        "lead_times_from": days_back(settings.lead_time_days),
        "responses_from": days_back(settings.response_days),
        "feed_late_after": build.policy.feed_late_after_minutes,
        "names": Jsonb(settings.names_now()),
        "versions": Jsonb(build.contract.span_rows()),
        "settings": build.fingerprint,
    }


def _sql(name: str) -> LiteralString:
    return load_sql("leadops.funnel", name)
