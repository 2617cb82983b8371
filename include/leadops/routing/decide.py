"""Who gets a lead, and who was passed over and why; a pure function of what is known."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from leadops.routing.rules import Facts, RoutingRules, Rule, fold
from leadops.routing.team import Rep, Team


@dataclass
class Load:
    """What a salesperson was given so far."""

    today: int = 0  # leads of this local day that use capacity
    served: int = 0  # leads in the window of fairness
    last_at: datetime | None = None


@dataclass(frozen=True)
class Asking:
    """A lead that needs somebody; a quiet one comes from a backfill and may wait until they are at work."""

    facts: Facts
    owner: str | None = None  # whose account it is
    had: Set[str] = frozenset()  # who had it before in this cycle
    is_quiet: bool = False


@dataclass
class Decision:
    """To whom it goes; rep_id None: to a queue, `off_hours` when nobody who may take it is at work."""

    rep_id: str | None = None
    why: Literal["account", "share", "queue"] = "queue"
    rule: str | None = None
    off_hours: bool = False
    asked: list[Rep] = field(default_factory=list)  # who may take it by the rules that were looked at
    passed_over: list[dict[str, object]] = field(default_factory=list)

    def pass_over(self, rep_id: str, rule: str | None, why: str) -> None:
        """Note that somebody was passed over; those with the same reason stand together."""
        for group in self.passed_over:
            if (group["rule"], group["why"]) == (rule, why):
                reps = group["reps"]
                assert isinstance(reps, list)  # noqa: S101 - made two lines below
                reps.append(rep_id)
                return
        self.passed_over.append({"rule": rule, "why": why, "reps": [rep_id]})


def decide(
    asking: Asking, *, team: Team, loads: Mapping[str, Load], rules: RoutingRules, now: datetime
) -> Decision:
    """Return who gets a lead: the account's owner, else the least served by weight of the first rule.

    Of those who cover the lead, are at work and have capacity, the one with the smallest
    (leads served + 1) / weight gets it; then the one whose last lead is longest ago; then by id.
    """
    decision = Decision()
    if asking.owner is not None and _ask_owner(
        decision, asking, team=team, loads=loads, rules=rules, now=now
    ):
        return decision
    for rule in rules.rules:
        if not rule.fits(asking.facts):
            continue
        pool = _find_pool(decision, rule, asking, team)
        if not pool:
            continue
        decision.rule = rule.name
        decision.asked += [rep for rep in pool if rep not in decision.asked]
        free = []
        for rep in pool:
            reason = refusal(rep, asking, loads[rep.rep_id], now=now)
            if reason:
                decision.pass_over(rep.rep_id, rule.name, reason)
            else:
                free.append(rep)
        if free:
            _give(decision, free, rule, loads=loads)
            return decision
        if rule.if_nobody == "wait":
            break
    decision.off_hours = bool(decision.asked) and not any(rep.is_at_work(now) for rep in decision.asked)
    return decision


def refusal(
    rep: Rep, asking: Asking, load: Load, *, now: datetime, beyond_capacity: bool = False
) -> str | None:
    """Return why `rep` cannot take the lead at `now`; None: they can."""
    if rep.fault:
        return f"profile cannot be read: {rep.fault}"
    if rep.rep_id in asking.had:
        return "had this lead before"
    if rep.is_away(rep.local_day(now)):
        return "is away"
    if asking.is_quiet:
        return None
    if not rep.is_at_work(now):
        return "does not work now"
    if load.today >= rep.capacity and not beyond_capacity:
        return f"has had {load.today} leads today, capacity {rep.capacity}"
    return None


def share_key(rep: Rep, load: Load) -> tuple[float, float, str]:
    """Return by what the free ones are ordered: least served by weight, longest without, id."""
    return (
        (load.served + 1) / rep.weight,
        load.last_at.timestamp() if load.last_at else float("-inf"),
        rep.rep_id,
    )


def _ask_owner(
    decision: Decision,
    asking: Asking,
    *,
    team: Team,
    loads: Mapping[str, Load],
    rules: RoutingRules,
    now: datetime,
) -> bool:
    """Give the lead to the account's owner where they can take it; return whether they can."""
    rep = team.find(asking.owner or "")
    if rep is None:
        reason: str | None = "has left"
    else:
        reason = refusal(
            rep,
            asking,
            loads[rep.rep_id],
            now=now,
            beyond_capacity=rules.account_owner_beyond_capacity,
        )
    if reason:
        decision.pass_over(asking.owner or "", None, f"owns the account, but {reason}")
        return False
    decision.rep_id, decision.why = asking.owner, "account"
    return True


def _find_pool(decision: Decision, rule: Rule, asking: Asking, team: Team) -> list[Rep]:
    """Return who may take the lead by `rule`."""
    pool, unfit = [], []
    for rep in team:
        reason = _misfit(rep, rule, asking.facts)
        if reason:
            unfit.append((rep.rep_id, reason))
        else:
            pool.append(rep)
    if pool:
        for rep_id, reason in unfit:
            decision.pass_over(rep_id, rule.name, reason)
    return pool


def _misfit(rep: Rep, rule: Rule, facts: Facts) -> str | None:
    if rule.reps is not None and rep.rep_id not in rule.reps:
        return "is not named by the rule"
    missing = [name for name in rule.same if fold(facts[name]) not in rep.covers[name]]
    return "does not cover " + ", ".join(f"{name} {facts[name]}" for name in missing) if missing else None


def _give(decision: Decision, free: list[Rep], rule: Rule, *, loads: Mapping[str, Load]) -> None:
    """Give the lead to the least served of `free`."""
    chosen, *others = sorted(free, key=lambda rep: share_key(rep, loads[rep.rep_id]))
    for rep in others:
        load = loads[rep.rep_id]
        decision.pass_over(rep.rep_id, rule.name, f"had {load.served} leads lately, weight {rep.weight:g}")
    decision.rep_id, decision.why, decision.rule = chosen.rep_id, "share", rule.name
