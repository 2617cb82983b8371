from datetime import timedelta
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leadops.db import connect
from leadops.errors import TransientError
from leadops.locks import Lock, hold_lock
from leadops.scoring.score import score_leads
from leadops.scoring.scoring_rules import RuleSet
from tests.scoring.conftest import NOW, TOKYO, World, at
from tests.scoring.oracle import Happening
from tests.shipped import make_rules


def rule_set(
    *rules: dict[str, Any], fit: list[dict[str, Any]] | None = None, **groups: dict[str, int]
) -> RuleSet:
    return make_rules(groups=groups, behaviour=list(rules), fit=fit or [])


def view(
    name: str, minutes: float, event: str = "view", email: str = "a@x.example", **fields: Any
) -> Happening:
    return Happening(name, event, at(minutes), email=email, **fields)


VIEW = {"name": "view", "event": "view", "points": 5}


def test_a_late_event_takes_the_place_of_a_later_one(world: World) -> None:
    rules = rule_set({**VIEW, "cap_per_day": 5})
    world.run(rules, [view("second", 60)])
    (scored,) = world.run(rules, [view("first", 30)])
    assert (scored.rows, scored.points, scored.corrections) == (2, 0, 1)
    assert world.points() == {("a@x.example", "first", "view"): 5}
    reasons = world.rows("select points, kind, reason from scoring.ledger order by seq")
    assert reasons == [
        (5, "rule", "view"),
        (5, "rule", "view"),
        (-5, "correction", "view: an earlier event took its place under the cap"),
    ]
    assert not world.totals_differ()


def test_a_day_is_the_companys(world: World) -> None:
    rules = rule_set({**VIEW, "cap_per_day": 5})
    late_evening, next_morning = view("one", 23 * 60 + 59), view("two", 24 * 60 + 1)
    world.run(rules, [late_evening, next_morning])
    assert len(world.points()) == 2
    world.score(rules, zone=ZoneInfo("UTC"))
    assert list(world.points()) == [("a@x.example", "one", "view")]


def test_a_cap_lets_a_part_through_and_counts_what_is_under_0(world: World) -> None:
    rules = rule_set({"name": "bad", "event": "view", "points": -4, "cap_per_lead": 10})
    world.run(rules, [view(f"e{n}", n) for n in range(5)])
    assert sorted(world.points().values()) == [-4, -4, -2]


def test_a_group_caps_what_its_rules_let_through(world: World) -> None:
    rules = rule_set(
        {**VIEW, "cap_per_day": 5, "group": "g"},
        {"name": "open", "event": "open", "points": 2, "group": "g"},
        g={"cap_per_day": 8, "cap_per_lead": 9},
    )
    world.run(
        rules,
        [
            view("v1", 1),
            view("v2", 2),
            view("o1", 3, "open"),
            view("o2", 4, "open"),
            view("o3", 1500, "open"),
        ],
    )
    assert world.points() == {
        ("a@x.example", "v1", "view"): 5,
        ("a@x.example", "o1", "open"): 2,
        ("a@x.example", "o2", "open"): 1,
        ("a@x.example", "o3", "open"): 1,
    }


def test_fit_follows_what_is_known(world: World) -> None:
    rules = rule_set(fit=[{"name": "large", "trait": "employees", "points": 25, "when": {"at_least": 1000}}])
    world.run(rules, [view("one", 1, "identify", properties={"employees": "1200"})])
    assert world.points() == {("a@x.example", None, "large"): 25}
    world.run(rules, [view("two", 2, "identify", properties={"employees": 12})])
    assert world.points() == {}
    world.run(rules, [view("old", 0, "identify", properties={"employees": 5000})])
    assert world.points() == {}
    assert world.rows("select fit, behaviour from scoring.scores") == [(0, 0)]
    (reason,) = world.rows("select reason from scoring.ledger order by seq desc limit 1")[0]
    assert reason == "large: what is known of the lead changed"


def test_changed_rules_take_effect_behind_the_live_leads(world: World) -> None:
    world.run(rule_set(VIEW, {"name": "gone", "event": "view", "points": 1}), [view("one", 1)])
    changed = rule_set({**VIEW, "points": 8})
    world.accept([view("two", 2, email="b@x.example")])
    world.resolve()
    live, rest = world.score(changed, now=NOW + timedelta(minutes=1))
    assert (live.leads, rest.leads) == (1, 2)
    assert world.points() == {("a@x.example", "one", "view"): 8, ("b@x.example", "two", "view"): 8}
    assert world.rows(
        "select points, kind, lane, reason, rule_set_id from scoring.ledger where lead_id = 1 order by seq"
    )[2:] == [
        (-1, "correction", 1, "gone: the rules changed", 2),
        (3, "correction", 1, "view: the rules changed", 2),
    ]
    assert world.rows("select reason, effective_at from scoring.rule_sets order by rule_set_id") == [
        ("the first rules", NOW),
        ("the rule file or the company's zone changed", NOW + timedelta(minutes=1)),
    ]
    assert world.score(changed)[0].rows == 0


