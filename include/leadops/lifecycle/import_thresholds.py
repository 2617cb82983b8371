"""Imports changes of the threshold that were decided before leadops came, or elsewhere."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from leadops.calendar.local_days import day_of
from leadops.db import Connection
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries

queries = Queries(__file__, topic="import_stages")


@dataclass(frozen=True)
class ImportedThreshold:
    """A change of the threshold as an export states it."""

    effective_at: datetime  # UTC
    value: int | None  # the total; None: that of kpi.yaml
    sla_minutes: float | None  # until the first contact; None: that of sla.yaml
    decided_by: str  # automatic or approved
    reason: str
    file: str
    line: int


def find_first_own_change(connection: Connection) -> datetime | None:
    """Return when the first change that leadops made itself took effect, None if it made none."""
    effective_at: datetime | None = queries.value(connection, "find_first_own_change")
    return effective_at


def import_thresholds(
    connection: Connection,
    changes: Sequence[ImportedThreshold],
    *,
    contract: KpiContract,
    zone: ZoneInfo,
    now: datetime,
) -> set[date]:
    """Record `changes` in the caller's transaction; return the days that are new. Idempotent.

    A change is on record under the local day before it took effect, as one that leadops makes after a day is
    over, with the version of `contract` in force then. Nothing watches an imported change.
    """
    hold_lock(connection, Lock.THRESHOLDS)
    rows = {}
    for change in changes:
        content = [change.effective_at.isoformat(), change.value, change.sla_minutes, change.reason]
        rows[find_day(change, zone)] = {
            "day": find_day(change, zone).isoformat(),
            "kpi_version": contract.active_version(change.effective_at).version,
            "value": change.value,
            "sla_minutes": change.sla_minutes,
            "effective_at": change.effective_at.isoformat(),
            "decided_by": change.decided_by,
            "reason": change.reason,
            "facts": {"imported": change.file, "line": change.line},
            "hash": hashlib.sha256(json.dumps(content).encode()).hexdigest(),
        }
    return set(queries.values(connection, "insert_thresholds", rows=Jsonb(list(rows.values())), now=now))


def find_day(change: ImportedThreshold, zone: ZoneInfo) -> date:
    """Return the local day under which `change` is on record."""
    return day_of(change.effective_at, zone) - timedelta(days=1)
