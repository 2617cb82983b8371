"""The half year as one story: who came, who became MQL, what sales did, and what was spent."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import NamedTuple

from leadops_sandbox.past.company import (
    CAMPAIGNS,
    DAYS,
    FAIR,
    FAIR_CAMPAIGN,
    FAIR_COST,
    FIRST_LEADS,
    FREE_SHARE,
    LEAST_BEHAVIOUR,
    LEAST_FIT,
    MORE_LEADS,
    STEP,
    STRICT,
    ZONE,
    Calendar,
    Campaign,
    find_total,
    name_campaign,
)
from leadops_sandbox.past.points import PointCounter, count_fit
from leadops_sandbox.past.sales import Mql, Sale, cut_off, sell
from leadops_sandbox.past.visits import Lead, meet_lead

#: After what a lead does, leadops finds out within so long.
MINUTE = timedelta(minutes=1)


class Cost(NamedTuple):
    """What was spent in a month, in yen; no campaign: for all."""

    month: date
    category: str
    campaign: str
    amount: int


class ThresholdChange(NamedTuple):
    """A change of the total that a lead needs."""

    at: datetime
    total: int
    reason: str


@dataclass(frozen=True)
class Past:
    """All that happened in the half year that ends with `calendar.last_day`."""

    calendar: Calendar
    leads: tuple[Lead, ...]
    sales: dict[int, Sale]  # by number of the lead
    costs: tuple[Cost, ...]
    thresholds: tuple[ThresholdChange, ...]

    @property
    def end(self) -> datetime:
        """When the last day is over."""
        return midnight(self.calendar, DAYS)


def tell_past(seed: int, *, last_day: date, size: float = 1.0) -> Past:
    """Return the half year up to `last_day`; the same seed and size give the same story, day by day.

    `size` is the number of leads, as a share of those of the company that everybody gets.
    """
    calendar = Calendar(last_day)
    end = midnight(calendar, DAYS)
    leads: list[Lead] = []
    sales: dict[int, Sale] = {}
    for day in range(DAYS):
        for campaign in _invite(seed, day, calendar, size):
            lead = meet_lead(seed, len(leads) + 1, day=day, campaign=campaign, calendar=calendar)
            mql = find_mql(lead, calendar)
            if mql is not None and mql.at < end:
                sale = sell(seed, lead, mql, calendar=calendar)
                over = sale.won_at or sale.lost_at
                lead = replace(lead, acts=tuple(act for act in lead.acts if over is None or act.at < over))
                sales[lead.number] = cut_off(sale, end)
            leads.append(replace(lead, acts=tuple(act for act in lead.acts if act.at < end)))
    return Past(calendar, tuple(leads), sales, tuple(_spend(calendar)), _list_thresholds(calendar))


def find_mql(lead: Lead, calendar: Calendar) -> Mql | None:
    """Return when the lead becomes MQL by the contract, as leadops finds out a minute later; None: never."""
    fit = count_fit(lead.traits)
    if fit < LEAST_FIT:
        return None
    lowered_at = midnight(calendar, STRICT.stop) + MINUTE
    counter, found_at = PointCounter(), None
    passes = False
    for act in lead.acts:
        if passes and act.at > lowered_at:
            found_at = lowered_at
            break
        counter.add(act.kind, act.at.date())
        passes = counter.points >= LEAST_BEHAVIOUR
        if passes and fit + counter.points >= find_total(calendar.number_of(act.at.date())):
            found_at = act.at + MINUTE
            break
    if found_at is None and not passes:
        return None
    return _look_at(lead, fit, found_at or lowered_at)


def _look_at(lead: Lead, fit: int, at: datetime) -> Mql:
    """Return the MQL at `at` with all that the lead has done by then."""
    acts = [act for act in lead.acts if act.at <= at]
    counter = PointCounter()
    for act in acts:
        counter.add(act.kind, act.at.date())
    return Mql(at, fit + counter.points, sum(act.event == "view_pricing" for act in acts))


def midnight(calendar: Calendar, day: int) -> datetime:
    """Return when day number `day` begins."""
    return datetime.combine(calendar.date_of(day), time(), ZONE)


def _invite(seed: int, day: int, calendar: Calendar, size: float) -> Iterator[Campaign]:
    """Yield the campaign of each lead of the day."""
    rng = Random(f"{seed}:day:{day}")
    busy = size * (FIRST_LEADS + MORE_LEADS * day) * (1.0 if calendar.is_working_day(day) else FREE_SHARE)
    for _ in range(max(1, round(rng.gauss(busy, math.sqrt(busy) / 2)))):
        yield rng.choices(CAMPAIGNS, [campaign.share for campaign in CAMPAIGNS])[0]
    if day in FAIR:
        for _ in range(round(size * rng.randint(18, 26))):
            yield FAIR_CAMPAIGN


def _spend(calendar: Calendar) -> Iterator[Cost]:
    """Yield the costs of each month, in part of the months in which the half year begins and ends."""
    months = sorted({calendar.date_of(day).replace(day=1) for day in range(DAYS)})
    for month in months:
        days = [day for day in range(DAYS) if calendar.date_of(day).replace(day=1) == month]
        part = len(days) / 30
        for campaign in CAMPAIGNS:
            if campaign.monthly_cost:
                name = name_campaign(campaign, days[len(days) // 2])
                yield Cost(month, "ads", name, round(campaign.monthly_cost * part))
        if any(day in FAIR for day in days):
            yield Cost(month, "events", FAIR_CAMPAIGN.name, FAIR_COST)
        yield Cost(month, "subscriptions", "", round(480_000 * part))
        yield Cost(month, "content", "", round(650_000 * part))


def _list_thresholds(calendar: Calendar) -> tuple[ThresholdChange, ...]:
    least = LEAST_FIT + LEAST_BEHAVIOUR
    return (
        ThresholdChange(
            midnight(calendar, STRICT.start), least + STEP, "sales had more leads than time: five points more"
        ),
        ThresholdChange(
            midnight(calendar, STRICT.stop),
            least,
            "fewer calls, and no more SQLs: taken back",
        ),
    )
