"""What a lead still needs to become MQL, by the rules of scoring and of the KPI contract.

What it promises holds for acts of today, done by a person, after everything that has been scored.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations_with_replacement
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from leadops.db import Connection
from leadops.identity.find_lead import find_lead
from leadops.lifecycle.account_states import read_account_states
from leadops.lifecycle.decide_mqls import find_rule
from leadops.lifecycle.kpi_contract import KpiContract, MqlRule
from leadops.queries import Queries
from leadops.scoring.possible_acts import (
    PointGain,
    PossibleAct,
    PossibleActs,
    find_waiting,
    has_more_acts,
    is_scored_by,
    list_possible_acts,
)
from leadops.scoring.scoring_rules import RuleSet

queries = Queries(__file__, topic="mql_gates")

#: Ways that are listed: a person reads no more.
MAX_WAYS = 5

OutlookState = Literal[
    "mql",  # it is MQL, and its cycle has not ended
    "passes",  # its points suffice: the next run of qualify records it
    "waiting",  # scoring has to look at it first
    "blocked",  # no points can make it MQL
    "one_step",  # one act or fact suffices
    "two_steps",  # two together do
    "far",  # no two do
    "many_acts",  # it has too many acts to look at
]


class LeadStanding(NamedTuple):
    """What the gates of the MQL look at, for a person's oldest lead."""

    fit: int
    behaviour: int
    total: int
    cycle: int | None  # the latest; None: it never was MQL
    mql_at: datetime | None  # of that cycle, UTC; an import may lack it
    ended_at: datetime | None  # of that cycle, UTC; None: it goes on
    again_behaviour: int  # points of behaviour from events after that end
    only_claimed: bool
    is_erased: bool
    uncounted: str | None  # why it counts for nothing
    decays_on: date | None  # the night from which on it may lose points


@dataclass(frozen=True)
class MissingPoints:
    """The points that are missing, of each kind on its own; 0 where there are enough."""

    fit: int
    behaviour: int  # also what a further cycle asks for
    total: int

    @property
    def most(self) -> int:
        """The least number of points that can close the gaps: those of a total count wherever they are."""
        return max(self.fit + self.behaviour, self.total)


@dataclass(frozen=True)
class MqlOutlook:
    """What makes a person MQL, or why nothing can."""

    lead_id: int  # the person's oldest lead
    state: OutlookState
    because: (
        str | None
    )  # of waiting: rules, leads, acts or decay; of blocked: erased, internal, only_claimed,
    # customer or open_deal
    since: datetime | None  # of mql: since when, UTC
    has: PointGain  # the points that it has
    needs: PointGain  # the points that the contract asks for
    total: int
    needs_total: int | None  # None: the total does not matter
    missing: MissingPoints
    ways: tuple[tuple[PossibleAct, ...], ...]  # each is enough; the fewest points first
    more_ways: int  # how many further ones there are
    decays_on: date | None  # the night (local day) from which on it may lose points, so that more are missing
    is_again: bool = False  # it was MQL before, and that cycle has ended: won, lost or given back


def find_mql_outlook(
    connection: Connection,
    lead: int | str,
    *,
    rules: RuleSet,
    zone: ZoneInfo,
    contract: KpiContract,
    now: datetime,
    most_acts: int | None = None,
) -> MqlOutlook:
    """Return what the person of `lead` (a lead_id or an email) still needs to become MQL at `now` (UTC).

    One further act or fact that suffices is a way; where none does, two that do together. Facts are those
    that are not known of the person yet. `zone` is the company's, whose days the caps count. The caps depend
    on all that the person did: where that is more than `most_acts` (None: however much), no ways are sought.

    Raises PermanentError when there is no such lead.
    """
    person_id = find_lead(connection, lead).person_id
    rule = find_rule(connection, contract.active_version(now), now=now)
    standing = queries.one(connection, "read_standing", LeadStanding, person_id=person_id)
    missing = find_missing(standing, rule, PointGain(0, 0))
    state, because = _find_state(connection, person_id, standing, rule, rules=rules, zone=zone)
    ways: list[tuple[PossibleAct, ...]] = []
    if state == "far":
        if not missing.most:
            state = "passes"
        elif most_acts is not None and has_more_acts(connection, person_id, most=most_acts):
            state = "many_acts"
        else:
            possible = list_possible_acts(connection, person_id, rules=rules, zone=zone, now=now)
            state, ways = find_ways(possible, standing, rule)
    return MqlOutlook(
        lead_id=person_id,
        state=state,
        because=because,
        since=standing.mql_at if state == "mql" else None,
        has=PointGain(standing.fit, standing.behaviour),
        needs=PointGain(rule.fit, rule.behaviour),
        total=standing.total,
        needs_total=rule.total,
        missing=missing,
        ways=tuple(ways[:MAX_WAYS]),
        more_ways=max(len(ways) - MAX_WAYS, 0),
        decays_on=standing.decays_on if state in ("one_step", "two_steps") else None,
        is_again=standing.ended_at is not None,
    )


