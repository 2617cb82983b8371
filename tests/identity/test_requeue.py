from dataclasses import replace
from datetime import timedelta

from leadops.identity.event_chunk import find_interval, requeue_lost_events
from leadops.lanes import Lane
from tests.scoring.conftest import NOW, World
from tests.scoring.test_score import view

HOUR = timedelta(hours=1)


def test_nothing_is_put_back_that_is_known(world: World) -> None:
    world.accept([view("one", 1), view("nobody", 2, email=None, anonymous_id="a")])
    world.resolve()
    world.accept([view("waiting", 3)])
    for name, minutes in (("before", -1e-6), ("at its end", 60)):
        world.accept([view(name, 4)], received_at=NOW + timedelta(minutes=minutes))
    world.connection.execute("delete from identity.inbox where event_seq > 3")
    assert requeue_lost_events(world.connection, start=NOW, end=NOW + HOUR) == 0
    world.connection.execute("delete from identity.resolved_events")
    world.connection.execute("delete from identity.unresolved_events")
    assert requeue_lost_events(world.connection, start=NOW, end=NOW + HOUR) == 2
    assert requeue_lost_events(world.connection, start=NOW, end=NOW + HOUR) == 0


def test_an_interval_ends_before_its_end(world: World) -> None:
    world.accept([view("one", 1)], received_at=NOW)
    world.accept([view("two", 1)], received_at=NOW + HOUR)
    assert find_interval(world.connection, start=NOW, end=NOW + HOUR) == (1, 1)
    assert find_interval(world.connection, start=NOW - HOUR, end=NOW) is None


def test_what_a_backfill_puts_back_is_scored_behind_the_live_ones(world: World) -> None:
    world.accept([view("one", 1), view("nobody", 2, email=None, anonymous_id="a")])
    world.accept([view("live", 3, email="b@x.example")])
    world.connection.execute("delete from identity.inbox where event_seq < 3")
    assert requeue_lost_events(world.connection, start=NOW, end=NOW + HOUR, lane=Lane.BACKFILL) == 2
    world.resolve()
    assert world.rows("select lead_id, lane from scoring.inbox order by 1") == [(1, 1), (2, 0)]
    world.accept([view("known", 4, email="a@x.example", anonymous_id="a")])
    world.connection.execute("update identity.inbox set lane = 1")
    world.connection.execute("truncate scoring.inbox")
    world.resolve()
    assert {row[1] for row in world.rows("select lead_id, lane from scoring.inbox")} == {1}


def test_a_lost_opt_out_is_marked_again(world: World) -> None:
    world.accept([view("one", 1), replace(view("bye", 2), event="unsubscribe")])
    world.connection.execute("delete from identity.inbox")
    assert requeue_lost_events(world.connection, start=NOW, end=NOW + HOUR) == 2
    assert world.rows("select says_consent from identity.inbox order by event_seq") == [(None,), (True,)]
