"""Fixes the KPI contract of a quarter, so that nobody moves the goalposts without it being seen."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.company import Company
from leadops.db import Connection, load_sql
from leadops.errors import PermanentError
from leadops.lifecycle.contract import KpiContract
from leadops.lifecycle.frozen import find_governing
from leadops.lifecycle.quarter import Quarter


@dataclass(frozen=True)
class Frozen:
    """The contract of a quarter as it stands on record."""

    quarter: str
    revision: int
    versions: list[str]
    digest: str  # SHA-256 of time zone and contract
    frozen_at: datetime
    is_new: bool


def freeze_quarter(
    connection: Connection,
    *,
    contract: KpiContract,
    company: Company,
    quarter: Quarter,
    now: datetime,
    reason: str | None = None,
) -> Frozen:
    """Keep `contract`, whole, as the one of `quarter`; commits. What is frozen already stays as it is.

    With a `reason` a contract that says something else for the quarter becomes its next revision: the way to
    a change that both sides have agreed to; the earlier revisions stay on record. Raises PermanentError for a
    reason without anything to replace.
    """
    zone = contract.timezone or company.timezone
    body = contract.model_dump(mode="json")
    digest = digest_contract(zone, body)
    values: dict[str, Any] = {
        "quarter": str(quarter),
        "first_day": quarter.first_day,
        "last_day": quarter.last_day,
        "timezone": zone,
        "versions": list(dict.fromkeys(part["version"] for part in find_governing(contract, quarter))),
        "contract": Jsonb(body),
        "digest": digest,
        "reason": reason,
        "now": now,
    }
    with connection.transaction():
        connection.execute(load_sql("leadops.lifecycle", "lock_frozen"))
        known = _read(connection, values)
        if reason and not known:
            raise PermanentError(f"{quarter} is not frozen yet: freeze it without a reason")
        if known and (not reason or known.digest == digest):
            return known
        connection.execute(
            load_sql("leadops.lifecycle", "insert_frozen"),
            values | {"revision": known.revision + 1 if known else 1},
        )
    revision = known.revision + 1 if known else 1
    return Frozen(str(quarter), revision, values["versions"], digest, now, is_new=True)


def digest_contract(zone: str, body: dict[str, Any]) -> str:
    """Return the SHA-256 of a contract's JSON with the zone in which its versions begin."""
    text = json.dumps({"timezone": zone, "contract": body}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _read(connection: Connection, values: dict[str, Any]) -> Frozen | None:
    row = connection.execute(load_sql("leadops.lifecycle", "read_frozen"), values).fetchone()
    if row is None:
        return None
    quarter, revision, versions, digest, frozen_at = row
    return Frozen(quarter, revision, versions, digest, frozen_at, is_new=False)
