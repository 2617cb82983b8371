"""The rules as the parameters of the statements that award points and let them decay."""

from itertools import takewhile
from typing import NamedTuple

from psycopg.types.json import Jsonb

from leadops.scoring.scoring_rules import Caps, DecayCurve, RuleSet


class AwardParameters(NamedTuple):
    """The behaviour rules and the fit rules, each a JSON list of objects."""

    behaviour: Jsonb
    fit: Jsonb


def award_parameters(rules: RuleSet) -> AwardParameters:
    """Return the parameters of the statements of differences.sql.

    Rules and groups are numbered by name, so that ties are broken alike whatever the order of the file.
    """
    groups = {name: number for number, name in enumerate(sorted(rules.groups))}
    page_rules, paths = rules.page_rules(), _find_paths(rules)
    behaviour = [
        {
            "number": number,
            "name": rule.name,
            "event": rule.event,
            "path": paths[rule.event],
            "condition": page_rules.condition(rule),
            "points": rule.points,
            "day_cap": rule.cap_per_day,
            "lead_cap": rule.cap_per_lead,
            "group_number": groups.get(rule.group) if rule.group else None,
            "group_day_cap": _group_caps(rules, rule.group).cap_per_day,
            "group_lead_cap": _group_caps(rules, rule.group).cap_per_lead,
        }
        for number, rule in enumerate(sorted(rules.behaviour, key=lambda rule: rule.name))
    ]
    fit = [
        {"name": rule.name, "trait": rule.trait, "condition": rule.condition(), "points": rule.points}
        for rule in rules.fit
    ]
    return AwardParameters(Jsonb(behaviour), Jsonb(fit))


def _find_paths(rules: RuleSet) -> dict[str, list[str] | None]:
    """Return, for each event with rules, the steps to all that these look at; None where that is nothing.

    The steps are those that all addresses of its rules begin with: context and page, or none (all it holds).
    """
    addresses: dict[str, list[list[str]]] = {}
    for rule in rules.behaviour:
        addresses.setdefault(rule.event, []).extend(address.split(".") for address in rule.when)
    return {event: _find_common_steps(theirs) if theirs else None for event, theirs in addresses.items()}


def _find_common_steps(addresses: list[list[str]]) -> list[str]:
    """Return up to two steps that all `addresses` begin with: what the first and the last in order share."""
    pairs = zip(min(addresses), max(addresses), strict=False)
    return [step for step, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)][:2]


def decay_curves(rules: RuleSet) -> Jsonb:
    """Return how each rule decays, as a JSON list; the object without a rule is for all others."""
    decay = rules.decay
    curves = [_curve(None, decay)]
    for rule in rules.behaviour if decay else ():
        own = decay.rules.get(rule.name) or decay.groups.get(rule.group or "") if decay else None
        if own:
            curves.append(_curve(rule.name, own))
    return Jsonb(curves)


def _curve(rule: str | None, curve: DecayCurve | None) -> dict[str, str | float | None]:
    return {
        "rule": rule,
        "half_life": curve.half_life_days if curve else None,
        "grace": curve.grace_days if curve else 0,
        "floor": curve.floor if curve else 1,
    }


def _group_caps(rules: RuleSet, name: str | None) -> Caps:
    return rules.groups[name] if name else Caps()
