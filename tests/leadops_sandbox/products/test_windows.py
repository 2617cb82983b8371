from datetime import UTC, datetime, timedelta

from leadops_sandbox.products.windows import DayWindow, RollingWindow

NOON = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)


def test_a_day_is_that_of_its_zone_on_the_day_when_the_clock_changes_too() -> None:
    """In Chicago March 8 2026 has 23 hours: it ends 05:00 UTC, and began at 06:00."""
    window, zone = DayWindow(), "America/Chicago"
    assert window.take(datetime(2026, 3, 8, 5, 59, tzinfo=UTC), zone, limit=1)
    assert window.take(datetime(2026, 3, 8, 6, 0, tzinfo=UTC), zone, limit=1)
    assert not window.take(datetime(2026, 3, 9, 4, 59, tzinfo=UTC), zone, limit=1)
    assert window.take(datetime(2026, 3, 9, 5, 0, tzinfo=UTC), zone, limit=1)
    assert window.look(datetime(2026, 3, 9, 5, 0, tzinfo=UTC), zone) == 1


def test_a_call_leaves_a_rolling_window_when_it_is_as_old_as_the_window() -> None:
    window = RollingWindow()
    assert [window.take(NOON + timedelta(seconds=s), limit=2, seconds=10) for s in (0, 4, 9)] == [
        True,
        True,
        False,
    ]
    assert not window.take(NOON + timedelta(seconds=9.999), limit=2, seconds=10)
    assert window.take(NOON + timedelta(seconds=10), limit=2, seconds=10)
    assert window.look(NOON + timedelta(seconds=14), seconds=10) == 1
    assert not window.take(NOON, limit=0, seconds=10)
