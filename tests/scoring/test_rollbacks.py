"""Points that were taken back stay away: the sums are worked out by hand, act by act."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leadops.errors import PermanentError
from leadops.scoring.decay_leads import decay_leads
from leadops.scoring.rollbacks import Rollback, RollbackScope, count_others, find_last_row, roll_back
from leadops.scoring.scoring_inbox import enqueue_every_lead
from leadops.scoring.scoring_rules import RuleSet
from tests.identity.test_split_leads import split
from tests.promises import promise_examples
from tests.scoring.conftest import NOW, TOKYO, World, at
from tests.scoring.oracle import Happening
from tests.shipped import make_rules

HANA, KEN = "hana@example.com", "ken@example.com"
MINUTE = timedelta(minutes=1)
VISIT = {"name": "visit", "event": "visit", "points": 3}


def view(points: int = 10, **options: Any) -> dict[str, Any]:
    return {"name": "view", "event": "view", "points": points} | options


def rules(*behaviour: dict[str, Any], **parts: Any) -> RuleSet:
    return make_rules(behaviour=list(behaviour), **parts)


def act(name: str, event: str = "view", minute: float = 1, email: str = HANA, **options: Any) -> Happening:
    return Happening(name, event, at(minute), email, **options)


def take_back(world: World, *, now: datetime = NOW, **options: Any) -> Rollback:
    with world.connection.transaction():
        scope = RollbackScope(last_row=find_last_row(world.connection), **options)
        return roll_back(world.connection, scope, reason="a wrong file", asked_by="mari", now=now)


def totals(world: World) -> dict[str, int]:
    assert world.totals_differ() == []
    return dict(world.rows("select email, total from scoring.scores join identity.leads using (lead_id)"))


def score_all(world: World, file: RuleSet, **options: Any) -> None:
    """Score every lead once more, in both lanes."""
    enqueue_every_lead(world.connection)
    world.connection.execute(
        "insert into scoring.inbox (lead_id, lane) select lead_id, 0 from identity.leads"
    )
    world.score(file, **options)


def test_the_points_of_a_rule_go_with_the_reason_in_the_backfill_lane_and_stay_away(world: World) -> None:
    file = rules(view(), VISIT)
    world.run(file, [act("a"), act("b", "visit")])
    assert totals(world) == {HANA: 13}
    done = take_back(world, rule="view")
    assert (done.rows, done.leads, done.points_taken, done.points_given) == (1, 1, 10, 0)
    score_all(world, file)
    assert totals(world) == {HANA: 3}
    assert world.rows(
        "select points, kind, lane, is_live, rollback_id, reason from scoring.ledger where points < 0"
    ) == [(-10, "correction", 1, False, 1, "view: rollback 1, a wrong file")]
    with pytest.raises(PermanentError, match="nothing of rule view is in force"):
        take_back(world, rule="view")
    for points in (10, 4, 25, 10):
        world.score(rules(view(points), VISIT))
        assert totals(world) == {HANA: 3}, points
    world.run(file, [act("c", minute=3)])  # an act of later is not taken back
    assert totals(world) == {HANA: 13}


def test_points_below_zero_and_facts_are_taken_back_too(world: World) -> None:
    fit = [{"name": "mine", "trait": "industry", "when": {"in": ["mining"]}, "points": 7}]
    file = rules(view(-20), fit=fit)
    world.run(file, [act("a"), act("i", "identify", properties={"industry": "mining"})])
    assert totals(world) == {HANA: -13}
    assert take_back(world, rule="view").points_given == 20
    score_all(world, file)
    assert totals(world) == {HANA: 7}
    assert take_back(world, rule="mine").points_taken == 7
    score_all(world, file)
    assert totals(world) == {HANA: 0}
    for industry in ("farming", "mining"):
        world.run(file, [act(industry, "identify", minute=len(industry), properties={"industry": industry})])
        assert totals(world) == {HANA: 0}, "the fact was taken back, whatever is said of it again"


def test_what_a_correction_undid_is_not_taken_back_and_what_it_left_is(world: World) -> None:
    world.run(rules(view(10), VISIT), [act("a"), act("b", "visit")])
    world.score(rules(view(4)), now=NOW + MINUTE)  # -6 of the view, -3 of the visit
    assert totals(world) == {HANA: 4}
    done = take_back(world, since=NOW, until=NOW + MINUTE)
    assert (done.rows, done.points_taken) == (2, 4)
    score_all(world, rules(view(4)))
    assert totals(world) == {HANA: 0}
    score_all(world, rules(view(10), VISIT))
    assert totals(world) == {HANA: 3}, "what was not in force was not taken back"


def test_a_raise_that_was_lowered_again_is_not_taken_from_the_points_before_it(world: World) -> None:
    world.run(rules(view(10)), [act("a")])
    world.score(rules(view(15)), now=NOW + MINUTE)
    world.score(rules(view(10)), now=NOW + 2 * MINUTE)
    with pytest.raises(PermanentError, match="nothing of points of 2026-03-02 03:01:00"):
        take_back(world, since=NOW + MINUTE, until=NOW + 2 * MINUTE)


def test_a_correction_that_is_taken_back_gives_its_points_again_and_they_stay(world: World) -> None:
    world.run(rules(view(10)), [act("a")])
    world.score(rules(view(4)), now=NOW + MINUTE)
    done = take_back(world, since=NOW + MINUTE, until=NOW + 2 * MINUTE)
    assert (done.points_taken, done.points_given) == (0, 6)
    for points, expected in ((4, 10), (10, 10), (15, 15), (1, 10)):
        score_all(world, rules(view(points)))
        assert totals(world) == {HANA: expected}, points
    score_all(world, rules(VISIT))
    assert totals(world) == {HANA: 10}, "the rule is gone; what it gave was given back"


@pytest.mark.parametrize("waits", [True, False])
def test_two_rollbacks_of_one_act_take_both_parts_before_scoring_and_after(world: World, waits: bool) -> None:
    fit = [{"name": "mine", "trait": "industry", "when": {"in": ["mining"]}, "points": 10}]
    raised = [fit[0] | {"points": 15}]
    world.run(rules(view(10), fit=fit), [act("a"), act("i", "identify", properties={"industry": "mining"})])
    world.score(rules(view(15), fit=raised), now=NOW + MINUTE)
    assert totals(world) == {HANA: 30}
    for minute, taken in ((0, 20), (1, 10)):
        since = NOW + minute * MINUTE
        assert take_back(world, since=since, until=since + MINUTE).points_taken == taken
        if not waits:
            score_all(world, rules(view(15), fit=raised))
    score_all(world, rules(view(15), fit=raised))
    assert totals(world) == {HANA: 0}


@settings(
    max_examples=promise_examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(worth=[10, 0, 10], order=[0, 2, 1, 3], scored=True)  # what was given again is not taken twice
@example(worth=[10, 15, 10], order=[1, 0, 2, 3], scored=True)  # a raise that was lowered again
@example(worth=[4, 0, 4, 0], order=[0, 2, 1, 3], scored=False)
@example(worth=[-10, -4, -15], order=[2, 0, 1, 3], scored=False)
@given(
    worth=st.lists(st.sampled_from([0, 4, 10, 15]), min_size=2, max_size=4)
    | st.lists(st.sampled_from([0, -4, -10, -15]), min_size=2, max_size=4),
    order=st.permutations(range(4)),
    scored=st.booleans(),
)
def test_of_an_act_that_is_taken_back_part_by_part_nothing_is_left_in_any_order(
    world: World, worth: list[int], order: list[int], scored: bool
) -> None:
    world.clear()
    world.accept([act("a")])
    files = [rules(VISIT, *([view(points)] if points else [])) for points in worth]
    for number, file in enumerate(files):
        world.run(
            file, [act(f"v{number}", "visit", email=KEN)], now=moment(number)
        )  # each part has points in force
    sign = -1 if min(worth) < 0 else 1
    for number in sorted(range(len(files)), key=order.index):
        take_back(world, since=moment(number), until=moment(number + 1), now=moment(9))
        if scored:
            score_all(world, files[-1], now=moment(9))
            assert sign * totals(world).get(HANA, 0) >= 0
    score_all(world, files[-1], now=moment(9))
    assert sum(totals(world).values()) == 0


def test_under_a_cap_the_push_is_undone_whole_and_nothing_else_moves_up(world: World) -> None:
    file = rules(view(10, cap_per_day=10))
    world.run(file, [act("later", minute=9)])
    world.run(file, [act("earlier", minute=1)], now=NOW + MINUTE)  # +10, and -10 of the later one
    assert totals(world) == {HANA: 10}
    done = take_back(world, since=NOW + MINUTE, until=NOW + 2 * MINUTE)
    assert (done.points_taken, done.points_given) == (10, 10)
    score_all(world, file)
    assert world.points() == {(HANA, "later", "view"): 10}
    world.run(file, [act("third", minute=5)])
    assert world.points() == {(HANA, "later", "view"): 10}, "the cap is as full as before"
    take_back(world, rule="view")
    score_all(world, file)
    assert world.points() == {}, "the third does not move up"


def test_a_machines_act_gives_nothing_to_take_back(world: World) -> None:
    file = rules(view())
    world.run(file, [act("a")])
    world.connection.execute(
        "insert into machines.verdicts (event_seq, lead_id, signal, reason, classified_at)"
        " values (1, 1, 'fast', '2 s after the mail', %s)",
        [NOW],
    )
    score_all(world, file)
    assert totals(world) == {HANA: 0}
    with pytest.raises(PermanentError, match="nothing"):
        take_back(world, rule="view")


def test_points_that_a_merge_moved_are_taken_where_they_are_and_stay_away_after_the_split(
    world: World,
) -> None:
    fit = [{"name": "mine", "trait": "industry", "when": {"in": ["mining"]}, "points": 7}]
    file = rules(view(), fit=fit)
    world.run(file, [act("h", "login", user_id="u1")])
    mining = {"industry": "mining"}
    world.run(file, [act("k", minute=2, email=KEN), act("i", "identify", email=KEN, properties=mining)])
    world.run(file, [act("join", "login", minute=3, email=KEN, user_id="u1")], now=NOW + MINUTE)
    assert totals(world) == {HANA: 17, KEN: 0}
    done = take_back(world, since=NOW, until=NOW + MINUTE)
    assert (done.points_taken, done.points_given) == (17, 0)
    score_all(world, file)
    assert totals(world) == {HANA: 0, KEN: 0}
    split(world, lead=2)
    score_all(world, file)
    assert totals(world) == {HANA: 0, KEN: 0}


def test_a_merge_alone_is_nothing_to_take_back(world: World) -> None:
    file = rules(view())
    world.run(file, [act("h", "login", user_id="u1"), act("k", minute=2, email=KEN)])
    world.run(file, [act("join", "login", minute=3, email=KEN, user_id="u1")], now=NOW + MINUTE)
    assert totals(world) == {HANA: 10, KEN: 0}
    with pytest.raises(PermanentError, match="nothing"):
        take_back(world, since=NOW + MINUTE, until=NOW + 2 * MINUTE)


def test_taken_back_points_do_not_come_again_through_a_merge(world: World) -> None:
    file = rules(view())
    world.run(file, [act("h", "login", user_id="u1"), act("k", minute=2, email=KEN)])
    take_back(world, rule="view")
    world.run(file, [act("join", "login", minute=3, email=KEN, user_id="u1")], now=NOW + MINUTE)
    assert totals(world).get(HANA, 0) == 0
    assert totals(world)[KEN] == 0


def test_what_was_written_off_is_not_taken_back(world: World) -> None:
    from leadops.scoring.ledger import write_off

    file = rules(view(), VISIT)
    world.run(file, [act("a"), act("b", "visit")])
    (seq,) = world.rows("select seq from scoring.ledger where rule = 'view'")[0]
    write_off(world.connection, ledger_seq=seq, reason="refused", now=NOW)
    assert take_back(world, since=NOW, until=NOW + MINUTE).points_taken == 3
    score_all(world, file)
    assert totals(world) == {HANA: 0}


def test_decay_and_the_model_are_counted_and_stay(world: World) -> None:
    file = rules(view(20), decay={"half_life_days": 10})
    day = at(0).astimezone(TOKYO).date()
    world.run(file, [act("a")])
    night = at(11 * 24 * 60)
    decay_leads(world.connection, rules=file, zone=TOKYO, day=day + timedelta(10), now=night)
    assert totals(world) == {HANA: 10}
    take = RollbackScope(last_row=9, since=night, until=night + MINUTE)
    assert [tuple(each) for each in count_others(world.connection, take)] == [("decay", 1, -10)]
    with pytest.raises(PermanentError, match="nothing"):
        take_back(world, since=night, until=night + MINUTE)
    assert take_back(world, rule="view").points_taken == 20
    score_all(world, file, now=night)
    assert totals(world) == {HANA: 0}, "decay had taken half of it already"
    decay_leads(world.connection, rules=file, zone=TOKYO, day=day + timedelta(40), now=at(50 * 24 * 60))
    assert totals(world) == {HANA: 0}


# Any story ------------------------------------------------------------------------------------------------

PEOPLE = (HANA, KEN, "aya@example.com")
POINTS = {"view": 16, "visit": 3, "leave": -5}
FILE = rules(
    *({"name": name, "event": name, "points": points} for name, points in POINTS.items()),
    decay={"half_life_days": 10},
)
ROUNDS = 4


class Story(NamedTuple):
    """Acts of people in rounds a minute apart, joins, and the rounds of two rollbacks (first, last)."""

    acts: list[tuple[int, str, int]]  # round, event, person
    joins: list[int]  # by round: 0 none, 1 the first two people become one, 2 they are split again
    first: tuple[int, int]
    second: tuple[int, int]
    between: int  # rounds that pass between the rollbacks
    others: list[dict[str, int]]  # files that come and go afterwards
    nights: int


@st.composite
def stories(draw: st.DrawFn) -> Story:
    number = st.integers(0, ROUNDS - 1)
    spans = [sorted((draw(number), draw(number))) for _ in range(2)]
    events = st.sampled_from(sorted(POINTS))
    between = draw(st.integers(0, 2))
    return Story(
        acts=draw(
            st.lists(
                st.tuples(st.integers(0, ROUNDS + between - 1), events, st.integers(0, 2)),
                min_size=1,
                max_size=12,
            )
        ),
        joins=draw(st.lists(st.integers(0, 2), min_size=ROUNDS + 3, max_size=ROUNDS + 3)),
        first=(spans[0][0], spans[0][1]),
        second=(spans[1][0], spans[1][1]),
        between=between,
        others=draw(
            st.lists(st.fixed_dictionaries({name: st.integers(1, 30) for name in POINTS}), max_size=2)
        ),
        nights=draw(st.sampled_from([0, 5, 10, 30])),
    )


def moment(number: int) -> datetime:
    return NOW + number * MINUTE


def tie(world: World, kind: int, number: int) -> None:
    """Let the first two people become one, or be two again."""
    if kind == 1:
        for person in PEOPLE[:2]:
            world.accept([Happening(f"j{number}{person}", "login", at(number), person, "same")])
    elif kind == 2 and world.rows("select 1 from identity.people"):
        (lead,) = world.rows("select max(lead_id) from identity.people")[0]
        split(world, lead=lead)


def go(world: World, story: Story, numbers: Sequence[int]) -> None:
    """Let the rounds pass: acts and joins come in and are scored."""
    for number in numbers:
        world.accept(
            Happening(f"e{place}", event, at(place), PEOPLE[person])
            for place, (when, event, person) in enumerate(story.acts)
            if when == number
        )
        tie(world, story.joins[number], number)
        world.run(FILE, now=moment(number))


def expect(story: Story, *, days: int) -> int:
    """Return the sum over all leads: acts outside of both rollbacks, the good ones with their worth left.

    A lead's worth is rounded, so each lead may be half a point off; the caller allows it.
    """
    kept = [
        POINTS[event]
        for when, event, _ in story.acts
        if not story.first[0] <= when <= story.first[1] and not story.second[0] <= when <= story.second[1]
    ]
    share = 0.5 ** (days / 10)
    return round(sum(points * share if points > 0 else points for points in kept))


def try_rollback(world: World, span: tuple[int, int], now: datetime) -> None:
    try:
        take_back(world, since=moment(span[0]), until=moment(span[1] + 1), now=now)
    except PermanentError:
        assert True  # nothing was written in these rounds, or all of it was taken back before


@settings(
    max_examples=promise_examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories())
def test_any_two_rollbacks_take_back_what_they_name_once(world: World, story: Story) -> None:
    world.clear()
    last = ROUNDS + story.between
    go(world, story, range(ROUNDS))
    try_rollback(world, story.first, moment(ROUNDS))
    go(world, story, range(ROUNDS, last))
    try_rollback(world, story.second, moment(last))
    tie(world, story.joins[-1], last)
    world.run(FILE, now=moment(last))
    assert sum(totals(world).values()) == expect(story, days=0)
    before = totals(world)
    rows = world.rows("select count(*) from scoring.ledger")
    score_all(world, FILE, now=moment(last))
    assert (totals(world), world.rows("select count(*) from scoring.ledger")) == (before, rows)
    for other in story.others:
        changed = rules(
            *(
                {"name": name, "event": name, "points": other[name] * (-1 if points < 0 else 1)}
                for name, points in POINTS.items()
            ),
            decay={"half_life_days": 10},
        )
        score_all(world, changed, now=moment(last))
        score_all(world, FILE, now=moment(last))
        assert totals(world) == before, "a changed rule brings nothing back"
    if story.nights:
        day = at(0).astimezone(TOKYO).date() + timedelta(story.nights)
        night = datetime(2026, 6, 1, tzinfo=UTC)
        while decay_leads(world.connection, rules=FILE, zone=TOKYO, day=day, now=night).remaining:
            pass
        assert abs(sum(totals(world).values()) - expect(story, days=story.nights)) <= 2
        score_all(world, FILE, now=night)
        assert abs(sum(totals(world).values()) - expect(story, days=story.nights)) <= 2
