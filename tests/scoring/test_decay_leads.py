"""Old behaviour loses its worth by its age, whatever nights there were and when it became known."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.db import connect
from leadops.errors import PermanentError
from leadops.scoring.decay_leads import DecayResult, decay_leads, preview_decay
from leadops.scoring.ledger import write_off
from leadops.scoring.preview import preview_leads
from leadops.scoring.score import score_leads
from leadops.scoring.scoring_inbox import enqueue_interval
from leadops.scoring.scoring_rules import DecayRules, RuleSet
from tests.promises import promise_examples
from tests.scoring.conftest import NOW, TOKYO, World
from tests.scoring.oracle import Happening, give_points
from tests.shipped import make_rules

FIRST = date(2026, 3, 1)
DECAY = {"half_life_days": 10, "grace_days": 5}
VIEW = {"name": "view", "event": "view", "points": 16}
BYE = {"name": "bye", "event": "bye", "points": -7}


def rule_set(*rules: dict[str, Any], decay: dict[str, Any] | None = DECAY, **groups: Any) -> RuleSet:
    return make_rules(behaviour=list(rules), decay=decay, groups=groups)


def event(name: str, day: int, kind: str = "view", email: str = "a@x.example") -> Happening:
    """An event at noon of the local day `day` days after the first."""
    return Happening(name, kind, datetime.combine(FIRST + timedelta(day), time(12), TOKYO), email=email)


def end_of(day: date, zone: ZoneInfo = TOKYO) -> datetime:
    return datetime.combine(day + timedelta(1), time(), zone).astimezone(UTC)


def night(
    world: World, rules: RuleSet, day: int, *, zone: ZoneInfo = TOKYO, **options: Any
) -> list[DecayResult]:
    """Run the night after the local day `day` days after the first, until nothing is left to do."""
    past = FIRST + timedelta(day)
    done = []
    while not done or done[-1].remaining:
        now = end_of(past, zone)
        done.append(decay_leads(world.connection, rules=rules, zone=zone, day=past, now=now, **options))
    return done


def worth(points: dict[Any, int], made: list[Happening], rules: RuleSet, zone: ZoneInfo, day: date) -> int:
    """Return what the awards are worth at the end of `day`, by the formula of docs/scoring.md."""
    days = {each.event_id: each.ts.astimezone(zone).date() for each in made}
    by_name = {rule.name: rule for rule in rules.behaviour}
    millionths, below = 0, 0
    for (event_id, rule), amount in points.items():
        decay = rules.decay
        if amount < 0 or decay is None:
            below += amount
            continue
        own = decay.rules.get(rule) or decay.groups.get(by_name[rule].group or "") or decay
        age = (day - days[event_id]).days - own.grace_days
        share = 1.0 if age <= 0 else max(own.floor, 0.5 ** min(age / own.half_life_days, 60))
        millionths += round(amount * 1_000_000 * share)
    return floor((millionths + 500_000) / 1_000_000) + below


def behaviour(world: World) -> dict[str, int]:
    assert not world.totals_differ()
    query = "select l.email, s.behaviour from scoring.scores s join identity.leads l using (lead_id)"
    found = dict(world.rows(query))
    world.connection.commit()
    return found


def test_points_halve_after_the_grace_and_penalties_stay(world: World) -> None:
    rules = rule_set(VIEW, BYE)
    world.run(rules, [event("one", 0), event("two", 0, "bye")])
    assert [done.rows for done in night(world, rules, 5)] == [0]
    assert behaviour(world) == {"a@x.example": 9}
    # Ten days after the grace of five: 16 are worth 8; after ten more 4; the 7 under 0 stay.
    for day, expected in ((15, 1), (25, -3), (400, -7)):
        assert sum(done.rows for done in night(world, rules, day)) == 1
        assert behaviour(world) == {"a@x.example": expected}
    assert night(world, rules, 1400) == [DecayResult(0, 0, 0, remaining=False)]
    rows = world.rows(
        "select points, kind, dimension, rule, lane, occurred_at, reason from scoring.ledger"
        " where kind = 'decay' order by seq"
    )
    day = FIRST + timedelta(15)
    reason = "behaviour of 16 points is worth 8 at the end of 2026-03-16"
    assert rows[0] == (-8, "decay", "behaviour", "decay", 1, end_of(day), reason)


def test_a_group_and_a_rule_may_fade_in_their_own_way_down_to_a_floor(world: World) -> None:
    decay = DECAY | {
        "groups": {"slow": {"half_life_days": 1000}},
        "rules": {"kept": {"half_life_days": 1, "floor": 0.5}},
    }
    rules = rule_set(
        VIEW,
        VIEW | {"name": "slow", "event": "slow", "group": "slow"},
        VIEW | {"name": "kept", "event": "kept"},
        decay=decay,
        slow={"cap_per_lead": 100},
    )
    world.run(rules, [event("a", 0), event("b", 0, "slow"), event("c", 0, "kept")])
    night(world, rules, 25)
    assert behaviour(world) == {"a@x.example": round(4 + 16 * 0.5 ** (25 / 1000) + 8)}


@pytest.mark.parametrize(
    ("decay", "fault"),
    [
        (DECAY | {"groups": {"none": {"half_life_days": 1}}}, "groups has no none"),
        (DECAY | {"rules": {"none": {"half_life_days": 1}}}, "behaviour has no rule none"),
        (DECAY | {"floor": 1.1}, "less than or equal to 1"),
        ({"half_life_days": 0}, "greater than 0"),
    ],
)
def test_a_wrong_setting_is_refused(decay: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        rule_set(VIEW, decay=decay)


def test_a_late_old_event_is_worth_at_once_what_the_night_would_leave_of_it(world: World) -> None:
    rules = rule_set(VIEW)
    world.run(rules, [event("one", 20)])
    night(world, rules, 25)
    world.run(rules, [event("late", 10)])
    assert behaviour(world) == {"a@x.example": 16 + 8}
    assert world.rows("select kind, points, lane from scoring.ledger order by seq desc limit 2") == [
        ("decay", -8, 0),
        ("rule", 16, 0),
    ]
    assert night(world, rules, 25) == [DecayResult(0, 0, 0, remaining=False)]


def test_corrected_points_take_their_decay_with_them(world: World) -> None:
    rules = rule_set(VIEW | {"cap_per_lead": 16})
    world.run(rules, [event("second", 5)])
    night(world, rules, 20)
    assert behaviour(world) == {"a@x.example": 8}
    world.run(rules, [event("first", 0)])
    assert behaviour(world) == {"a@x.example": round(16 * 0.5**1.5)}
    world.score(rule_set())
    assert behaviour(world) == {"a@x.example": 0}


def test_a_changed_setting_gives_corrections_and_off_gives_all_back(world: World) -> None:
    rules = rule_set(VIEW)
    world.run(rules, [event("one", 0)])
    night(world, rules, 500)
    assert behaviour(world) == {"a@x.example": 0}
    slower = rule_set(VIEW, decay=DECAY | {"half_life_days": 495})
    preview = preview_leads(world.connection, rules=slower, zone=TOKYO, max_leads=5)
    assert preview.changes[0].rules == {"decay": 8}
    world.score(slower)
    assert behaviour(world) == {"a@x.example": 8}
    world.score(rule_set(VIEW, decay=None))
    assert behaviour(world) == {"a@x.example": 16}
    assert night(world, rule_set(VIEW, decay=None), 501)[-1].rows == 0
    world.score(rules)
    night(world, rules, 502)
    assert behaviour(world) == {"a@x.example": 0}


def test_points_written_off_do_not_fade_a_second_time(world: World) -> None:
    rules = rule_set(VIEW)
    world.run(rules, [event("one", 0), event("two", 0)])
    night(world, rules, 15)
    now = end_of(FIRST + timedelta(16))
    write_off(world.connection, ledger_seq=1, reason="refused", now=now)
    world.connection.commit()
    world.connection.execute("update scoring.decay_schedule set due_on = '2026-03-17'")
    night(world, rules, 400)
    assert behaviour(world) == {"a@x.example": 0}


def test_a_decay_row_written_off_is_not_taken_again(world: World) -> None:
    rules = rule_set(VIEW)
    world.run(rules, [event("one", 0)])
    night(world, rules, 15)
    write_off(world.connection, ledger_seq=2, reason="refused", now=end_of(FIRST + timedelta(16)))
    world.connection.commit()
    night(world, rules, 25)
    assert behaviour(world) == {"a@x.example": 16 - 4}


def test_a_day_that_is_not_over_is_refused(world: World) -> None:
    almost = end_of(FIRST) - timedelta(seconds=1)
    for verb in (decay_leads, preview_decay):
        with pytest.raises(PermanentError, match="2026-03-01 is not over yet in Asia/Tokyo"):
            verb(world.connection, rules=rule_set(VIEW), zone=TOKYO, day=FIRST, now=almost)


def test_a_lead_whose_points_are_all_corrected_away_is_not_due_for_ever(world: World) -> None:
    world.run(rule_set(VIEW), [event("one", 0)])
    world.connection.execute("insert into scoring.inbox (lead_id, lane) values (1, 0)")
    world.score(rule_set(), lane=0)
    assert [done.leads for done in night(world, rule_set(), 15, chunk_leads=1)] == [1, 0]


def test_a_preview_counts_and_writes_nothing(world: World) -> None:
    rules = rule_set(VIEW)
    world.run(rules, [event(f"e{n}", n, email=f"{n}@x.example") for n in range(7)])
    before = world.rows("select count(*) from scoring.ledger")
    world.connection.commit()
    day = FIRST + timedelta(15)
    done = preview_decay(world.connection, rules=rules, zone=TOKYO, day=day, now=end_of(day), chunk_leads=2)
    assert (done.leads, done.rows) == (7, 7)
    assert world.rows("select count(*) from scoring.ledger") == before
    assert not world.rows("select * from scoring.decay_progress")
    world.connection.commit()
    assert sum(each.points for each in night(world, rules, 15, chunk_leads=2)) == done.points


def test_a_run_that_dies_between_two_chunks_is_taken_up_by_the_next(world: World) -> None:
    rules = rule_set(VIEW)
    world.run(rules, [event(f"e{n}", 0, email=f"{n}@x.example") for n in range(5)])
    day = FIRST + timedelta(15)
    first = decay_leads(world.connection, rules=rules, zone=TOKYO, day=day, now=end_of(day), chunk_leads=2)
    assert (first.leads, first.remaining) == (2, True)
    night(world, rules, 3)  # an older night comes late: it finishes what the newer one began
    assert set(behaviour(world).values()) == {8}


@st.composite
def decays(draw: st.DrawFn) -> dict[str, Any] | None:
    half_lives, graces = st.sampled_from([0.5, 3, 10, 47.5]), st.integers(0, 20)

    def fading() -> dict[str, Any]:
        return {
            "half_life_days": draw(half_lives),
            "grace_days": draw(graces),
            "floor": draw(st.sampled_from([0, 0, 0.3, 1])),
        }

    if draw(st.integers(0, 5)) == 0:
        return None
    made = fading()
    if draw(st.booleans()):
        made["rules"] = {"open": fading()}
    if draw(st.booleans()):
        made["groups"] = {"g": fading()}
    return made  # fmt: skip


RULES = [
    VIEW | {"cap_per_day": 20, "cap_per_lead": 70, "group": "g"},
    {"name": "open", "event": "open", "points": 3, "group": "g"},
    BYE,
]
HAPPENED = st.lists(
    st.tuples(st.sampled_from(["view", "view", "open", "bye"]), st.integers(0, 90), st.integers(1, 2)),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=promise_examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), happened=HAPPENED, first=decays(), second=decays())
def test_any_schedule_of_nights_arrivals_and_changes_ends_in_the_same_numbers(
    world: World, data: st.DataObject, happened: list[tuple[str, int, int]], first: Any, second: Any
) -> None:
    world.clear()
    made = [event(f"e{n}", day, kind, f"{who}@x.example") for n, (kind, day, who) in enumerate(happened)]
    choices = [rule_set(*RULES, decay=decay, g={"cap_per_lead": 90}) for decay in (first, second)]
    choices.append(rule_set(RULES[0] | {"points": 11, "group": None}, BYE, decay=first and DECAY))
    zones = [TOKYO, ZoneInfo("America/New_York")]
    rules, zone = choices[0], zones[0]
    waiting = data.draw(st.permutations(made))
    nights = data.draw(st.lists(st.integers(0, 150), max_size=8))
    while waiting or nights:
        if waiting and (not nights or data.draw(st.booleans())):
            world.run(rules, waiting[:2], zone=zone, limit_leads=1)
            waiting = waiting[2:]
        else:
            if data.draw(st.integers(0, 2)) == 0:
                rules, zone = data.draw(st.sampled_from(choices)), data.draw(st.sampled_from(zones))
            night(world, rules, nights.pop(), zone=zone, chunk_leads=1)
    last = 151
    night(world, rules, last, zone=zone)
    world.score(rules, zone=zone)
    expected = {}
    for who in {f"{number}@x.example" for _, _, number in happened}:
        mine = [each for each in made if each.email == who]
        points = give_points(mine, {}, rules, zone)
        expected[who] = worth(points, mine, rules, zone, FIRST + timedelta(last))
    found = behaviour(world)
    assert {who: found.get(who, 0) for who in expected} == expected
    before = world.rows("select count(*) from scoring.ledger")
    night(world, rules, last, zone=zone)
    again = "insert into scoring.inbox (lead_id, lane) select lead_id, 1 from identity.leads"
    world.connection.execute(again)
    world.score(rules, zone=zone)
    assert world.rows("select count(*) from scoring.ledger") == before


@settings(
    max_examples=promise_examples(8),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(happened=HAPPENED, decay=decays(), steps=st.lists(st.integers(1, 9), min_size=8, max_size=30))
def test_a_lead_is_looked_at_on_each_day_on_which_it_loses_a_point(
    world: World, happened: list[tuple[str, int, int]], decay: Any, steps: list[int]
) -> None:
    world.clear()
    made = [event(f"e{n}", day, kind) for n, (kind, day, _) in enumerate(happened)]
    rules = rule_set(*RULES, decay=decay, g={"cap_per_lead": 90})
    world.run(rules, made)
    points, day = give_points(made, {}, rules, TOKYO), 0
    for step in steps:
        day += step
        night(world, rules, day)
        expected = worth(points, made, rules, TOKYO, FIRST + timedelta(day))
        assert behaviour(world).get("a@x.example", 0) == expected, day


def test_a_night_and_the_minute_run_at_once_take_turns(world: World, database_url: str) -> None:
    rules = rule_set(VIEW)
    world.run(rules, [event(f"e{n}", 0, email=f"{n}@x.example") for n in range(4)])
    world.accept([event(f"late{n}", 0, email=f"{n}@x.example") for n in range(4)])
    world.resolve()
    with connect(database_url) as other, other.transaction():
        day = FIRST + timedelta(15)
        decay_leads(other, rules=rules, zone=TOKYO, day=day, now=end_of(day), chunk_leads=2)
        world.connection.execute("set lock_timeout = '100ms'")
        with pytest.raises(Exception, match="another run is writing points"):
            score_leads(world.connection, rules=rules, zone=TOKYO, now=end_of(day))
    world.score(rules)
    night(world, rules, 15)
    assert set(behaviour(world).values()) == {16}


def test_the_defaults_fade_and_can_be_left_out() -> None:
    assert make_rules().decay is None
    assert isinstance(rule_set(VIEW).decay, DecayRules)
    assert rule_set(VIEW).hash(TOKYO) != rule_set(VIEW, decay=None).hash(TOKYO)


def test_who_turns_out_to_be_one_person_has_at_once_what_the_nights_left_of_both(world: World) -> None:
    rules = rule_set(VIEW)
    world.run(rules, [event("one", 0), event("two", 10, email="b@x.example")])
    night(world, rules, 25)
    assert behaviour(world) == {"a@x.example": 4, "b@x.example": 8}
    seen = [
        replace(event(f"both {letter}", 26, "other", f"{letter}@x.example"), user_id="u1") for letter in "ab"
    ]
    world.run(rules, seen)
    points = world.rows("select count(*) from scoring.ledger where kind = 'rule'")
    joined = behaviour(world)
    assert sum(joined.values()) == 12, "16 points of each, as old as they are"
    assert sorted(joined.values()) == [0, 12], points
    assert night(world, rules, 25) == [DecayResult(0, 0, 0, remaining=False)]
    night(world, rules, 400)
    assert set(behaviour(world).values()) == {0}


def test_a_backfill_of_old_minutes_changes_nothing_that_faded(world: World) -> None:
    rules = rule_set(VIEW)
    world.run(rules, [event("one", 0), event("two", 10, email="b@x.example")])
    night(world, rules, 25)
    before = world.rows("select count(*) from scoring.ledger")
    world.connection.commit()
    assert enqueue_interval(world.connection, start=NOW - timedelta(1), end=NOW + timedelta(1)) == 2
    world.score(rules)
    assert world.rows("select count(*) from scoring.ledger") == before
