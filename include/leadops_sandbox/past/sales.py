"""What sales does with an MQL: who gets it, how long the answer takes, and what comes of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple

from leadops_sandbox.past.company import BAD_WEEK, REPS, Calendar, Rep
from leadops_sandbox.past.visits import Lead

OPENS, CLOSES = time(9), time(18)
#: A lead that is taken and contacted within so long is a SAL.
SAL_WITHIN = timedelta(hours=24)
#: The share of MQLs that nobody ever answers.
FORGOTTEN = 0.03
#: Of leads with fewer points in all none becomes SQL.
LEAST_TOTAL = 75


class Mql(NamedTuple):
    """When a lead became MQL, with how many points in all, and how often it had looked at the prices."""

    at: datetime
    total: int
    price_views: int


class Activity(NamedTuple):
    """One entry of a salesperson in the CRM."""

    at: datetime
    kind: str
    status: str = ""
    details: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Sale:
    """The story of an MQL in sales; what has not happened is None."""

    mql: Mql
    rep: str
    activities: tuple[Activity, ...] = ()
    sal_at: datetime | None = None
    sql_at: datetime | None = None
    won_at: datetime | None = None
    lost_at: datetime | None = None
    amount: int | None = None  # yen, of a won deal; None: nobody wrote it down

    def list_stages(self) -> list[tuple[str, datetime]]:
        """Return its stages in the order of the funnel."""
        stages = (
            ("mql", self.mql.at),
            ("sal", self.sal_at),
            ("sql", self.sql_at),
            ("won", self.won_at),
            ("lost", self.lost_at),
        )
        return [(name, at) for name, at in stages if at is not None]


def sell(seed: int, lead: Lead, mql: Mql, *, calendar: Calendar) -> Sale:
    """Return what sales does with `lead` from its MQL on, without an end in time."""
    rng = Random(f"{seed}:sale:{lead.number}")
    day = calendar.number_of(mql.at.date())
    rep = _choose_rep(rng, day)
    if rng.random() < FORGOTTEN:
        return Sale(mql, rep.id)
    is_bad = day in BAD_WEEK
    minutes = rep.median_minutes * math.exp(rng.gauss(0, 0.8)) * (6 if is_bad else 1)
    taken_at = add_working_minutes(mql.at, minutes, rep=rep, calendar=calendar)
    called_at = taken_at + timedelta(minutes=rng.randint(1, 12))
    activities = [Activity(taken_at, "status", "taken"), Activity(called_at, "call")]
    sal_at = called_at if called_at <= mql.at + SAL_WITHIN else None
    if rng.random() >= find_chance(lead, mql, minutes=minutes, day=day):
        if rng.random() < 0.85:
            lost_at = called_at + timedelta(days=rng.uniform(1, 25))
            activities.append(
                Activity(lost_at, "status", "lost", {"reason": rng.choice(("no need", "no answer"))})
            )
            return Sale(mql, rep.id, tuple(activities), sal_at, lost_at=lost_at)
        return Sale(mql, rep.id, tuple(activities), sal_at)
    sql_at = called_at + timedelta(days=rng.uniform(1, 16))
    met = {"need": True, "budget": True, "authority": rng.random() < 0.6}
    meeting = (sql_at + timedelta(days=rng.randint(2, 9))).isoformat()
    activities.append(Activity(sql_at, "status", "bant", met | {"next_meeting_at": meeting}))
    end = sql_at + timedelta(days=rng.uniform(8, 50))
    if rng.random() < 0.24 + 0.0004 * day:
        amount = rng.randrange(900_000, 6_000_000, 50_000) if rng.random() > 0.08 else None
        activities.append(Activity(end, "status", "won", {"amount": amount} if amount else {}))
        return Sale(mql, rep.id, tuple(activities), sal_at, sql_at, won_at=end, amount=amount)
    activities.append(
        Activity(end, "status", "lost", {"reason": rng.choice(("price", "competitor", "later"))})
    )
    return Sale(mql, rep.id, tuple(activities), sal_at, sql_at, lost_at=end)


def cut_off(sale: Sale, end: datetime) -> Sale:
    """Return as much of `sale` as has happened before `end`."""

    def before(at: datetime | None) -> datetime | None:
        return at if at is not None and at < end else None

    won_at = before(sale.won_at)
    return Sale(
        sale.mql,
        sale.rep,
        tuple(activity for activity in sale.activities if activity.at < end),
        before(sale.sal_at),
        before(sale.sql_at),
        won_at,
        before(sale.lost_at),
        sale.amount if won_at else None,
    )


def find_chance(lead: Lead, mql: Mql, *, minutes: float, day: int) -> float:
    """Return the chance (0 to 1) that the lead becomes SQL when it is answered after these working minutes.

    Below LEAST_TOTAL points nobody does. Above, it grows with the points, the size of the company and the
    looks at the prices, and slowly over the half year; it falls with the wait.
    """
    if mql.total < LEAST_TOTAL:
        return 0.0
    logit = -2.9 + 0.045 * (mql.total - 90) + lead.campaign.wish + 0.55 * mql.price_views
    logit += 0.8 if int(lead.traits["employees"]) >= 400 else 0.0
    logit += 0.5 if lead.traits["industry"] in ("software", "manufacturing") else 0.0
    logit += 0.003 * day - 0.25 * min(minutes / 60, 4)
    logit -= 0.7 if day in BAD_WEEK else 0.0
    return 1 / (1 + math.exp(-logit))


def add_working_minutes(at: datetime, minutes: float, *, rep: Rep, calendar: Calendar) -> datetime:
    """Return when `minutes` of the working time of `rep` are over since `at`."""
    left = timedelta(minutes=minutes)
    now = at.astimezone(rep.zone)
    while True:
        opens = datetime.combine(now.date(), OPENS, rep.zone)
        closes = datetime.combine(now.date(), CLOSES, rep.zone)
        is_away = calendar.number_of(now.date()) in rep.away
        if now.weekday() < 5 and not is_away and now < closes:
            now = max(now, opens)
            if now + left < closes:
                return (now + left).astimezone(at.tzinfo)
            left -= closes - now
        now = datetime.combine(now.date() + timedelta(days=1), OPENS, rep.zone)


def _choose_rep(rng: Random, day: int) -> Rep:
    present = [rep for rep in REPS if day not in rep.away]
    return rng.choices(present, [rep.share for rep in present])[0]
