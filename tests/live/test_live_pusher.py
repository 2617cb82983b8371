"""The calls of a day last for the day."""

from datetime import UTC, datetime, timedelta

from leadops.live.live_pusher import spread_calls

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


def test_calls_are_spread_over_what_is_left_of_the_day() -> None:
    midnight = NOW + timedelta(hours=12)
    assert spread_calls(43_200, now=NOW, until=midnight) == timedelta(seconds=1)
    assert spread_calls(100, now=NOW, until=midnight) == timedelta(minutes=7, seconds=12)
    assert spread_calls(0, now=NOW, until=midnight) == timedelta(hours=12)
    assert spread_calls(5, now=midnight, until=NOW) == timedelta()
