"""Freezes the KPI contract of a quarter, and records where kpi.yaml departs from a frozen one."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from leadops.company import Company
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.lifecycle.contract_changes import find_changes, find_governing
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.quarter import Quarter, find_quarter, recall_quarter
from leadops.queries import Queries

queries = Queries(__file__, topic="kpi_contract")

#: The incident names at most this many changes.
MAX_NAMED_CHANGES = 5


@dataclass(frozen=True)
class FrozenContract:
    """The latest revision of a quarter's contract, as recorded."""

    quarter: str
    first_day: date
    last_day: date
    revision: int
    versions: list[str]
    digest: str  # SHA-256 of time zone and contract
    frozen_at: datetime
    is_new: bool


@dataclass(frozen=True)
class FrozenBody:
    """The latest revision of a quarter's contract, with its whole text."""

    quarter: str
    first_day: date
    timezone: str
    contract: dict[str, Any]
    frozen_at: datetime


def freeze_quarter(
    connection: Connection,
    *,
    contract: KpiContract,
    company: Company,
    quarter: Quarter,
    now: datetime,
    reason: str | None = None,
) -> FrozenContract:
    """Record the whole `contract` as the one of `quarter`; commits. A frozen quarter stays as it is.

    With a `reason`, a contract with other rules for the quarter becomes its next revision: this is how both
    sides agree on a change. Earlier revisions stay on record. Raises PermanentError for a reason without a
    frozen contract to replace, and for a quarter of another year than the company's.

    A quarter whose days are frozen keeps the name under which it was frozen, whenever the company's year
    begins now.
    """
    zone = contract.timezone or company.timezone
    body = contract.model_dump(mode="json")
    new = FrozenContract(
        quarter=str(quarter),
        first_day=quarter.first_day,
        last_day=quarter.last_day,
        revision=1,
        versions=list(dict.fromkeys(rules["version"] for rules in find_governing(contract, quarter))),
        digest=digest_contract(zone, body),
        frozen_at=now,
        is_new=True,
    )
    with connection.transaction():
        queries.run(connection, "lock_frozen_quarters")
        latest = queries.first(
            connection,
            "find_latest_frozen",
            FrozenContract,
            quarter=new.quarter,
            first_day=new.first_day,
            last_day=new.last_day,
        )
        if latest and (latest.first_day, latest.last_day) != (new.first_day, new.last_day):
            raise PermanentError(
                f"{quarter} is on record for {latest.first_day} to {latest.last_day}, when the company's year"
                " began in another month; nothing was frozen"
            )
        if not latest and quarter.starts != company.fiscal_year_starts:
            own = find_quarter(quarter.first_day, starts=company.fiscal_year_starts)
            raise PermanentError(f"{quarter} is not a quarter of the company's year; give it as {own}")
        if reason and not latest:
            raise PermanentError(f"{quarter} is not frozen yet: freeze it without a reason")
        if latest and (not reason or latest.digest == new.digest):
            return latest
        if latest:
            new = replace(new, quarter=latest.quarter, revision=latest.revision + 1)
        queries.run(
            connection,
            "insert_frozen_quarter",
            quarter=new.quarter,
            revision=new.revision,
            first_day=new.first_day,
            last_day=new.last_day,
            timezone=zone,
            versions=new.versions,
            contract=Jsonb(body),
            digest=new.digest,
            reason=reason,
            now=now,
        )
    return new


def read_frozen_contracts(connection: Connection) -> dict[Quarter, KpiContract]:
    """Return the contract in force of each frozen quarter, the quarter that was frozen first as the last.

    Quarters share days after the company's year was moved; the order says which of them stays.
    One that this version of leadops cannot read is left out; the incident contract_changed reports it.
    """
    contracts = {}
    for frozen in queries.all(connection, "list_latest_frozen", FrozenBody):
        contract = _read_contract(frozen)
        if contract is not None:
            contracts[recall_quarter(frozen.quarter, first_day=frozen.first_day)] = contract
    return contracts


def digest_contract(zone: str, body: dict[str, Any]) -> str:
    """Return the SHA-256 of a contract's JSON and the time zone in which its versions begin."""
    text = json.dumps({"timezone": zone, "contract": body}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def record_contract_changes(
    connection: Connection, *, contract: KpiContract, company: Company, now: datetime
) -> dict[str, list[str]]:
    """Record and return the changes of `contract` against every frozen quarter; commits.

    A change raises nothing: lifecycle uses kpi.yaml as it is, and the incident contract_changed reports it.
    Quarters without changes are removed from the record.
    """
    zone = contract.timezone or company.timezone
    changes_by_quarter: dict[str, list[str]] = {}
    with connection.transaction():
        for frozen in queries.all(connection, "list_latest_frozen", FrozenBody):
            changes = _compare(frozen, contract)
            if frozen.timezone != zone:
                changes.append(f"timezone: {frozen.timezone} → {zone}")
            if changes:
                changes_by_quarter[frozen.quarter] = changes
                facts = {
                    "quarter": frozen.quarter,
                    "frozen_at": frozen.frozen_at.isoformat(),
                    "count": len(changes),
                    "changes": changes[:MAX_NAMED_CHANGES],
                }
                queries.run(
                    connection, "upsert_frozen_change", quarter=frozen.quarter, facts=Jsonb(facts), now=now
                )
        queries.run(connection, "delete_other_frozen_changes", quarters=list(changes_by_quarter))
    return changes_by_quarter


def _compare(frozen: FrozenBody, contract: KpiContract) -> list[str]:
    agreed = _read_contract(frozen)
    if agreed is None:
        return ["contract: this version of leadops cannot read the frozen one"]
    return find_changes(agreed, contract, recall_quarter(frozen.quarter, first_day=frozen.first_day))


def _read_contract(frozen: FrozenBody) -> KpiContract | None:
    """Return the contract with the zone in which it was frozen, or None if it cannot be read."""
    try:
        return KpiContract.model_validate(frozen.contract | {"timezone": frozen.timezone})
    except ValidationError:
        return None
