"""The half year: the same under a seed, true to the contract, with rates as in life."""

from collections import Counter
from datetime import date, datetime, timedelta
from statistics import median

import pytest

from leadops_sandbox.past.company import (
    BAD_WEEK,
    CAMPAIGNS,
    DAYS,
    NEW_NAME,
    RENAMED_ON,
    REPS,
    STRICT,
    ZONE,
    Calendar,
)
from leadops_sandbox.past.sales import Mql, add_working_minutes
from leadops_sandbox.past.story import Past, find_mql, midnight, tell_past
from leadops_sandbox.past.visits import Act, Lead

LAST = date(2026, 6, 30)
CALENDAR = Calendar(LAST)


@pytest.fixture(scope="module")
def past() -> Past:
    return tell_past(1, last_day=LAST)


def test_the_same_seed_tells_the_same_story_and_another_one_another(past: Past) -> None:
    assert tell_past(1, last_day=LAST) == past
    assert tell_past(2, last_day=LAST).leads[0] != past.leads[0]


def test_it_lasts_half_a_year_and_not_a_second_longer(past: Past) -> None:
    assert (past.calendar.first_day, DAYS) == (date(2025, 12, 31), 182)
    assert past.end == datetime(2026, 7, 1, tzinfo=ZONE)
    times = [act.at for lead in past.leads for act in lead.acts]
    times += [at for sale in past.sales.values() for _, at in sale.list_stages()]
    times += [activity.at for sale in past.sales.values() for activity in sale.activities]
    assert midnight(past.calendar, 0) <= min(times)
    assert max(times) < past.end


def test_the_numbers_are_those_of_a_company(past: Past) -> None:
    sales = list(past.sales.values())
    mature = [sale for sale in sales if sale.mql.at < past.end - timedelta(days=30)]
    rate = sum(sale.sql_at is not None for sale in mature) / len(mature)
    assert 0.20 < rate < 0.40
    won = [sale for sale in sales if sale.won_at]
    assert 40 < len(won) < 200
    assert all(sale.amount is None or 900_000 <= sale.amount < 6_000_000 for sale in won)
    assert 0 < sum(sale.amount is None for sale in won) < len(won) / 5
    cost = sum(cost.amount for cost in past.costs)
    assert 100_000 < cost / len(won) < 2_000_000


def test_there_is_a_trend_and_a_bad_week(past: Past) -> None:
    by_day = Counter(lead.day for lead in past.leads)
    first, last = (sum(by_day[day] for day in days) for days in (range(28), range(DAYS - 28, DAYS)))
    assert last > 1.2 * first
    waits: dict[bool, list[float]] = {True: [], False: []}
    for sale in past.sales.values():
        if sale.activities:
            day = past.calendar.number_of(sale.mql.at.date())
            waits[day in BAD_WEEK].append((sale.activities[0].at - sale.mql.at).total_seconds())
    assert median(waits[True]) > 2 * median(waits[False])


def test_salespeople_differ_and_nobody_away_gets_a_lead(past: Past) -> None:
    waits: dict[str, list[float]] = {rep.id: [] for rep in REPS}
    for sale in past.sales.values():
        day = past.calendar.number_of(sale.mql.at.date())
        (rep,) = (rep for rep in REPS if rep.id == sale.rep)
        assert day not in rep.away
        if sale.sal_at:
            waits[sale.rep].append((sale.sal_at - sale.mql.at).total_seconds())
    medians = {rep: median(each) for rep, each in waits.items()}
    assert medians["rep-04"] > 2 * medians["rep-01"]


def test_the_webinar_was_renamed_on_a_day(past: Past) -> None:
    webinar = next(campaign for campaign in CAMPAIGNS if campaign.name == "spring-webinar")
    names = {lead.day: lead.campaign_name for lead in past.leads if lead.campaign is webinar}
    assert {name for day, name in names.items() if day < RENAMED_ON} == {"spring-webinar"}
    assert {name for day, name in names.items() if day >= RENAMED_ON} == {NEW_NAME}


