"""Simulates rules on past MQLs: how many leads each salesperson would get, and how long leads would wait."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import merge
from itertools import groupby
from typing import Any

from leadops.calendar.local_days import local_midnight
from leadops.db import Connection
from leadops.queries import Queries
from leadops.routing.decide_owner import RepLoad, RoutingRequest, decide_owner
from leadops.routing.pending import name_account
from leadops.routing.routing_rules import RoutingRules
from leadops.routing.team import Rep, Team

queries = Queries(__file__, topic="pending")

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class PastMql:
    """A live MQL of the past, with the facts known about it today."""

    lead_id: int
    qualified_at: datetime
    account_id: int | None  # of identity
    traits: Mapping[str, Any]

    @property
    def account(self) -> str:
        """The account whose owner gets it."""
        return name_account(self.lead_id, self.account_id, self.traits)


@dataclass
class RoutingSimulation:
    """The outcome of a simulation; waits are minutes from MQL to owner."""

    leads: int = 0
    by_rep: Counter[str] = field(default_factory=Counter)
    busiest_day: dict[str, int] = field(default_factory=dict)  # most leads of one local day
    waits: list[float] = field(default_factory=list)  # of those that got an owner
    waits_so_far: list[float] = field(default_factory=list)  # of those without an owner at the end

    @property
    def still_waiting(self) -> int:
        """The number of leads without an owner at the end."""
        return len(self.waits_so_far)

    def wait(self, share: float) -> float | None:
        """Return the wait (minutes) that `share` of the leads did not exceed; None if no lead got an owner.

        Leads that still wait count with their time so far; otherwise rules that leave leads behind look fast.
        """
        ordered = sorted(self.waits + self.waits_so_far)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if self.waits else None

    @property
    def at_once(self) -> int:
        """The number of leads that got an owner within a minute."""
        return sum(wait < 1 for wait in self.waits)


def read_past_mqls(connection: Connection, *, since: datetime, now: datetime) -> list[PastMql]:
    """Return the live MQLs of (since, now], oldest first."""
    return queries.all(connection, "list_past_mqls", PastMql, since=since, now=now)


def simulate(leads: list[PastMql], *, team: Team, rules: RoutingRules, until: datetime) -> RoutingSimulation:
    """Route `leads` by `rules` with today's salespeople, starting without assignments, up to `until`.

    Capacity becomes free only when somebody's shift or day begins, so the simulation evaluates those moments
    and the MQLs themselves. It does not simulate moving on after a breach.
    """
    simulator = _Simulator(team, rules)
    result = RoutingSimulation(leads=len(leads))
    if not leads:
        return result
    waiting: list[PastMql] = []
    arrivals = ((lead.qualified_at, lead) for lead in leads)
    wakeups = ((moment, None) for moment in _list_moments(team, leads[0].qualified_at, until))
    events = merge(arrivals, wakeups, key=lambda event: event[0])
    for now, group in groupby(events, key=lambda event: event[0]):
        waiting += [lead for _, lead in group if lead is not None]
        left = None
        while left != waiting:  # the new owner of an account may take what waits of it
            left, waiting = waiting, [lead for lead in waiting if not simulator.assign(lead, now, result)]
    result.waits_so_far = [(until - lead.qualified_at) / MINUTE for lead in waiting]
    for rep in team:
        days = Counter(rep.local_day(moment) for moment in simulator.given[rep.rep_id])
        result.busiest_day[rep.rep_id] = max(days.values(), default=0)
    return result


class _Simulator:
    """The salespeople and what they were given so far."""

    def __init__(self, team: Team, rules: RoutingRules) -> None:
        self._team, self._rules = team, rules
        self._owners: dict[str, str] = {}
        self.given: dict[str, list[datetime]] = {rep.rep_id: [] for rep in team}

    def assign(self, lead: PastMql, now: datetime, result: RoutingSimulation) -> bool:
        """Assign the lead if somebody is free; return whether anybody is."""
        facts = self._rules.complete_facts({name: str(value) for name, value in lead.traits.items()})
        decision = decide_owner(
            RoutingRequest(facts, self._owners.get(lead.account)),
            team=self._team,
            loads={rep.rep_id: self._load(rep, now) for rep in self._team},
            rules=self._rules,
            now=now,
        )
        if decision.rep_id is None:
            return False
        self._owners.setdefault(lead.account, decision.rep_id)
        self.given[decision.rep_id].append(now)
        result.by_rep[decision.rep_id] += 1
        result.waits.append((now - lead.qualified_at) / MINUTE)
        return True

    def _load(self, rep: Rep, now: datetime) -> RepLoad:
        given = self.given[rep.rep_id]
        return RepLoad(
            today=len(given) - bisect_left(given, rep.day_start(now)),
            served=len(given) - bisect_right(given, now - timedelta(days=self._rules.window_days)),
            last_at=given[-1] if given else None,
        )


def _list_moments(team: Team, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield, in order, the moments at which somebody's shift or local day begins."""
    moments: set[datetime] = set()
    for rep in team:
        day = rep.local_day(since)
        while day <= rep.local_day(until):
            moments.add(local_midnight(day, rep.zone))
            moments |= {start for start, _ in rep.counted(day)}
            day += timedelta(days=1)
    yield from sorted(moment for moment in moments if since < moment <= until)
