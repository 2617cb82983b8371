from datetime import datetime, timedelta

import pytest

from leadops.db import Connection
from leadops.events.lag import Lag
from leadops.events.lag import measure_lag as measure_lag_async
from tests.async_view import as_async, run
from tests.shipped import SHIPPED

pytestmark = pytest.mark.uncommitted

MINUTE = timedelta(minutes=1)


def measure_lag(connection: Connection, *, now: datetime) -> Lag:
    return run(measure_lag_async(as_async(connection), now=now, settings=SHIPPED.events.lag))


def arrive(
    connection: Connection,
    sender: str,
    received_at: datetime,
    delay: timedelta,
    *,
    history: bool = False,
    was_refused: bool = False,
    waiting: bool = False,
) -> None:
    row = connection.execute(
        "insert into cdp.events (event_id, event, ts, received_at, user_id, payload, is_history,"
        " was_refused, proof)"
        " values (gen_random_uuid()::text, 'page_view', %s, %s, %s, '{}', %s, %s, 'write_key') returning seq",
        [received_at - delay, received_at, sender, history, was_refused],
    ).fetchone()
    if waiting:
        connection.execute("insert into identity.inbox (event_seq) values (%s)", row)


def test_nothing_is_no_lag(connection: Connection, now: datetime) -> None:
    lag = measure_lag(connection, now=now)
    assert (lag.minutes_lag, lag.as_of) == (0.0, now)
    assert (lag.transport_minutes, lag.waiting_minutes, lag.quiet_minutes) == (None, None, None)
    assert lag.senders == 0


def test_a_late_feed_is_seen(connection: Connection, now: datetime) -> None:
    for n in range(10):
        arrive(connection, f"s{n}", now - MINUTE, 8 * MINUTE if n < 3 else timedelta(seconds=6))
    lag = measure_lag(connection, now=now)
    assert lag.minutes_lag == lag.transport_minutes == pytest.approx(8.0)
    assert lag.senders == 10


def test_one_wrong_clock_is_no_lag_however_much_it_sends(connection: Connection, now: datetime) -> None:
    for n in range(9):
        arrive(connection, f"s{n}", now - MINUTE, timedelta(seconds=6))
    for _ in range(200):
        arrive(connection, "wrong clock", now - MINUTE, 600 * MINUTE)
    arrive(connection, "clock ahead", now - MINUTE, -4 * MINUTE)
    assert measure_lag(connection, now=now).minutes_lag == pytest.approx(0.1)


def test_one_wrong_clock_alone_is_no_lag(connection: Connection, now: datetime) -> None:
    arrive(connection, "wrong clock", now - MINUTE, 600 * MINUTE)
    lag = measure_lag(connection, now=now)
    assert (lag.minutes_lag, lag.transport_minutes, lag.senders) == (0.0, None, 1)


def test_an_app_that_comes_back_is_fresh(connection: Connection, now: datetime) -> None:
    for n in range(4):
        arrive(connection, f"s{n}", now - MINUTE, 60 * MINUTE)
        arrive(connection, f"s{n}", now - MINUTE, timedelta())
    assert measure_lag(connection, now=now).minutes_lag == 0


def test_history_and_what_came_before_the_window_do_not_count(connection: Connection, now: datetime) -> None:
    for n in range(5):
        arrive(connection, f"h{n}", now - MINUTE, 60 * MINUTE, history=True)
        arrive(connection, f"o{n}", now - 6 * MINUTE, 60 * MINUTE)
    lag = measure_lag(connection, now=now)
    assert (lag.minutes_lag, lag.transport_minutes) == (0.0, None)


def test_the_oldest_waiting_event_is_a_lag(connection: Connection, now: datetime) -> None:
    arrive(connection, "a", now - 12 * MINUTE, timedelta())
    arrive(connection, "a", now - 7 * MINUTE, timedelta(), waiting=True)
    arrive(connection, "a", now - 2 * MINUTE, timedelta(), waiting=True)
    lag = measure_lag(connection, now=now)
    assert lag.minutes_lag == lag.waiting_minutes == pytest.approx(7.0)
    assert lag.quiet_minutes == pytest.approx(2.0)


def test_silence_is_told_but_is_no_lag(connection: Connection, now: datetime) -> None:
    arrive(connection, "a", now - 90 * MINUTE, timedelta())
    lag = measure_lag(connection, now=now)
    assert (lag.minutes_lag, lag.quiet_minutes) == (0.0, pytest.approx(90.0))


def test_what_waited_in_the_quarantine_is_no_lag(connection: Connection, now: datetime) -> None:
    for n in range(9):
        arrive(connection, f"q{n}", now - MINUTE, 60 * MINUTE, was_refused=True)
    assert measure_lag(connection, now=now).transport_minutes is None