def test_a_closed_lead_does_nothing_more(past: Past) -> None:
    """Else it would be MQL again on the day on which the past comes in."""
    for number, sale in past.sales.items():
        if over := sale.won_at or sale.lost_at:
            assert all(act.at < over for act in past.leads[number - 1].acts)


def lead(*acts: tuple[str, datetime]) -> Lead:
    """A lead with a fit of 55 points and these acts, counted by their kinds."""
    traits = {
        "industry": "software",
        "employees": 120,
        "title": "Manager",
        "country": "JP",
        "company": "A B 1",
    }
    listed = tuple(Act(at, "view_pricing" if kind == "view_pricing" else "other", kind) for kind, at in acts)
    return Lead(1, 0, "buyer", CAMPAIGNS[0], traits, listed)


def at(day: int, hour: float = 9) -> datetime:
    return midnight(CALENDAR, day) + timedelta(hours=hour)


def test_an_mql_needs_forty_points_of_behaviour_and_is_known_a_minute_later() -> None:
    acts = [("view_pricing", at(3)), ("view_pricing", at(4)), ("brand_search", at(4, 10))]
    assert find_mql(lead(*acts[:2]), CALENDAR) is None  # 30 points
    mql = find_mql(lead(*acts), CALENDAR)
    assert mql == Mql(at(4, 10) + timedelta(minutes=1), 55 + 42, 2)
    # What happens within the minute is known with it, what comes later is not.
    soon, late = ("submit_form", at(4, 10) + timedelta(seconds=60)), ("submit_form", at(4, 10.1))
    assert find_mql(lead(*acts, soon), CALENDAR) == Mql(mql.at, 55 + 62, 2)
    assert find_mql(lead(*acts, late), CALENDAR) == mql


def test_with_a_higher_total_few_points_wait_until_it_is_taken_back() -> None:
    acts = [("view_pricing", at(STRICT.start)), ("view_pricing", at(STRICT.start + 1))]
    traits = {"industry": "retail", "employees": 120, "title": "Owner", "country": "US"}
    weak = lead(*acts, ("brand_search", at(STRICT.start + 1)))
    weak.traits.clear()
    weak.traits.update(traits)  # a fit of 25: 67 points in all
    assert find_mql(weak, CALENDAR) == Mql(at(STRICT.start + 1) + timedelta(minutes=1), 67, 2)
    weak.traits["country"] = "DE"  # 15: below the least fit
    assert find_mql(weak, CALENDAR) is None
    weak.traits.update({"country": "US", "employees": 49, "title": "Manager"})  # 20: 62 points in all
    assert find_mql(weak, CALENDAR) == Mql(midnight(CALENDAR, STRICT.stop) + timedelta(minutes=1), 62, 2)


def test_working_minutes_leave_out_nights_weekends_and_days_off() -> None:
    tanaka, fischer = REPS[0], REPS[4]
    friday = datetime(2026, 6, 26, 17, 30, tzinfo=ZONE)
    monday = datetime(2026, 6, 29, 9, 30, tzinfo=ZONE)

    def add(start: datetime, minutes: float, rep: object = tanaka) -> datetime:
        return add_working_minutes(start, minutes, rep=rep, calendar=CALENDAR)  # type: ignore[arg-type]

    assert add(friday, 20) == friday + timedelta(minutes=20)
    assert add(friday, 60) == monday
    assert add(friday + timedelta(hours=5), 30) == monday
    # 17:30 in Tokyo is 10:30 in Berlin, where she works until 18:00.
    assert add(friday, 60, fischer) == friday + timedelta(minutes=60)
    # Two weeks off: from the day before them to the day after.
    before = at(tanaka.away.start - 1, 17.5)
    assert CALENDAR.number_of(add(before, 60).date()) >= tanaka.away.stop
