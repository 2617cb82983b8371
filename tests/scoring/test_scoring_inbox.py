from datetime import timedelta

from leadops.scoring.scoring_inbox import enqueue_interval
from tests.scoring.conftest import NOW, World
from tests.scoring.test_score import VIEW, rule_set, view

HOUR = timedelta(hours=1)
RULES = rule_set(VIEW)


def test_an_interval_is_scored_again_in_its_lane_and_once(world: World) -> None:
    world.accept([view("before", 1, email="b@x.example")], received_at=NOW - HOUR)
    world.accept([view("first", 2), view("second", 3)], received_at=NOW)
    world.accept([view("after", 4, email="c@x.example")], received_at=NOW + HOUR)
    world.resolve()
    world.connection.execute("truncate scoring.inbox")  # as if nobody had scored them
    assert enqueue_interval(world.connection, start=NOW, end=NOW + HOUR) == 1
    (scored,) = world.score(RULES, lane=1)
    assert (scored.leads, scored.rows) == (1, 2)
    assert world.rows("select lane, points from scoring.ledger") == [(1, 5), (1, 5)]
    assert enqueue_interval(world.connection, start=NOW, end=NOW + HOUR) == 1
    assert world.score(RULES)[0].rows == 0


def test_events_that_were_lost_sight_of_come_back(world: World) -> None:
    world.accept([view("one", 1), view("two", 2), view("nobody", 3, email=None, anonymous_id="a")])
    world.resolve()
    world.connection.execute("delete from identity.resolved_events where event_seq = 2")
    assert enqueue_interval(world.connection, start=NOW, end=NOW + HOUR) == 1
    assert world.rows("select event_seq from identity.inbox") == [(2,)]
    assert enqueue_interval(world.connection, start=NOW, end=NOW + HOUR) == 1
    world.run(RULES)
    assert set(world.points()) == {("a@x.example", name, "view") for name in ("one", "two")}


def test_an_empty_interval_is_no_work(world: World) -> None:
    world.accept([view("one", 1)])
    assert enqueue_interval(world.connection, start=NOW - HOUR, end=NOW) == 0
