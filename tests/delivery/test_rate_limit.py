from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.db import Connection, connect
from leadops.delivery.delivery_settings import TargetSettings
from leadops.delivery.rate_limit import acquire_permits, pause_target, settle_permits
from leadops.lanes import Lane
from tests.shipped import SHIPPED, change

NOW = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)


def _settings(rate: float, burst: int) -> TargetSettings:
    return change(SHIPPED.delivery.targets["ma"], calls_per_second=rate, burst=burst)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    steps=st.lists(st.tuples(st.integers(1, 20), st.floats(0, 3)), max_size=20),
    rate=st.floats(0.5, 20),
    burst=st.integers(1, 10),
)
def test_never_more_than_the_burst_and_the_rate_allow(
    database_url: str, steps: list[tuple[int, float]], rate: float, burst: int
) -> None:
    settings, now, given_out = _settings(rate, burst), NOW, 0
    with connect(database_url) as connection:
        connection.execute("delete from delivery.targets")
        connection.commit()
        for wanted, pause in steps:
            granted, wait = acquire_permits(connection, "ma", settings, Lane.LIVE, wanted=wanted, now=now)
            given_out += granted
            assert 0 <= granted <= wanted
            assert granted > 0 or wait > timedelta()
            assert given_out <= burst + rate * (now - NOW).total_seconds() + 1e-6
            now += timedelta(seconds=pause)


def test_after_the_wait_that_it_names_there_is_a_permit(connection: Connection) -> None:
    settings = _settings(2, 1)
    assert acquire_permits(connection, "ma", settings, Lane.LIVE, wanted=5, now=NOW) == (
        1,
        timedelta(seconds=0.001),
    )
    granted, wait = acquire_permits(connection, "ma", settings, Lane.LIVE, wanted=1, now=NOW)
    assert granted == 0
    assert acquire_permits(connection, "ma", settings, Lane.LIVE, wanted=1, now=NOW + wait)[0] == 1


def test_a_pause_holds_for_everybody_and_a_shorter_one_does_not_end_it(connection: Connection) -> None:
    settings = _settings(100, 10)
    acquire_permits(connection, "ma", settings, Lane.LIVE, wanted=1, now=NOW)
    pause_target(connection, "ma", until=NOW + timedelta(seconds=60), reason="429")
    pause_target(connection, "ma", until=NOW + timedelta(seconds=5), reason="429")
    connection.commit()

    assert (
        acquire_permits(connection, "ma", settings, Lane.LIVE, wanted=1, now=NOW + timedelta(seconds=59))[0]
        == 0
    )
    assert (
        acquire_permits(connection, "ma", settings, Lane.LIVE, wanted=1, now=NOW + timedelta(seconds=61))[0]
        == 1
    )


def test_what_is_given_back_can_be_taken_again(connection: Connection) -> None:
    settings = _settings(0.001, 5)
    assert acquire_permits(connection, "ma", settings, Lane.LIVE, wanted=5, now=NOW)[0] == 5
    settle_permits(connection, "ma", granted=5, unused=3, now=NOW)
    assert acquire_permits(connection, "ma", settings, Lane.LIVE, wanted=5, now=NOW)[0] == 3


def test_however_long_it_is_idle_the_bucket_holds_no_more_than_the_burst(connection: Connection) -> None:
    settings = _settings(10, 3)
    assert acquire_permits(connection, "ma", settings, Lane.LIVE, wanted=3, now=NOW)[0] == 3
    assert (
        acquire_permits(connection, "ma", settings, Lane.LIVE, wanted=50, now=NOW + timedelta(hours=1))[0]
        == 3
    )
