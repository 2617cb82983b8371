"""Compares kpi.yaml with what was frozen for a quarter; the minute run goes on, and an incident says so."""

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from leadops.company import Company
from leadops.db import Connection, load_sql
from leadops.lifecycle.contract import KpiContract
from leadops.lifecycle.quarter import Quarter, read_quarter

#: The incident names at most so many changes.
MOST_NAMED = 5


def find_governing(contract: KpiContract, quarter: Quarter) -> list[dict[str, Any]]:
    """Return what `contract` says for the days of `quarter`: each version with its first day there."""
    governing = []
    starts = [version.effective_from for version in contract.versions]
    for number, version in enumerate(contract.versions):
        since = quarter.first_day if number == 0 else max(starts[number], quarter.first_day)
        until = starts[number + 1] if number + 1 < len(starts) else None
        if since <= quarter.last_day and (until is None or until > since):
            rules = version.model_dump(mode="json", exclude={"effective_from"})
            governing.append({"from": since.isoformat(), **rules})
    return governing


def find_changes(frozen: KpiContract, contract: KpiContract, quarter: Quarter) -> list[str]:
    """Return what `contract` says otherwise for `quarter` than `frozen`, as `setting: before → now`."""
    before, after = find_governing(frozen, quarter), find_governing(contract, quarter)
    if len(before) != len(after):
        names = [" + ".join(str(part["version"]) for part in parts) for parts in (before, after)]
        return [f"versions: {names[0]} → {names[1]}"]
    changes = []
    for old, new in zip(map(_flatten, before), map(_flatten, after), strict=True):
        changes += [
            f"{key}: {old.get(key)} → {new.get(key)}"
            for key in sorted(old.keys() | new.keys())
            if old.get(key) != new.get(key)
        ]
    return changes


def compare_frozen(
    connection: Connection, *, contract: KpiContract, company: Company, now: datetime
) -> dict[str, list[str]]:
    """Note for which frozen quarters `contract` says something else, and return what; commits.

    Never raises for what it finds: leads are judged by kpi.yaml as it is, and the incident contract_changed
    tells people. What has been put right again is forgotten.
    """
    zone = contract.timezone or company.timezone
    found: dict[str, list[str]] = {}
    with connection.transaction():
        for name, frozen_zone, body, frozen_at in connection.execute(
            load_sql("leadops.lifecycle", "list_frozen")
        ).fetchall():
            changes = _compare(body, contract, read_quarter(name))
            if frozen_zone != zone:
                changes.append(f"timezone: {frozen_zone} → {zone}")
            if changes:
                found[name] = changes
                facts = {
                    "quarter": name,
                    "frozen_at": frozen_at.isoformat(),
                    "count": len(changes),
                    "changes": changes[:MOST_NAMED],
                }
                connection.execute(
                    load_sql("leadops.lifecycle", "upsert_frozen_change"),
                    {"quarter": name, "facts": Jsonb(facts), "now": now},
                )
        connection.execute(load_sql("leadops.lifecycle", "delete_frozen_changes"), {"quarters": list(found)})
    return found


def _compare(body: dict[str, Any], contract: KpiContract, quarter: Quarter) -> list[str]:
    try:
        frozen = KpiContract.model_validate(body)
    except ValidationError:
        return ["contract: the frozen one cannot be read by this version of leadops"]
    return find_changes(frozen, contract, quarter)


def _flatten(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, dict):
            flat |= _flatten(inner, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = inner
    return flat
