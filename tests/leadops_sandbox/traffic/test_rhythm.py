from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadops_sandbox.traffic.rhythm import busyness

HOURS = [datetime(2026, 7, 6, tzinfo=UTC) + timedelta(hours=n) for n in range(168)]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "UTC", "Asia/Kolkata"])
def test_a_week_is_one_on_the_mean_and_never_dead(zone: str) -> None:
    weights = [busyness(hour, zone=zone) for hour in HOURS]
    assert sum(weights) / len(weights) == pytest.approx(1)
    assert min(weights) > 0.4
    assert max(weights) > 1.5


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001 - the zone comes below
def test_the_zone_decides_what_is_day(at: datetime) -> None:
    tokyo = at.replace(tzinfo=UTC) - timedelta(hours=9)
    assert busyness(tokyo, zone="Asia/Tokyo") == busyness(at.replace(tzinfo=UTC), zone="UTC")
