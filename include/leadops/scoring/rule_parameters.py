"""The rules as the parameters of the statements that award points and let them decay."""

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
    page_rules = rules.page_rules()
    behaviour = [
        {
            "number": number,
            "name": rule.name,
            "event": rule.event,
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
