"""Decides who gets a lead, and why others were skipped; a pure function of its arguments."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime

from leadops.routing.routing_rules import Facts, RoutingRule, RoutingRules, list_forms
from leadops.routing.routing_states import AssignmentReason
from leadops.routing.team import Rep, Team


@dataclass
class RepLoad:
    """What a salesperson was given so far."""

    today: int = 0  # leads of their local day that use capacity
    served: int = 0  # leads in the window that shares are measured over
    last_at: datetime | None = None


@dataclass(frozen=True)
class RoutingRequest:
    """A lead that needs an owner; one from a backfill may wait until its owner is at work."""

    facts: Facts
    account_owner: str | None = None
    previous_owners: Set[str] = frozenset()  # in this cycle
    is_backfill: bool = False


@dataclass
class OwnerDecision:
    """Who gets the lead. With rep_id None it goes to a queue; `off_hours`: no candidate is at work."""

    rep_id: str | None = None
    why: AssignmentReason = AssignmentReason.QUEUE
    rule: str | None = None
    off_hours: bool = False
    candidates: list[Rep] = field(default_factory=list)  # who may take it by the rules that were evaluated
    passed_over: list[dict[str, object]] = field(default_factory=list)  # [{"rule", "why", "reps"}]

    def skip(self, rep_id: str, rule: str | None, why: str) -> None:
        """Record that a salesperson was skipped; those with the same rule and reason share one entry."""
        for group in self.passed_over:
            if (group["rule"], group["why"]) == (rule, why):
                reps = group["reps"]
                assert isinstance(reps, list)  # noqa: S101 - made two lines below
                reps.append(rep_id)
                return
        self.passed_over.append({"rule": rule, "why": why, "reps": [rep_id]})


def decide_owner(
    request: RoutingRequest,
    *,
    team: Team,
    loads: Mapping[str, RepLoad],
    rules: RoutingRules,
    now: datetime,
) -> OwnerDecision:
    """Return who gets a lead: the account's owner, else the one whom the first matching rule served least.

    Of those who cover the lead, are at work and have capacity, the one with the smallest
    (leads served + 1) / weight gets it; ties go to the one whose last lead is longest ago, then to the lowest
    id. `loads` has an entry for each salesperson of `team`; `now` is timezone-aware.
    """
    decision = OwnerDecision()
    if request.account_owner is not None and _choose_account_owner(
        decision, request, team=team, loads=loads, rules=rules, now=now
    ):
        return decision
    for rule in rules.rules:
        if not rule.matches(request.facts):
            continue
        pool = _find_pool(decision, rule, request, team)
        if not pool:
            continue
        decision.rule = rule.name
        decision.candidates += [rep for rep in pool if rep not in decision.candidates]
        free = []
        for rep in pool:
            reason = find_obstacle(rep, request, loads[rep.rep_id], now=now)
            if reason:
                decision.skip(rep.rep_id, rule.name, reason)
            else:
                free.append(rep)
        if free:
            _choose_least_served(decision, free, rule, loads=loads)
            return decision
        if rule.if_nobody == "wait":
            break
    decision.off_hours = bool(decision.candidates) and not any(
        rep.is_at_work(now) for rep in decision.candidates
    )
    return decision


def find_obstacle(
    rep: Rep, request: RoutingRequest, load: RepLoad, *, now: datetime, beyond_capacity: bool = False
) -> str | None:
    """Return why `rep` cannot take the lead at `now`, or None if they can."""
    if rep.excluded:
        return rep.excluded
    if rep.fault:
        return f"profile cannot be read: {rep.fault}"
    if rep.rep_id in request.previous_owners:
        return "had this lead before"
    if rep.is_away(rep.local_day(now)):
        return "is away"
    if request.is_backfill:
        return None
    if not rep.is_at_work(now):
        return "does not work now"
    if load.today >= rep.capacity and not beyond_capacity:
        return f"has had {load.today} leads today, capacity {rep.capacity}"
    return None


def share_key(rep: Rep, load: RepLoad) -> tuple[float, float, str]:
    """Return the sort key of free salespeople: least served by weight, longest without a lead, id."""
    return (
        (load.served + 1) / rep.weight,
        load.last_at.timestamp() if load.last_at else float("-inf"),
        rep.rep_id,
    )


def _choose_account_owner(
    decision: OwnerDecision,
    request: RoutingRequest,
    *,
    team: Team,
    loads: Mapping[str, RepLoad],
    rules: RoutingRules,
    now: datetime,
) -> bool:
    """Give the lead to the account's owner if they can take it; return whether they can."""
    rep = team.find(request.account_owner or "")
    if rep is None:
        reason: str | None = "has left"
    else:
        reason = find_obstacle(
            rep,
            request,
            loads[rep.rep_id],
            now=now,
            beyond_capacity=rules.account_owner_beyond_capacity,
        )
    if reason:
        decision.skip(request.account_owner or "", None, f"owns the account, but {reason}")
        return False
    decision.rep_id, decision.why = request.account_owner, AssignmentReason.ACCOUNT
    return True


def _find_pool(decision: OwnerDecision, rule: RoutingRule, request: RoutingRequest, team: Team) -> list[Rep]:
    """Return who may take the lead by `rule`; if anybody may, record why the others may not."""
    pool, mismatches = [], []
    for rep in team:
        reason = _find_mismatch(rep, rule, request.facts)
        if reason:
            mismatches.append((rep.rep_id, reason))
        else:
            pool.append(rep)
    if pool:
        for rep_id, reason in mismatches:
            decision.skip(rep_id, rule.name, reason)
    return pool


def _find_mismatch(rep: Rep, rule: RoutingRule, facts: Facts) -> str | None:
    if rep.excluded:
        return rep.excluded
    if rule.reps is not None and rep.rep_id not in rule.reps:
        return "is not named by the rule"
    missing = [name for name in rule.same if rep.covers[name].isdisjoint(list_forms(name, facts[name]))]
    return "does not cover " + ", ".join(f"{name} {facts[name]}" for name in missing) if missing else None


def _choose_least_served(
    decision: OwnerDecision, free: list[Rep], rule: RoutingRule, *, loads: Mapping[str, RepLoad]
) -> None:
    chosen, *others = sorted(free, key=lambda rep: share_key(rep, loads[rep.rep_id]))
    for rep in others:
        load = loads[rep.rep_id]
        decision.skip(rep.rep_id, rule.name, f"had {load.served} leads lately, weight {rep.weight:g}")
    decision.rep_id, decision.why, decision.rule = chosen.rep_id, AssignmentReason.SHARE, rule.name
