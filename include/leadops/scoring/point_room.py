"""How many points further acts of a lead would get today: what its earlier acts leave under the caps."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from leadops.scoring.scoring_rules import BehaviourRule, Caps, RuleSet


class RuleDay(NamedTuple):
    """How many acts of a lead a behaviour rule fits on one day of the company's zone."""

    rule: str
    day: date
    acts: int


class PointRoom:
    """The caps of a rule set, filled by what a lead has done; `award` says what more acts would give today.

    Caps are filters in turn, as in differences.sql: the rule's per day and per lead, then the group's. Rules
    of a group have one sign, so sums do not depend on the order of the acts within a day.
    """

    def __init__(self, rules: RuleSet, rule_days: Iterable[RuleDay], *, today: date) -> None:
        self._rules = {rule.name: rule for rule in rules.behaviour}
        self._groups = rules.groups
        self._today = today
        self._used = Counter[tuple[object, ...]]()
        for rule_day in sorted(rule_days, key=lambda each: each.day):
            self._take(rule_day.rule, rule_day.day, rule_day.acts, self._used)

    def award(self, acts: Iterable[Sequence[str]]) -> int:
        """Return the points of `acts`, one after the other today; of each the names of the rules it fits."""
        used = self._used.copy()
        return sum(self._take(name, self._today, 1, used) for names in acts for name in sorted(names))

    def _take(self, name: str, day: date, acts: int, used: Counter[tuple[object, ...]]) -> int:
        rule = self._rules[name]
        amount = acts * abs(rule.points)
        for key, cap in self._list_caps(rule, day):
            if cap is not None:
                amount = min(amount, cap - used[key])
            used[key] += amount
        return amount if rule.points > 0 else -amount

    def _list_caps(self, rule: BehaviourRule, day: date) -> Iterable[tuple[tuple[object, ...], int | None]]:
        group = self._groups[rule.group] if rule.group else Caps()
        yield ("rule", rule.name, day), rule.cap_per_day
        yield ("rule", rule.name), rule.cap_per_lead
        yield ("group", rule.group, day), group.cap_per_day
        yield ("group", rule.group), group.cap_per_lead
