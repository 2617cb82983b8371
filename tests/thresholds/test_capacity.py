"""What salespeople can do, by hand: 4 June 2026 is a Thursday; a working day is 09:00 to 17:00."""

from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leadops.routing.rep_settings import WorkingDay
from leadops.routing.team import Rep
from leadops.thresholds.capacity import Capacity, measure_capacity
from leadops.thresholds.waiting import ServicePool
from tests.shipped import SHIPPED, change

THURSDAY = date(2026, 6, 4)
#: Five days, of which three are worked on; 480 min × 0.5 / 60 min are 4 leads a day.
SETTINGS = change(SHIPPED.thresholds, horizon_days=5, share_of_time=0.5, handling_minutes=60)
OFFICE = WorkingDay(days=[1, 2, 3, 4, 5], start="09:00", end="17:00")

TWO = Capacity(salespeople=2, minutes=1200.0, open_minutes=600.0, leads=10.0, backlog=4.0)


def rep(zone: str = "Europe/Berlin", *, capacity: int = 10, **profile: Any) -> Rep:
    return Rep(zone, covers={}, capacity=capacity, weight=1, zone=ZoneInfo(zone), hours=OFFICE, **profile)


def measure(*team: Rep, backlog: float = 0.0) -> Capacity:
    return measure_capacity(team, first=THURSDAY, backlog=backlog, settings=SETTINGS)


def test_two_salespeople_in_two_zones() -> None:
    """07:00 to 15:00 and 13:00 to 21:00 UTC: together 840 minutes on three days."""
    assert measure(rep(), rep("America/New_York"), backlog=3) == Capacity(2, 2880.0, 2520.0, 24.0, 3)


@pytest.mark.parametrize(("capacity", "leads"), [(3, 9.0), (4, 12.0), (5, 12.0)])
def test_a_day_takes_no_more_leads_than_the_capacity_or_the_hours(capacity: int, leads: float) -> None:
    assert measure(rep(capacity=capacity)) == Capacity(1, 1440.0, 1440.0, leads, 0)


def test_who_can_get_no_leads_counts_for_nothing() -> None:
    idle, at_fault = rep(capacity=0), rep(fault="no hours")
    assert measure(idle, at_fault) == Capacity(0, 0.0, 0.0, 0.0, 0)
    assert measure(rep(), idle, at_fault) == measure(rep())


def test_the_days_end_with_the_horizon() -> None:
    """Away on Friday; Tuesday 9 June is the sixth day."""
    friday = date(2026, 6, 5)
    assert measure(rep(away=((friday, friday),))).minutes == 960


@pytest.mark.parametrize(
    ("backlog", "leads"),
    [(0, 10), (4, 6), (5, 5), (6, 5), (99, 5)],
)
def test_the_backlog_takes_half_of_the_time_at_most(backlog: float, leads: float) -> None:
    settings = change(SETTINGS, backlog_share=0.5)
    pool = replace(TWO, backlog=backlog).service_pool(settings)
    assert pool == ServicePool(places=2.0, rate=leads / 600)


def test_on_average_at_least_one_works_while_anybody_does() -> None:
    assert replace(TWO, minutes=900.0).service_pool(SETTINGS) == ServicePool(1.5, 0.01)
    assert replace(TWO, minutes=599.0).service_pool(SETTINGS) == ServicePool(1.0, 0.01)


@pytest.mark.parametrize("lacking", [{"leads": 0.0}, {"open_minutes": 0.0}])
def test_without_leads_or_hours_nobody_works(lacking: dict[str, float]) -> None:
    assert replace(TWO, **lacking).service_pool(SETTINGS) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "salespeople", "minutes", "leads"),
    [(1, 3, 1800, 15), (0, 2, 1200, 10), (-1, 1, 600, 5), (-2, 0, 0, 0), (-3, 0, 0, 0)],
)
def test_more_or_fewer_of_the_same_kind(more: int, salespeople: int, minutes: float, leads: float) -> None:
    """The backlog and the times in which somebody works stay."""
    assert TWO.with_more(more) == Capacity(salespeople, minutes, 600, leads, 4)


def test_more_of_nobody_have_no_hours() -> None:
    assert replace(TWO, salespeople=0, minutes=0.0, leads=0.0).with_more(2) == Capacity(2, 0, 600, 0, 4)
