"""Every call to a target is counted by how it ended, whoever makes it."""

from collections import Counter

from leadops.db import Connection
from leadops.delivery.count_outcomes import record_outcomes
from tests.delivery_fixture import DeliveryFixture


def list_outcomes(connection: Connection) -> dict[tuple[str, str], int]:
    rows = connection.execute("select target, outcome, calls from delivery.call_outcomes").fetchall()
    return {(target, outcome): calls for target, outcome, calls in rows}


def test_outcomes_add_up(connection: Connection) -> None:
    record_outcomes(connection, "ma", Counter(answered=3, unknown=1))
    record_outcomes(connection, "ma", Counter(answered=2))
    record_outcomes(connection, "crm", Counter(throttled=1))
    record_outcomes(connection, "crm", Counter())
    assert list_outcomes(connection) == {("ma", "answered"): 5, ("ma", "unknown"): 1, ("crm", "throttled"): 1}


def test_a_push_counts_its_calls_whether_they_arrive_or_not(desk: DeliveryFixture) -> None:
    desk.score(desk.add_lead(), 15)
    desk.push()
    with desk.connect() as connection:
        answered = list_outcomes(connection)
    assert list(answered) == [("ma", "answered")]
    desk.fault("500")
    desk.score(desk.add_lead(), 7)
    desk.push(seconds=1)
    desk.heal()
    desk.push()
    with desk.connect() as connection:
        outcomes = list_outcomes(connection)
    assert outcomes[("ma", "unknown")] >= 1
    assert outcomes[("ma", "answered")] > answered[("ma", "answered")]
    assert sum(outcomes.values()) == desk.value("select sum(calls) from delivery.call_counts")
