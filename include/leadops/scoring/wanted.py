"""The rules as the parameters of compute_differences.sql."""

from typing import Any
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from leadops.scoring.rules import Caps, RuleSet


def sql_parameters(rules: RuleSet, zone: ZoneInfo) -> dict[str, Any]:
    """Return what compute_differences.sql needs of `rules`, days being those of `zone`.

    Rules and groups are numbered by name, so that ties are broken alike whatever the order of the file.
    """
    groups = {name: number for number, name in enumerate(sorted(rules.groups))}
    behaviour = [
        {
            "number": number,
            "name": rule.name,
            "event": rule.event,
            "condition": rule.condition(),
            "points": rule.points,
            "day_cap": rule.cap_per_day,
            "ever_cap": rule.cap_for_ever,
            "group_number": groups.get(rule.group) if rule.group else None,
            "group_day_cap": _group(rules, rule.group).cap_per_day,
            "group_ever_cap": _group(rules, rule.group).cap_for_ever,
        }
        for number, rule in enumerate(sorted(rules.behaviour, key=lambda rule: rule.name))
    ]
    fit = [
        {"name": rule.name, "trait": rule.trait, "condition": rule.condition(), "points": rule.points}
        for rule in rules.fit
    ]
    return {
        "behaviour": Jsonb(behaviour),
        "fit": Jsonb(fit),
        "body": Jsonb(rules.body(zone)),
        "zone": zone.key,
    }


def _group(rules: RuleSet, name: str | None) -> Caps:
    return rules.groups[name] if name else Caps()
