"""A small discrete-event simulation of the desk: what the formulas of waiting are held against."""

import heapq
import random
from collections import deque
from dataclasses import dataclass

from leadops.thresholds.threshold_settings import ResponseDecay
from leadops.thresholds.waiting import ServicePool, respond


@dataclass
class Played:
    at_once: float
    overdue: float
    minutes: float
    chance: float


def play(
    rate: float,
    desk: ServicePool,
    *,
    target: float,
    response: ResponseDecay,
    overdue_minutes: float,
    leads: int,
    seed: int,
) -> Played:
    """Let `leads` come one by one; fresh ones first come first served, overdue ones in the time left over.

    Somebody who works on an overdue lead leaves it at once when a fresh one comes.
    """
    dice = random.Random(seed)
    one = desk.rate / desk.places
    now, ends, line = 0.0, [], deque()
    waits, overdue, late_work, busy = [], 0, 0.0, 0.0
    for _ in range(leads):
        now += dice.expovariate(rate)
        line.append(now)
        while line:
            came = line[0]
            free = came if len(ends) < desk.places else max(came, ends[0])
            if free - came > target:
                line.popleft()
                overdue += 1
                continue
            if free > now:
                break
            line.popleft()
            if len(ends) == desk.places:
                heapq.heappop(ends)
            work = dice.expovariate(one)
            busy += work
            heapq.heappush(ends, free + work)
            waits.append(free - came)
    done = leads - len(line)
    late_work = max(0.0, now * desk.places - busy) * one
    late = min(overdue, late_work)
    gained = sum(float(respond(each, response)) for each in waits)
    gained += late * float(respond(target + overdue_minutes, response))
    return Played(
        at_once=sum(each == 0 for each in waits) / done,
        overdue=overdue / done,
        minutes=(sum(waits) + target * overdue) / done,
        chance=gained / done,
    )
