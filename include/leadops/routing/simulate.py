"""Plays past MQLs through other rules: who would have got how many, and how long leads would have waited."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from heapq import merge
from itertools import groupby
from typing import Any

from leadops.db import Connection, load_sql
from leadops.routing.decide import Asking, Load, decide
from leadops.routing.rules import RoutingRules
from leadops.routing.team import Rep, Team

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class PastLead:
    """A live MQL of the past, with the facts that are known of it today."""

    lead_id: int
    qualified_at: datetime
    account: str
    traits: Mapping[str, Any]


@dataclass
class Simulated:
    """What would have become of the leads; waits are minutes from MQL to owner."""

    leads: int = 0
    by_rep: Counter[str] = field(default_factory=Counter)
    busiest_day: dict[str, int] = field(default_factory=dict)  # most leads of one local day
    waits: list[float] = field(default_factory=list)  # of those that got an owner
    waits_so_far: list[float] = field(default_factory=list)  # of those that nobody has at the end

    @property
    def still_waiting(self) -> int:
        """How many leads nobody has at the end."""
        return len(self.waits_so_far)

    def wait(self, share: float) -> float | None:
        """Return the wait (minutes) that `share` of the leads did not exceed; None where nobody got an owner.

        Who still waits counts with the time so far, so that rules that leave leads behind do not look quick.
        """
        ordered = sorted(self.waits + self.waits_so_far)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if self.waits else None

    @property
    def at_once(self) -> int:
        """How many leads had an owner in the minute in which they qualified."""
        return sum(wait < 1 for wait in self.waits)


def read_past(connection: Connection, *, since: datetime, now: datetime) -> list[PastLead]:
    """Return the live MQLs of (since, now], the oldest first."""
    rows = connection.execute(load_sql("leadops.routing", "list_mqls"), {"since": since, "now": now})
    return [PastLead(*row) for row in rows]


def simulate(leads: list[PastLead], *, team: Team, rules: RoutingRules, until: datetime) -> Simulated:
    """Route `leads` by `rules` with the salespeople of today, from an empty record, up to `until`.

    Between the moments at which somebody's work or day begins, nothing gets free: those and the MQLs
    themselves are all moments that are looked at. Moving on after a breach is not played.
    """
    play = _Play(team, rules)
    done = Simulated(leads=len(leads))
    if not leads:
        return done
    waiting: list[PastLead] = []
    come = ((lead.qualified_at, lead) for lead in leads)
    wake = ((moment, None) for moment in _moments(team, leads[0].qualified_at, until))
    for now, group in groupby(merge(come, wake, key=lambda event: event[0]), key=lambda event: event[0]):
        waiting += [lead for _, lead in group if lead is not None]
        left = None
        while left != waiting:  # the new owner of an account may take what waits of it
            left, waiting = waiting, [lead for lead in waiting if not play.give(lead, now, done)]
    done.waits_so_far = [(until - lead.qualified_at) / MINUTE for lead in waiting]
    for rep in team:
        days = Counter(rep.local_day(moment) for moment in play.given[rep.rep_id])
        done.busiest_day[rep.rep_id] = max(days.values(), default=0)
    return done


class _Play:
    """The salespeople, and what they were given so far."""

    def __init__(self, team: Team, rules: RoutingRules) -> None:
        self._team, self._rules = team, rules
        self._owners: dict[str, str] = {}
        self.given: dict[str, list[datetime]] = {rep.rep_id: [] for rep in team}

    def give(self, lead: PastLead, now: datetime, done: Simulated) -> bool:
        """Find somebody for the lead; return whether there is."""
        facts = self._rules.complete({name: str(value) for name, value in lead.traits.items()})
        decision = decide(
            Asking(facts, self._owners.get(lead.account)),
            team=self._team,
            loads={rep.rep_id: self._load(rep, now) for rep in self._team},
            rules=self._rules,
            now=now,
        )
        if decision.rep_id is None:
            return False
        self._owners.setdefault(lead.account, decision.rep_id)
        self.given[decision.rep_id].append(now)
        done.by_rep[decision.rep_id] += 1
        done.waits.append((now - lead.qualified_at) / MINUTE)
        return True

    def _load(self, rep: Rep, now: datetime) -> Load:
        given = self.given[rep.rep_id]
        return Load(
            today=len(given) - bisect_left(given, rep.day_start(now)),
            served=len(given) - bisect_right(given, now - timedelta(days=self._rules.window_days)),
            last_at=given[-1] if given else None,
        )


def _moments(team: Team, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield, in order, when somebody begins to work or gets a new day."""
    moments: set[datetime] = set()
    for rep in team:
        day = rep.local_day(since)
        while day <= rep.local_day(until):
            moments.add(datetime.combine(day, time(), rep.zone).astimezone(UTC))
            moments |= {start for start, _ in rep.counted(day)}
            day += timedelta(days=1)
    yield from sorted(moment for moment in moments if since < moment <= until)