def find_missing(standing: LeadStanding, rule: MqlRule, gain: PointGain) -> MissingPoints:
    """Return what is still missing of the thresholds of `rule` once `gain` has been added."""
    behaviour = rule.behaviour - standing.behaviour - gain.behaviour
    if standing.cycle is not None:
        behaviour = max(behaviour, rule.again_behaviour - standing.again_behaviour - gain.behaviour)
    total = 0 if rule.total is None else rule.total - standing.total - gain.fit - gain.behaviour
    return MissingPoints(
        fit=max(rule.fit - standing.fit - gain.fit, 0), behaviour=max(behaviour, 0), total=max(total, 0)
    )


def find_ways(
    possible: PossibleActs, standing: LeadStanding, rule: MqlRule
) -> tuple[OutlookState, list[tuple[PossibleAct, ...]]]:
    """Return whether one step suffices, or two, or none; and the ways, those with the fewest points first."""
    for state, steps in (("one_step", 1), ("two_steps", 2)):
        ways = [
            (gain.fit + gain.behaviour, way)
            for way in _combine(possible.acts, steps, ignored=_ignores_company(rule))
            if not find_missing(standing, rule, gain := possible.gain(way)).most
        ]
        if ways:
            ways.sort(key=lambda each: (each[0], [act.rule for act in each[1]]))
            return state, [way for _, way in ways]  # type: ignore[return-value]
    return "far", []


def _combine(acts: Sequence[PossibleAct], steps: int, *, ignored: bool) -> Iterator[tuple[PossibleAct, ...]]:
    """Yield what `steps` of `acts` can be done together: an act may be done twice, a trait has one value."""
    usable = [act for act in acts if not (ignored and act.kind == "fact" and act.subject == "company")]
    for way in combinations_with_replacement(usable, steps):
        facts = [act.subject for act in way if act.kind == "fact"]
        if len(set(facts)) == len(facts):
            yield way


def _ignores_company(rule: MqlRule) -> bool:
    """Return whether the company, once it is known, may bar the lead: the contract ignores some accounts."""
    return "ignore" in rule.account.model_dump().values()


def _find_state(
    connection: Connection,
    person_id: int,
    standing: LeadStanding,
    rule: MqlRule,
    *,
    rules: RuleSet,
    zone: ZoneInfo,
) -> tuple[OutlookState, str | None]:
    """Return what stands in the way of any points, and the reason; ("far", None) where nothing does."""
    if standing.is_erased:
        return "blocked", "erased"
    if standing.uncounted is not None:
        return "blocked", standing.uncounted
    if standing.cycle is not None and standing.ended_at is None:
        return "mql", None
    if standing.only_claimed:
        return "blocked", "only_claimed"
    if _ignores_company(rule):
        account = read_account_states(connection, [person_id]).get(person_id)
        if account and getattr(rule.account, account.state) == "ignore":
            return "blocked", account.state
    if not is_scored_by(connection, rules=rules, zone=zone):
        return "waiting", "rules"
    work = find_waiting(connection, person_id)._asdict()
    return next((("waiting", name) for name, waits in work.items() if waits), ("far", None))
