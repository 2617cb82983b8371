"""Arrivals are counted five minutes at a time, a backlog in steps."""

from datetime import UTC, datetime, timedelta

from leadops.db import Connection
from leadops.events.site_traffic import count_traffic
from tests.events.test_checks import accept

START = datetime(2026, 7, 30, 17, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def test_a_backlog_is_counted_in_steps_of_a_number_of_events_and_loses_nothing(
    connection: Connection,
) -> None:
    for minute, events in ((2, 3), (7, 3), (11, 3), (12, 3), (44, 1)):
        accept(connection, at(minute), events)
    # the fifth event after the start arrived in the second five minutes, the tenth in the third
    reached = [count_traffic(connection, now=at(51), max_events=4).counted_until for _ in range(4)]
    assert reached == [at(5), at(10), at(15), at(50)]
    rows = connection.execute("select starts_at, events from cdp.site_traffic order by 1").fetchall()
    assert rows == [(at(0), 3), (at(5), 3), (at(10), 6), (at(40), 1)]


def test_counting_begins_with_the_first_event_that_is_not_too_old(connection: Connection) -> None:
    accept(connection, START - timedelta(weeks=30), 5)
    counted = count_traffic(connection, now=at(3))
    assert counted.counted_from == START - timedelta(weeks=10)
    assert counted.counted_until == counted.counted_from + timedelta(days=1)
    assert not counted.is_current(at(3))


def test_an_empty_store_is_counted_from_now_on(connection: Connection) -> None:
    assert count_traffic(connection, now=at(3)).counted_from == START
    accept(connection, at(4), 2)
    assert count_traffic(connection, now=at(5.9)).counted_until == START
    counted = count_traffic(connection, now=at(6))
    assert counted.counted_until == at(5)
    assert counted.is_current(at(20))
    assert not counted.is_current(at(20.1))


def test_events_of_known_networks_are_counted_apart(connection: Connection) -> None:
    accept(connection, at(2), 6)
    connection.execute(
        "update cdp.events set own_network = case mod(seq, 3) when 0 then true when 1 then false end"
    )
    count_traffic(connection, now=at(9))
    rows = connection.execute("select events, located_events, own_events from cdp.site_traffic").fetchall()
    assert rows == [(6, 4, 2)]
