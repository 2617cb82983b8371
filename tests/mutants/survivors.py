"""The list of mutants that may survive, each with its reason."""

from collections.abc import Iterable
from pathlib import Path

import yaml

from tests.mutants.mutant import Mutant

LIST = Path(__file__).with_name("survivors.yaml")


def read_survivors(path: Path = LIST) -> dict[tuple[str, str, str], str]:
    """Return the reason of each listed mutant by its identity; raise ValueError if one has none."""
    reasons = {}
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")) or []:
        reason = str(entry.get("reason") or "").strip()
        if not reason:
            raise ValueError(f"{path.name}: {entry['module']} {entry['place']} has no reason")
        for change in entry["mutants"]:
            reasons[entry["module"], entry["place"], str(change).strip()] = reason
    return reasons


def write_entry(mutants: Iterable[Mutant]) -> str:
    """Return YAML for the list with these survivors of one place, their reason left empty."""
    lines: list[str] = []
    for mutant in mutants:
        if not lines:
            lines += [f"- module: {mutant.module}", f"  place: {mutant.place}", "  reason:", "  mutants:"]
        lines += ["    - |", *(f"      {line}" for line in mutant.change.splitlines())]
    return "\n".join(lines)
