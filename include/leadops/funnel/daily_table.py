"""What a build of a day is given, and what a table that it writes declares."""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from leadops.calendar.local_days import LocalDay, day_bounds
from leadops.company import Company
from leadops.db import Connection
from leadops.funnel.funnel_settings import FunnelSettings
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.sla.sla_policy import SlaPolicy


@dataclass(frozen=True)
class BuildContext:
    """Everything that a build depends on besides the database."""

    company: Company
    settings: FunnelSettings
    contract: KpiContract
    policy: SlaPolicy
    now: datetime  # UTC


@dataclass(frozen=True)
class DayBuild:
    """One day that is being built; `parameters` are those that the statements of a build may use."""

    day: LocalDay
    context: BuildContext
    parameters: dict[str, Any]


@dataclass(frozen=True)
class DailyTable:
    """A table that a build writes whole for its day.

    `write` deletes the day's rows and inserts them again, in the transaction of the build. `sources` are the
    modules that decide what it writes: when one of them, or the SQL of its own name, changes, the days that
    are built become stale. `looks_back` is true if its rows also depend on the days before: then it is
    written again whenever one of those was touched.
    """

    name: str
    write: Callable[[Connection, DayBuild], None]
    sources: tuple[str, ...]
    looks_back: bool = False


def plan_day(day: LocalDay, context: BuildContext, *, fingerprint: str) -> DayBuild:
    """Return the build of `day` with its parameters; `fingerprint` is kept with the built day."""
    settings, zone = context.settings, context.company.zone

    def days_back(days: int) -> datetime:
        return day_bounds(day.dt - timedelta(days=days - 1), zone).start

    parameters = {
        "dt": day.dt,
        "start": day.start,
        "until": day.until,
        "known_until": min(day.until, max(context.now, day.start)),
        "zone": zone.key,
        "now": context.now,
        "known_from": context.now,
        "looks_back_to": days_back(settings.looks_back),
        "lead_times_from": days_back(settings.lead_time_days),
        "responses_from": days_back(settings.response_days),
        "feed_late_after": context.policy.feed_late_after_minutes,
        "names": Jsonb(settings.current_names(fold_case=context.company.fold_case)),
        "versions": Jsonb(context.contract.span_rows()),
        "settings": fingerprint,
    }
    return DayBuild(day, context, parameters)


def derive_version(tables: Iterable[DailyTable], *, inputs: Iterable[str]) -> str:
    """Return a hash of what a build writes: its tables and the code of their `sources` and of `inputs`.

    Comments and layout of SQL do not count; a changed module counts whatever has changed in it.
    """
    tables = list(tables)
    files = {*inputs, *(source for table in tables for source in table.sources)}
    parts = [table.name for table in tables]
    for file in sorted(map(Path, files), key=lambda path: path.name):
        parts += [file.name, file.read_text(encoding="utf-8")]
        statements = file.with_suffix(".sql")
        if statements.is_file():
            parts.append(_strip_layout(statements.read_text(encoding="utf-8")))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _strip_layout(script: str) -> str:
    """Return SQL without its comments (except the names of statements) and with single spaces."""
    return " ".join(re.sub(r"--(?! name: ).*", "", script).split())
