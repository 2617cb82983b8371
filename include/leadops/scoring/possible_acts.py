"""What a lead could do, or leadops could learn of it, that gives it points: by the rules themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.normalization.trait_values import compare_trait
from leadops.queries import Queries
from leadops.scoring.active_rules import is_active
from leadops.scoring.example_acts import make_example, make_value
from leadops.scoring.point_room import PointRoom, RuleDay
from leadops.scoring.rule_parameters import award_parameters
from leadops.scoring.scoring_rules import RuleSet

queries = Queries(__file__, topic="explain_score")

#: Traits that no event can say: they follow from the address.
DERIVED_TRAITS = ("email_domain",)


@dataclass(frozen=True)
class PossibleAct:
    """An act that a person may do today, or a fact that is not known of them yet, and the rule for it."""

    kind: Literal["act", "fact"]
    rule: str
    subject: str  # the event's name, or the trait
    example: dict[str, Any]  # of an act its payload; of a fact {trait: value}
    points: int  # that it alone gives this lead now, under all caps
    rules: tuple[str, ...]  # all rules that it fits


@dataclass(frozen=True)
class PointGain:
    """The points that acts and facts would add."""

    fit: int
    behaviour: int


class FittingRule(NamedTuple):
    """An example, by its place, and a rule that it fits."""

    place: int
    rule: str


class UnscoredWork(NamedTuple):
    """What of a lead scoring has not looked at yet."""

    leads: bool  # it waits to be scored
    acts: bool  # acts through mails wait for evidence
    decay: bool  # it has not lost yet what the last night takes


@dataclass(frozen=True)
class PossibleActs:
    """What would give a lead points, the most points first."""

    acts: list[PossibleAct]
    room: PointRoom
    fit_points: dict[str, int]  # fit rule -> its points

    def gain(self, acts: Sequence[PossibleAct]) -> PointGain:
        """Return what `acts` would give together, done one after the other today."""
        return PointGain(
            fit=sum(self.fit_points[rule] for act in acts if act.kind == "fact" for rule in act.rules),
            behaviour=self.room.award(act.rules for act in acts if act.kind == "act"),
        )


def list_possible_acts(
    connection: Connection, person_id: int, *, rules: RuleSet, zone: ZoneInfo, now: datetime
) -> PossibleActs:
    """Return what would give the person, by their oldest lead, points at `now` (UTC): one example a rule.

    An act is the smallest event that fits its rule, after all that the person has done. A fact is a trait
    that nobody has said of them. Acts that give nothing, because a cap is full, are left out.
    """
    members: list[int] = queries.values(connection, "list_person", person_id=person_id)
    parameters = award_parameters(rules)
    rule_days = queries.all(
        connection,
        "list_rule_days",
        RuleDay,
        lead_ids=members,
        behaviour=parameters.behaviour,
        zone=zone.key,
    )
    room = PointRoom(rules, rule_days, today=now.astimezone(zone).date())
    known = set(queries.values(connection, "list_traits", lead_ids=members))
    found = PossibleActs([], room, {rule.name: rule.points for rule in rules.fit})
    acts = [*_list_acts(connection, rules), *_list_facts(connection, rules, known)]
    for act in acts:
        gain = found.gain([act])
        if gain.fit + gain.behaviour > 0 and act.rule in act.rules:
            found.acts.append(
                PossibleAct(
                    act.kind, act.rule, act.subject, act.example, gain.fit + gain.behaviour, act.rules
                )
            )
    found.acts.sort(key=lambda act: (-act.points, act.rule))
    return found


def has_more_acts(connection: Connection, person_id: int, *, most: int) -> bool:
    """Return whether the person, by their oldest lead, has more than `most` acts, claims too."""
    members: list[int] = queries.values(connection, "list_person", person_id=person_id)
    has_more: bool = queries.value(connection, "has_more_acts", lead_ids=members, most=most)
    return has_more


def find_waiting(connection: Connection, person_id: int) -> UnscoredWork:
    """Return what scoring still has to do with the person's leads before their score is up to date."""
    members: list[int] = queries.values(connection, "list_person", person_id=person_id)
    return queries.one(connection, "find_waiting", UnscoredWork, lead_ids=members, person_id=person_id)


def is_scored_by(connection: Connection, *, rules: RuleSet, zone: ZoneInfo) -> bool:
    """Return whether the newest rules on record are `rules` under `zone`."""
    return is_active(connection, rules=rules, zone=zone)


def _list_acts(connection: Connection, rules: RuleSet) -> list[PossibleAct]:
    examples = [(rule, make_example(rule)) for rule in rules.behaviour if rule.points > 0]
    fitting = queries.all(
        connection,
        "match_acts",
        FittingRule,
        acts=Jsonb(
            [
                {"place": place, "event": rule.event, "payload": payload}
                for place, (rule, payload) in enumerate(examples)
            ]
        ),
        behaviour=award_parameters(rules).behaviour,
    )
    return [
        PossibleAct("act", rule.name, rule.event, payload, 0, _rules_at(place, fitting))
        for place, (rule, payload) in enumerate(examples)
    ]


def _list_facts(connection: Connection, rules: RuleSet, known: set[str]) -> list[PossibleAct]:
    examples = [
        (rule, make_value(rule.when))
        for rule in rules.fit
        if rule.points > 0 and rule.trait not in known and rule.trait not in DERIVED_TRAITS
    ]
    fitting = queries.all(
        connection,
        "match_facts",
        FittingRule,
        facts=Jsonb(
            [
                {"place": place, "trait": rule.trait, "value": compare_trait(rule.trait, value)}
                for place, (rule, value) in enumerate(examples)
                if value is not None
            ]
        ),
        fit=award_parameters(rules).fit,
    )
    return [
        PossibleAct("fact", rule.name, rule.trait, {rule.trait: value}, 0, _rules_at(place, fitting))
        for place, (rule, value) in enumerate(examples)
    ]


def _rules_at(place: int, fitting: Sequence[FittingRule]) -> tuple[str, ...]:
    return tuple(each.rule for each in fitting if each.place == place)
