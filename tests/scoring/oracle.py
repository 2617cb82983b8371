"""What should come out, worked out one event at a time in plain Python: whose events, which points."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from leadops.scoring.conditions import RuleCondition
from leadops.scoring.scoring_rules import Caps, RuleSet

NUMBER = re.compile(r"[ \t\n]*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?[ \t\n]*", re.ASCII)


@dataclass(frozen=True)
class Happening:
    """One event as a test makes it; identifiers may be None."""

    event_id: str
    event: str
    ts: datetime
    email: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    properties: dict[str, Any] = field(default_factory=dict, hash=False)
    context: dict[str, Any] = field(default_factory=dict, hash=False)
    proof: str = "write_key"


def find_owners(happenings: list[Happening]) -> dict[str, str]:
    """Return event_id -> email for worlds in which no identifier has two emails: who is connected is one."""
    groups: list[set[tuple[str, str]]] = []
    for each in happenings:
        mine = identifiers(each)
        touching = [group for group in groups if group & mine]
        groups = [group for group in groups if not group & mine] + [mine.union(*touching)]
    emails = {key: value for group in groups for kind, value in group if kind == "email" for key in group}
    return {
        each.event_id: emails[key]
        for each in happenings
        for key in sorted(identifiers(each))[:1]
        if key in emails
    }


def identifiers(happening: Happening) -> set[tuple[str, str]]:
    kinds = ("email", "user_id", "anonymous_id")
    return {(kind, value) for kind in kinds if (value := getattr(happening, kind)) is not None}


def give_points(
    happenings: list[Happening], traits: dict[str, Any], rules: RuleSet, zone: ZoneInfo
) -> dict[tuple[str | None, str], int]:
    """Return (event_id or None, rule) -> points of one lead."""
    awards = [
        (each.ts.astimezone(zone).date(), each.ts, each.event_id, rule.name, rule, abs(rule.points))
        for each in happenings
        for rule in rules.behaviour
        if rule.event == each.event
        and all(fits(condition, look(each, address)) for address, condition in rule.when.items())
    ]
    awards.sort(key=lambda award: award[:4])
    for cap, by_day, by_group in [
        ("cap_per_day", True, False),
        ("cap_per_lead", False, False),
        ("cap_per_day", True, True),
        ("cap_per_lead", False, True),
    ]:
        used: dict[Any, int] = defaultdict(int)
        for place, (day, ts, event_id, name, rule, amount) in enumerate(awards):
            caps = rule if not by_group else rules.groups[rule.group] if rule.group else Caps()
            limit = getattr(caps, cap)
            key = (rule.group if by_group else name, day if by_day else None)
            passed = amount if limit is None else min(amount, max(0, limit - used[key]))
            used[key] += passed
            awards[place] = (day, ts, event_id, name, rule, passed)
    points: dict[tuple[str | None, str], int] = {
        (event_id, name): amount if rule.points > 0 else -amount
        for _, _, event_id, name, rule, amount in awards
        if amount
    }
    for fit_rule in rules.fit:
        if fit_rule.trait in traits and fits(fit_rule.when, [traits[fit_rule.trait]]):
            points[None, fit_rule.name] = fit_rule.points
    return points


def learn(happenings: list[Happening], traits: tuple[str, ...]) -> dict[str, Any]:
    """Return the newest value of each trait that `identify` events told."""
    known: dict[str, Any] = {}
    for each in sorted(happenings, key=lambda each: (each.ts, each.event_id)):
        if each.event == "identify":
            known |= {trait: each.properties[trait] for trait in traits if trait in each.properties}
    return known


def look(happening: Happening, address: str) -> list[Any]:
    """Return the values at `address`; a list on the way stands for each of its elements."""
    items: list[Any] = [{"properties": happening.properties, "context": happening.context}]
    for step in address.split("."):
        candidates = [each for item in items for each in (item if isinstance(item, list) else [item])]
        items = [each[step] for each in candidates if isinstance(each, dict) and step in each]
    return items


def fits(condition: RuleCondition, values: list[Any]) -> bool:
    """Return whether all operators of `condition` hold for `values` (those found at its address)."""
    flat = [each for value in values for each in (value if isinstance(value, list) else [value])]
    texts = [each for each in flat if isinstance(each, str)]
    tests = {
        "exists": lambda wanted: bool(values) == wanted,
        "equals": lambda wanted: any(same(each, wanted) for each in flat),
        "in_": lambda wanted: any(same(each, one) for each in flat for one in wanted),
        "starts_with": lambda wanted: any(text.startswith(one) for text in texts for one in listed(wanted)),
        "contains": lambda wanted: any(
            one.lower() in text.lower() for text in texts for one in listed(wanted)
        ),
        "at_least": lambda wanted: compare(flat, lambda number: number >= wanted),
        "at_most": lambda wanted: compare(flat, lambda number: number <= wanted),
        "above": lambda wanted: compare(flat, lambda number: number > wanted),
        "below": lambda wanted: compare(flat, lambda number: number < wanted),
    }
    return all(
        test(getattr(condition, name)) for name, test in tests.items() if getattr(condition, name) is not None
    )


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def same(one: Any, other: Any) -> bool:
    return (
        isinstance(one, bool) == isinstance(other, bool)
        and isinstance(one, str) == isinstance(other, str)
        and one == other
    )


def compare(values: list[Any], test: Any) -> bool:
    """Numbers and text that is a number; one value that is neither makes the answer unknown, so false."""
    if any(isinstance(value, bool | dict | list) or value is None for value in values):
        return False
    if any(isinstance(value, str) and not NUMBER.fullmatch(value) for value in values):
        return False
    return any(test(float(value)) for value in values)
