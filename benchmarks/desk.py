"""A desk of salespeople, played lead by lead: a picture of the work, without any formula of waiting.

Each salesperson works on one lead at a time and finishes it. Whoever is free takes the fresh lead that has
waited longest; where no fresh lead waits, the overdue one that has waited longest. A lead is fresh until it
has waited for the SLA target.
"""

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

#: Minutes of work on the next lead.
Handling = Callable[[random.Random], float]


def exponential(minutes: float) -> Handling:
    """Return handling times that are exponential with that mean."""
    return lambda dice: dice.expovariate(1 / minutes)


def constant(minutes: float) -> Handling:
    """Return handling times that are all alike."""
    return lambda dice: minutes  # noqa: ARG005


def lognormal(minutes: float, *, spread: float) -> Handling:
    """Return lognormal handling times; `spread` is their deviation divided by their mean."""
    variance = math.log(1 + spread**2)
    return lambda dice: dice.lognormvariate(math.log(minutes) - variance / 2, math.sqrt(variance))


class Absence(NamedTuple):
    """Salespeople who work in every second period only; they finish what they began."""

    salespeople: int
    minutes: float  # of a period; they are away in the first


#: Everybody works all the time.
NOBODY_AWAY = Absence(0, math.inf)


@dataclass
class DeskDay:
    """What became of leads: how long each waited for its first contact, in the order of the contacts."""

    leads: int = 0
    waits: list[float] = field(default_factory=list)

    def share_overdue(self, target: float) -> float:
        """Return the share of all leads that were not contacted within `target` minutes."""
        return 1 - sum(wait <= target for wait in self.waits) / self.leads


def play_desk(
    *,
    salespeople: int,
    handling: Handling,
    rate: float,
    target: float,
    leads: int,
    seed: int,
    warm_up: int = 0,
    away: Absence = NOBODY_AWAY,
) -> DeskDay:
    """Let `leads` come at random, `rate` a minute, to a desk that starts empty; without the first `warm_up`.

    The desk closes when the last lead has waited for the target: leads that are overdue and were never
    contacted have no wait.
    """
    dice = random.Random(seed)
    fresh: deque[tuple[float, int]] = deque()  # when it came, and its number
    overdue: deque[tuple[float, int]] = deque()
    order = itertools.count()
    events: list[tuple[float, int, str]] = []  # (moment, tie-break, what happens)
    result = DeskDay(leads=leads - warm_up)
    busy, came = 0, 0
    closes_at = float("inf")
    heapq.heappush(events, (dice.expovariate(rate), next(order), "comes"))
    heapq.heappush(events, (away.minutes, next(order), "somebody is back"))
    while events:
        now, _, what = heapq.heappop(events)
        if now > closes_at:
            break
        if what == "comes":
            fresh.append((now, came))
            came += 1
            if came < leads:
                heapq.heappush(events, (now + dice.expovariate(rate), next(order), "comes"))
            else:
                closes_at = now + target
        elif what == "finished":
            busy -= 1
        else:
            heapq.heappush(events, (now + 2 * away.minutes, next(order), what))
        is_away = now % (2 * away.minutes) < away.minutes
        working = salespeople - away.salespeople * is_away
        while fresh and now - fresh[0][0] > target:
            overdue.append(fresh.popleft())
        while busy < working and (fresh or overdue):
            since, number = (fresh or overdue).popleft()
            busy += 1
            if number >= warm_up:
                result.waits.append(now - since)
            heapq.heappush(events, (now + handling(dice), next(order), "finished"))
    return result
