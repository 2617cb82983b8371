"""Compares two KPI contracts for the days of one quarter; reads and writes nothing."""

from collections.abc import Mapping
from typing import Any

from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.quarter import Quarter


def find_governing(contract: KpiContract, quarter: Quarter) -> list[dict[str, Any]]:
    """Return the rules that `contract` sets for `quarter`: each version with its first day in the quarter."""
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
    """Return how `contract` differs from `frozen` for `quarter`, each as `setting: before → now`."""
    before, after = find_governing(frozen, quarter), find_governing(contract, quarter)
    if len(before) != len(after):
        names = [" + ".join(str(rules["version"]) for rules in governing) for governing in (before, after)]
        return [f"versions: {names[0]} → {names[1]}"]
    changes = []
    for old, new in zip(before, after, strict=True):
        changes += compare_rules(old, new)
    return changes


def compare_rules(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return how two sets of rules differ, each as `setting: before → now`."""
    old, new = _flatten(before), _flatten(after)
    return [
        f"{key}: {old.get(key)} → {new.get(key)}"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def _flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, dict):
            flat |= _flatten(inner, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = inner
    return flat
