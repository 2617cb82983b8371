"""When salespeople work, what their profiles say, and what of a profile cannot be read."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leadops.routing.routing_rules import RoutingRules
from leadops.routing.team import Rep, Shifts, make_team
from tests.routing.conftest import everybody, profile

TOKYO = ZoneInfo("Asia/Tokyo")


def rep(rules: RoutingRules | None = None, **changes: Any) -> Rep:
    """Somebody who works in Tokyo from Monday to Friday, nine to six."""
    team = make_team([("a", profile(**changes))], rules=rules or everybody(), zone=TOKYO)
    found = team.find("a")
    assert found is not None
    return found


def tokyo(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, minute, second, tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("moment", "is_at_work"),
    [
        (tokyo(1, 8, 59, 59), False),
        (tokyo(1, 9), True),
        (tokyo(1, 17, 59, 59), True),
        (tokyo(1, 18), False),
        (tokyo(5, 17), True),  # Friday
        (tokyo(6, 12), False),  # Saturday
    ],
)
def test_work_begins_and_ends_on_the_minute(moment: datetime, is_at_work: bool) -> None:
    assert rep().is_at_work(moment) is is_at_work


@pytest.mark.parametrize(("day", "is_away"), [(1, False), (2, True), (3, True), (4, False)])
def test_somebody_is_away_from_the_first_to_the_last_day(day: int, is_away: bool) -> None:
    somebody = rep(away=[{"from": "2026-06-02", "to": "2026-06-03"}])
    assert somebody.is_away(date(2026, 6, day)) is is_away
    assert bool(somebody.counted(date(2026, 6, day))) is not is_away


def test_days_off_and_public_holidays_have_no_working_time() -> None:
    somebody = rep(everybody(days_off=["2026-06-02"]))
    assert somebody.counted(date(2026, 6, 2)) == []
    assert somebody.counted(date(2026, 7, 20)) == []  # Marine Day
    assert len(somebody.counted(date(2026, 6, 1))) == 1


def test_a_day_begins_at_midnight_of_the_persons_zone() -> None:
    somebody = rep(zone="Europe/Berlin")
    midnight = datetime(2026, 5, 31, 22, tzinfo=UTC)
    assert somebody.day_start(midnight) == midnight
    assert somebody.day_start(midnight - timedelta(microseconds=1)) == midnight - timedelta(days=1)
    assert somebody.local_day(midnight) == date(2026, 6, 1)


def test_shifts_join_what_overlaps_or_touches_and_split_at_midnight() -> None:
    early = rep(working_hours={"days": [1], "start": "06:00", "end": "15:00"}, zone="UTC")
    late = rep(working_hours={"days": [1], "start": "15:00", "end": "24:00"}, zone="UTC")
    between = rep(working_hours={"days": [1], "start": "10:00", "end": "12:00"}, zone="UTC")
    far = rep(working_hours={"days": [2], "start": "08:00", "end": "10:00"})  # 23:00 to 01:00 UTC
    monday = datetime(2026, 6, 1, tzinfo=UTC)
    shifts = Shifts([late, early, between, far])
    assert shifts.counted(monday.date()) == [(monday + timedelta(hours=6), monday + timedelta(hours=24))]
    tuesday = monday + timedelta(days=1)
    assert shifts.counted(tuesday.date()) == [(tuesday, tuesday + timedelta(hours=1))]
    assert Shifts([]).counted(monday.date()) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, None),
        ({"capacity_per_day": 0}, None),
        ({"capacity_per_day": -1}, "capacity_per_day is not a number of leads"),
        ({"capacity_per_day": True}, "capacity_per_day is not a number of leads"),
        ({"capacity_per_day": 2.5}, "capacity_per_day is not a number of leads"),
        ({"regions": "Kanto"}, "regions is not a list"),
        ({"zone": "Tokyo"}, "zone is not an IANA time zone"),
        ({"working_hours": {"days": [8], "start": "09:00", "end": "18:00"}}, "working_hours are not"),
        ({"away": [{"from": "2026-06-01"}]}, "an away date is not from and to"),
    ],
)
def test_what_cannot_be_read_is_a_fault(changes: dict[str, Any], fault: str | None) -> None:
    found = rep(**changes).fault
    assert found is None if fault is None else fault in (found or "")


def test_what_a_profile_does_not_say_is_the_default() -> None:
    rules = everybody(weights={"a": 2.0})
    somebody = rep(rules, capacity_per_day=None, working_hours=None, zone=None, regions=None)
    assert (somebody.capacity, somebody.weight, somebody.zone) == (10, 2.0, TOKYO)
    assert somebody.hours == rules.defaults.working_hours
    assert somebody.covers["region"] == frozenset()
    assert (somebody.country, somebody.fault) == ("JP", None)


@pytest.mark.parametrize(("given", "kept"), [("U0A", "U0A"), ("<!here>", None), (7, None), ("", None)])
def test_a_slack_id_that_is_none_is_left_out(given: Any, kept: str | None) -> None:
    assert rep(slack_id=given).slack_id == kept