def test_a_chunk_ends_where_it_is_told_and_live_goes_first(world: World) -> None:
    rules = rule_set(VIEW)
    world.accept([view(f"e{n}", n, email=f"{n}@x.example") for n in range(5)])
    world.resolve()
    world.connection.execute(
        "insert into scoring.inbox (lead_id, lane) select lead_id, 1 from identity.leads"
    )
    chunks = world.score(rules, limit_leads=2)
    assert [chunk.leads for chunk in chunks] == [2, 2, 1, 2, 2, 1]
    assert [chunk.rows for chunk in chunks] == [2, 2, 1, 0, 0, 0]
    assert world.rows("select distinct lane from scoring.ledger") == [(0,)]


def test_one_leads_rows_lie_together(world: World) -> None:
    names = [f"{n}@x.example" for n in range(4)]
    world.run(rule_set(VIEW), [view(f"e{n}", n, email=names[n % 4]) for n in range(20)])
    leads = [lead for (lead,) in world.rows("select lead_id from scoring.ledger order by seq")]
    assert leads == sorted(leads)


def test_two_scorers_at_once_add_up(world: World, database_url: str) -> None:
    rules = rule_set(VIEW)
    world.accept([view(f"e{n}", n, email=f"{n % 40}@x.example") for n in range(200)])
    world.resolve()
    world.connection.execute(
        "insert into scoring.inbox (lead_id, lane) select lead_id, 0 from identity.leads"
    )
    world.connection.commit()

    def work() -> None:
        with connect(database_url) as own:
            while score_leads(own, rules=rules, zone=TOKYO, now=NOW, limit_leads=7).remaining:
                pass

    workers = [Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(world.points()) == 200
    assert world.rows("select count(*) from scoring.ledger") == [(200,)]
    assert not world.totals_differ()


def test_a_scorer_waits_for_one_that_has_not_committed(world: World, database_url: str) -> None:
    rules = rule_set({**VIEW, "cap_per_day": 5})
    world.run(rules, [view("second", 2)])
    world.accept([view("first", 1)])
    world.resolve()
    with connect(database_url) as other:
        other.execute("set lock_timeout = '50ms'")
        other.commit()
        with world.connection.transaction():
            world.score(rules)
            with connect(database_url) as third:
                third.execute("insert into scoring.inbox (lead_id, lane) values (1, 0)")
            with pytest.raises(TransientError, match="another run is writing points"):
                score_leads(other, rules=rules, zone=TOKYO, now=NOW)
        again = score_leads(other, rules=rules, zone=TOKYO, now=NOW)
    assert (again.leads, again.rows) == (1, 0)
    assert world.points() == {("a@x.example", "first", "view"): 5}


def test_rules_that_one_event_meets_share_a_group_in_the_order_of_their_names(world: World) -> None:
    both = [{**VIEW, "name": name, "group": "g"} for name in ("b", "a")]
    for caps in ({"cap_per_day": 7}, {"cap_per_lead": 7}):
        world.clear()
        world.run(rule_set(*both, g=caps), [view("one", 1)])
        assert world.points() == {("a@x.example", "one", "a"): 5, ("a@x.example", "one", "b"): 2}


def test_waiting_for_the_ledger_ends(world: World, database_url: str) -> None:
    world.accept([view("one", 1)])
    world.resolve()
    world.connection.commit()
    with connect(database_url) as other:
        hold_lock(other, Lock.LEDGER)
        world.connection.execute("set lock_timeout = '50ms'")
        world.connection.commit()
        with pytest.raises(TransientError, match="another run is writing points"):
            world.score(rule_set(VIEW))
    assert world.score(rule_set(VIEW))[0].rows == 1


@pytest.mark.parametrize("other", [None, "properties.b", "context.page"], ids=["alone", "beside", "apart"])
def test_what_is_missing_is_not_what_is_null(world: World, other: str | None) -> None:
    rules = rule_set(
        {"name": "there", "event": "view", "points": 5, "when": {"properties.a": {"exists": True}}},
        {"name": "missing", "event": "view", "points": 3, "when": {"properties.a": {"exists": False}}},
        {"name": "one", "event": "view", "points": 7, "when": {"properties.a": {"equals": 1}}},
        *([{"name": "o", "event": "view", "points": 1, "when": {other: {"equals": "x"}}}] if other else []),
    )
    world.run(
        rules,
        [
            view("null", 1, properties={"a": None}),
            view("none", 2),
            view("else", 3, properties={"c": 1}),
            view("int", 4, properties={"a": 1}),
            view("float", 5, properties={"a": 1.0}),
            view("list", 6, properties={"a": [2, 1]}),
            view("text", 7, properties={"a": "1"}),
        ],
    )
    assert {(event, rule): points for (_, event, rule), points in world.points().items()} == {
        ("null", "there"): 5,
        ("none", "missing"): 3,
        ("else", "missing"): 3,
        **{(event, "there"): 5 for event in ("int", "float", "list", "text")},
        **{(event, "one"): 7 for event in ("int", "float", "list")},
    }
