"""The enums of the clocks are what the database allows."""

from leadops.db import Connection
from leadops.sla.clock_states import ClockState, SlaClock
from tests.enum_checks import allowed_values


def test_the_database_allows_the_same_values(connection: Connection) -> None:
    assert allowed_values(connection, "sla.clocks", "state") == set(ClockState)
    assert allowed_values(connection, "sla.breaches", "state") == set(ClockState) - {ClockState.RUNNING}
    assert allowed_values(connection, "sla.clocks", "clock") == set(SlaClock) - {SlaClock.MEDIAN_TO_SAL}
